use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs as _, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::keep_alive::COMES_BACK;
use super::local::is_local;

/// What an IP address is called towards reqwest, which asks no resolver about one.
pub(super) const ALIAS: &str = "a.invalid";

/// What the names of a transport lead to: its server's, or its proxy's.
pub(super) struct Names {
    /// The address behind the alias, if there is one.
    address: Option<IpAddr>,
    /// Whether a name has ever been found.
    was_found: AtomicBool,
}

impl Names {
    pub(super) fn new(address: Option<IpAddr>) -> Self {
        Self { address, was_found: AtomicBool::new(false) }
    }

    pub(super) fn found(&self) {
        self.was_found.store(true, Ordering::Relaxed);
    }
}

/// The resolver of one client. It asks the system's, so that "there is no such name" can be told from "the resolver did not
/// answer". And, being asked only for a new connection, it is where one waits for the connection that it already has.
#[derive(Clone)]
pub(super) struct Resolver {
    names: Arc<Names>,
    comes_back: Arc<AtomicBool>,
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

/// The resolver did not answer, or could not be asked: nobody knows whether there is such a name.
#[derive(Debug, thiserror::Error)]
#[error("the name could not be looked up")]
pub(super) struct NoLookUp(#[source] std::io::Error);

/// The connection that was expected back is not there.
#[derive(Debug, thiserror::Error)]
#[error("the connection did not come back")]
pub(super) struct DidNotComeBack;

impl Resolver {
    pub(super) fn of(names: &Arc<Names>) -> Self {
        Self { names: Arc::clone(names), comes_back: Arc::default() }
    }

    /// Whether the connection of this client is on its way back to the pool. If so, no other is dialled: a request finds it
    /// there after a moment, or fails with `DidNotComeBack` without having been sent.
    pub(super) fn set_comes_back(&self, comes_back: bool) {
        self.comes_back.store(comes_back, Ordering::Relaxed);
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        if self.comes_back.load(Ordering::Relaxed) {
            return Box::pin(async {
                tokio::time::sleep(COMES_BACK).await;
                Err(DidNotComeBack.into())
            });
        }
        let at_once = |addresses: Vec<SocketAddr>| -> Resolving {
            Box::pin(std::future::ready(Ok(Box::new(addresses.into_iter()) as Addrs)))
        };
        match (name.as_str(), self.names.address) {
            (ALIAS, Some(address)) => return at_once(vec![(address, 0).into()]),
            // RFC 6761, section 6.3: whatever the system's files say, it leads nowhere else.
            ("localhost", _) => {
                return at_once(vec![(Ipv6Addr::LOCALHOST, 0).into(), (Ipv4Addr::LOCALHOST, 0).into()]);
            }
            _ => {}
        }
        let names = Arc::clone(&self.names);
        Box::pin(async move {
            let name = name.as_str().to_owned();
            // getaddrinfo blocks; an abandoned one ends by itself.
            match tokio::task::spawn_blocking(move || look_up(&name)).await? {
                Ok(addresses) => {
                    names.found();
                    Ok(addresses)
                }
                Err(error) if is_temporary(&error) || is_local(&error) => Err(NoLookUp(error).into()),
                Err(source) => {
                    Err(NameMissing { was_found: names.was_found.load(Ordering::Relaxed), source }.into())
                }
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
