use std::net::IpAddr;

use url::{Host, Url};

use super::resolver::ALIAS;

/// What is dialled: the server, or the proxy before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialled {
    /// A name, which our resolver looks up.
    Name,
    /// An address that has been given a name, so that our resolver is asked.
    Aliased(IpAddr),
    /// An address that TLS has to prove: it keeps its name, and reqwest dials it without asking.
    Address,
}

impl Dialled {
    /// Looks at the host of an address, and puts the alias in its place where it can.
    pub(super) fn of(url: &mut Url) -> Self {
        let address = match url.host() {
            Some(Host::Ipv4(address)) => IpAddr::from(address),
            Some(Host::Ipv6(address)) => address.into(),
            Some(Host::Domain(_)) | None => return Self::Name,
        };
        if url.scheme() == "http" && url.set_host(Some(ALIAS)).is_ok() {
            Self::Aliased(address)
        } else {
            Self::Address
        }
    }
}
