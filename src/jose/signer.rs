use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::pin::Pin;

use super::Alg;

/// A key that lives elsewhere, in a KMS or an HSM: it is given the exact bytes to sign, and gives the signature as JWS has it
/// (RFC 7518, sections 3.3 to 3.5; RFC 8037), for ECDSA the two numbers one behind the other and no ASN.1.
///
/// It is asked for every request, each poll too, inside the request's timeout.
pub trait Signer: Send + Sync {
    /// By which algorithm it signs: none of the symmetric ones.
    fn alg(&self) -> Alg;

    /// What the provider calls the key.
    fn kid(&self) -> Option<&str> {
        None
    }

    /// Signs these bytes.
    fn sign<'a>(
        &'a self,
        input: &'a [u8],
    ) -> Pin<Box<dyn Future<Output = Result<Vec<u8>, SigningError>> + Send + 'a>>;
}

/// Why a signature, or an SVID, could not be had. What its home says of it is the error's source, and stands in no `Display`.
pub struct SigningError {
    heals: bool,
    source: Box<dyn StdError + Send + Sync>,
}

impl SigningError {
    /// It may work the next time: polls go on.
    pub fn transient(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { heals: true, source: source.into() }
    }

    /// It will not work the next time either.
    pub fn fatal(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { heals: false, source: source.into() }
    }

    /// Whether it may work the next time.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.heals
    }
}

impl fmt::Display for SigningError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the client's assertion could not be had")
    }
}

impl fmt::Debug for SigningError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningError").field("is_transient", &self.heals).finish_non_exhaustive()
    }
}

impl StdError for SigningError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.source)
    }
}
