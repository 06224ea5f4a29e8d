//! JSON Web Signatures, as far as this crate needs them: RFC 7515, 7517, 7518, 8037 and 9864. Pure, but for a signer that
//! lives elsewhere; it knows nothing of OpenID.

mod alg;
mod assertion;
mod hash;
mod jwk;
mod jws;
mod key;
mod pem;
mod private_jwk;
mod signer;

pub use alg::Alg;
pub(crate) use assertion::{Assertion, Audience, sign_by_secret, signed};
pub(crate) use hash::{left_half, sha256};
pub(crate) use jwk::Jwk;
pub(crate) use jws::{Jws, Malformed};
pub use key::SigningKey;
pub use signer::{Signer, SigningError};

#[cfg(test)]
mod tests;
