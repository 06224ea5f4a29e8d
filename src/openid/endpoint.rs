use std::net::{Ipv4Addr, Ipv6Addr};

use url::{Host, Origin, Url};

use crate::address;
use crate::error::Error;

/// Checks an issuer identifier (OpenID Connect Discovery 1.0, section 2): an address without a query. Plain http is for
/// loopback, and for the one host that the caller has named for it.
pub(crate) fn issuer(text: &str, plain_http_to: Option<&str>) -> Result<Url, Error> {
    let url = address::check("issuer", text, plain_http_to)?;
    if url.query().is_some() {
        return Err(Error::config("issuer", "must not have a query"));
    }
    if url.path().contains("/.well-known/") {
        return Err(Error::config(
            "issuer",
            "is the address of the metadata: it is the part before /.well-known",
        ));
    }
    Ok(url)
}

/// Where the endpoints of one issuer may be. They may have another origin than the issuer, as large providers have it; but
/// what comes from outside must not lead a credential into the network that this program runs in.
pub(crate) struct Endpoints<'a> {
    pub(crate) issuer: &'a Url,
    pub(crate) plain_http_to: Option<&'a str>,
    /// The only origins that they may have, where the caller has named any.
    pub(crate) origins: &'a [Origin],
}

impl Endpoints<'_> {
    /// Checks one. A query is allowed and kept (RFC 6749, section 3.2).
    pub(crate) fn check(&self, field: &'static str, text: &str) -> Result<Url, Error> {
        let url = address::check(field, text, self.plain_http_to)?;
        if url.scheme() == "http" && self.issuer.scheme() == "https" {
            return Err(Error::config(field, "is plain http, although the issuer is https"));
        }
        if is_internal(&url) && !is_internal(self.issuer) {
            return Err(Error::config(
                field,
                "is an address of this machine or of a private network, although the issuer's is not",
            ));
        }
        if !self.origins.is_empty() && !self.origins.contains(&url.origin()) {
            return Err(Error::config(field, "has an origin that endpoint_origins does not name"));
        }
        Ok(url)
    }
}

/// Whether the host is one that only a machine inside some network can mean: an address that is loopback, private,
/// link-local, shared, unspecified or multicast, or a name of this machine itself. Names are not looked up.
fn is_internal(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }
        Some(Host::Ipv4(address)) => is_internal_v4(address),
        Some(Host::Ipv6(address)) => is_internal_v6(address),
        None => true,
    }
}

fn is_internal_v4(address: Ipv4Addr) -> bool {
    address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_broadcast()
        || address::is_shared(address)
        // "This network" (RFC 791, section 3.2): many systems take it for themselves.
        || address.octets().first() == Some(&0)
}

fn is_internal_v6(address: Ipv6Addr) -> bool {
    // An IPv4 address in other clothes: compatible or mapped (RFC 4291, section 2.5.5), translated (RFC 6052, section 2.1), or
    // in a 6to4 prefix (RFC 3056, section 2).
    let v4 = |high: u16, low: u16| Some(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)));
    let embedded = match address.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => v4(high, low),
        // Translation inside of one network (RFC 8215).
        [0x64, 0xff9b, 1, ..] => return true,
        // Site-local, before unique local addresses (RFC 3879).
        [first, ..] if first & 0xffc0 == 0xfec0 => return true,
        _ => address.to_ipv4(),
    };
    address.is_loopback()
        || address.is_unspecified()
        || address.is_multicast()
        || address.is_unique_local()
        || address.is_unicast_link_local()
        || embedded.is_some_and(is_internal_v4)
}
