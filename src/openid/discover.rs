use url::Url;
use zeroize::Zeroizing;

use super::fetch::{Fetcher, Wanted};
use super::metadata::well_known;
use crate::clock::{later, now};
use crate::error::Error;
use crate::transport::Target;

/// How long discovery waits for each of the two documents.
const TIMEOUT: std::time::Duration = std::time::Duration::from_secs(10);

/// The metadata of an issuer: OpenID Connect Discovery 1.0, section 4; where that is not found, RFC 8414, section 3; nothing
/// else.
pub(crate) async fn discover(fetcher: &Fetcher, issuer: &Url) -> Result<Zeroizing<Vec<u8>>, Error> {
    for url in well_known(issuer) {
        let target = Target::new(url);
        let wanted = Wanted { target: &target, field: "issuer" };
        if let Some(document) = fetcher.get(wanted, later(now(), TIMEOUT)).await? {
            return Ok(document.body);
        }
    }
    Err(Error::config(
        "issuer",
        "has no metadata: neither OpenID's nor OAuth's well-known address leads to any",
    )
    .maybe_sent(true))
}
