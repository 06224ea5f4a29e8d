use serde::Deserialize;
use serde_json::Value;

use super::id_token::Unverified;
use crate::answer::is_one_object;
use crate::jose::Jwk;

/// The longest document that is read, in bytes.
pub(crate) const LONGEST: usize = 256 * 1024;

/// So many keys of a set are read.
const MOST: usize = 100;

/// So many keys are tried for a token that names none.
const MOST_TRIED: usize = 16;

/// The public keys of an issuer (RFC 7517, section 5).
#[derive(Clone, Debug, Default)]
pub(crate) struct KeySet(Vec<Jwk>);

#[derive(Deserialize)]
struct Members {
    keys: Vec<Value>,
}

impl KeySet {
    /// Reads a document. A key that cannot be read is passed over, not the set; a set without any that can is none.
    pub(crate) fn read(json: &[u8]) -> Option<Self> {
        if json.len() > LONGEST || !is_one_object(json) {
            return None;
        }
        let members: Members = serde_json::from_slice(json).ok()?;
        let keys: Vec<_> = members.keys.iter().take(MOST).filter_map(Jwk::read).collect();
        (!keys.is_empty()).then_some(Self(keys))
    }

    /// Whether a key of the set has signed it: one of the name that the token gives, or one without a name. A token without a
    /// name is tried with so many keys of its kind.
    pub(crate) fn has_signed(&self, token: &Unverified<'_>) -> bool {
        let fitting = self.0.iter().filter(|key| key.fits(token.alg));
        let has_signed = |key: &Jwk| key.has_signed(&token.jws, token.alg);
        match token.jws.kid() {
            Some(kid) => fitting.filter(|key| key.kid().is_none_or(|name| name == kid)).any(has_signed),
            None => fitting.take(MOST_TRIED).any(has_signed),
        }
    }

    /// Whether the set knows the key that a token names. One that names none may be by any key, known or not.
    pub(crate) fn knows(&self, kid: Option<&str>) -> bool {
        kid.is_some() && self.0.iter().any(|key| key.kid() == kid)
    }
}
