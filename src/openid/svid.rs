use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::jose::SigningError;

/// What AuthSec calls this way to authenticate (`docs/wire.md`, section 4).
pub(super) const ASSERTION_TYPE: &str = "urn:authsec:params:oauth:client-assertion-type:spiffe-svid";

/// The longest SVID that is sent, in bytes.
const LONGEST: usize = 16 * 1024;

type Fetched = Pin<Box<dyn Future<Output = Result<String, SigningError>> + Send>>;

/// Where the JWT-SVIDs of a client come from. None is kept: each is for one request.
#[derive(Clone)]
pub(crate) struct SvidSource(Arc<dyn Fn() -> Fetched + Send + Sync>);

impl SvidSource {
    pub(super) fn new<F, Out>(fetch: F) -> Self
    where
        F: Fn() -> Out + Send + Sync + 'static,
        Out: Future<Output = Result<String, SigningError>> + Send + 'static,
    {
        Self(Arc::new(move || Box::pin(fetch())))
    }

    /// What is no SVID is not sent: it may be any other secret that was read in its place.
    pub(super) async fn fetch(&self) -> Result<Zeroizing<String>, SigningError> {
        let svid = Zeroizing::new((self.0)().await?);
        if is_jwt(&svid) {
            Ok(svid)
        } else {
            Err(SigningError::fatal("what the function gave is no JWT-SVID"))
        }
    }
}

/// Three parts of base64url (RFC 7515, section 3.1), by their letters alone: whoever gets it reads it.
pub(super) fn is_jwt(text: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    text.len() <= LONGEST && text.split('.').count() == 3 && text.split('.').all(is_part)
}
