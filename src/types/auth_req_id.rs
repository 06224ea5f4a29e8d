use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::error::Error;
use crate::secret::REDACTED;

/// Longer than any server's id, short enough that a mistaken document is refused, in bytes.
const LONGEST: usize = 4096;

/// The identifier of one authentication request (`auth_req_id`, OpenID CIBA Core, section 7.3).
///
/// Whoever holds it can fetch the approval, so it is treated as a secret: `Debug` is redacted, there is no `Display`
/// and no `Serialize`, and the memory is wiped when the last clone is dropped. Equality is not constant-time: compare
/// ids only with ids that you issued yourself.
#[derive(Clone, PartialEq, Eq)]
pub struct AuthReqId(Arc<Zeroizing<Box<str>>>);

impl AuthReqId {
    /// Takes an id that another process received from its initiate call.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Input`](crate::ErrorKind::Input) with field `auth_req_id` when it is empty, longer than 4,096
    /// bytes, or holds anything but visible ASCII characters. The error never shows the id.
    pub fn new(id: impl Into<String>) -> Result<Self, Error> {
        let id = Zeroizing::new(id.into());
        Self::check(&id).map_err(|why| Error::input("auth_req_id", why))?;
        Ok(Self(Arc::new(Zeroizing::new(id.as_str().into()))))
    }

    /// What is wrong with an id, if anything; the wire asks too, for ids that a server sends.
    pub(crate) fn check(id: &str) -> Result<(), &'static str> {
        if id.is_empty() {
            return Err("is empty");
        }
        if id.len() > LONGEST {
            return Err("is longer than 4096 bytes");
        }
        if !id.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("holds a character that is not visible ASCII");
        }
        Ok(())
    }

    /// The id itself, for handing it to another process. Do not log it.
    #[must_use]
    pub fn expose_secret(&self) -> &str {
        &self.0
    }
}

impl Hash for AuthReqId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.expose_secret().hash(state);
    }
}

impl FromStr for AuthReqId {
    type Err = Error;

    fn from_str(id: &str) -> Result<Self, Error> {
        Self::new(id)
    }
}

impl fmt::Debug for AuthReqId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AuthReqId({REDACTED})")
    }
}
