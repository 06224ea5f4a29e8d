use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs as _, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::local::is_local;

/// The system's resolver, asked so that "there is no such name" can be told from "the resolver did not answer". Clones
/// share what they have found.
#[derive(Clone, Default)]
pub(super) struct SystemResolver {
    /// Whether a name has ever been found. A transport has one, its server's or its proxy's.
    found: Arc<AtomicBool>,
}

/// There is no such name, or it has no address.
#[derive(Debug, thiserror::Error)]
#[error("there is no such name")]
pub(super) struct NameMissing {
    /// Whether it was there before: then it comes back (a container restarts, a laptop wakes).
    pub(super) was_found: bool,
    #[source]
    source: std::io::Error,
}

impl Resolve for SystemResolver {
    fn resolve(&self, name: Name) -> Resolving {
        if name.as_str() == "localhost" {
            // RFC 6761, section 6.3: whatever the system's files say, it leads nowhere else.
            let loopback = [SocketAddr::from((Ipv6Addr::LOCALHOST, 0)), (Ipv4Addr::LOCALHOST, 0).into()];
            return Box::pin(std::future::ready(Ok(Box::new(loopback.into_iter()) as Addrs)));
        }
        let found = Arc::clone(&self.found);
        Box::pin(async move {
            let name = name.as_str().to_owned();
            // getaddrinfo blocks; an abandoned one ends by itself.
            let addresses = tokio::task::spawn_blocking(move || look_up(&name)).await?;
            match addresses {
                Ok(addresses) => {
                    found.store(true, Ordering::Relaxed);
                    Ok(addresses)
                }
                Err(error) if is_temporary(&error) || is_local(&error) => Err(error.into()),
                Err(source) => Err(NameMissing { was_found: found.load(Ordering::Relaxed), source }.into()),
            }
        })
    }
}

fn look_up(name: &str) -> std::io::Result<Addrs> {
    match (name, 0).to_socket_addrs() {
        Ok(addresses) => Ok(Box::new(addresses)),
        // Without a descriptor to spare, getaddrinfo cannot read its files, and says that there is no such name.
        Err(error) => match UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)) {
            Err(local) if is_local(&local) => Err(local),
            _ => Err(error),
        },
    }
}

/// getaddrinfo's EAI_AGAIN. The standard library keeps only its text (glibc's and macOS's, musl's, Windows').
fn is_temporary(error: &std::io::Error) -> bool {
    let text = error.to_string().to_ascii_lowercase();
    text.contains("temporary") || text.contains("try again")
}
