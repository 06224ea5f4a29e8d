use std::net::ToSocketAddrs;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// The system's resolver, asked so that "there is no such name" can be told from "the resolver did not answer".
pub(super) struct SystemResolver;

/// There is no such name, or it has no address.
#[derive(Debug, thiserror::Error)]
#[error("there is no such name")]
pub(super) struct NameMissing(#[source] std::io::Error);

impl Resolve for SystemResolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let name = name.as_str().to_owned();
            // getaddrinfo blocks; an abandoned one ends by itself.
            let found = tokio::task::spawn_blocking(move || (name.as_str(), 0).to_socket_addrs()).await?;
            match found {
                Ok(addresses) => Ok(Box::new(addresses) as Addrs),
                Err(error) if is_temporary(&error) => Err(error.into()),
                Err(error) => Err(NameMissing(error).into()),
            }
        })
    }
}

/// getaddrinfo's EAI_AGAIN. The standard library keeps only its text (glibc's and macOS's, musl's, Windows').
fn is_temporary(error: &std::io::Error) -> bool {
    let text = error.to_string().to_ascii_lowercase();
    text.contains("temporary") || text.contains("try again")
}
