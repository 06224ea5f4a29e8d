use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::is_visible_ascii;
use crate::error::Error;
use crate::secret::REDACTED;

/// Longer than any server's id, short enough that a mistaken document is refused, in bytes.
const LONGEST: usize = 4096;

/// Ids of up to so many bytes need no room of their own.
const SHORT: usize = 47;

/// The identifier of one authentication request (`auth_req_id`, OpenID CIBA Core, section 7.3).
///
/// Whoever holds it can fetch the approval, so it is treated as a secret: `Debug` is redacted, there is no `Display`
/// and no `Serialize`, and the memory is wiped when the last clone is dropped. Equality is not constant-time: compare
/// ids only with ids that you issued yourself.
#[derive(Clone, PartialEq, Eq)]
pub struct AuthReqId(Arc<Text>);

/// Wiped on drop. An id as AuthSec makes them (44 characters) stays in line.
#[derive(PartialEq, Eq)]
enum Text {
    Short { length: u8, bytes: Zeroizing<[u8; SHORT]> },
    Long(Zeroizing<Box<str>>),
}

impl AuthReqId {
    /// Takes an id that another process received from its initiate call, to
    /// [poll](crate::CibaClient::poll_for_approval) it here. Give that poll the
    /// [interval](crate::PollForApproval::interval) of the acknowledgement and what is left of its lifetime: this client
    /// has not seen them.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Input`](crate::ErrorKind::Input) with field `auth_req_id` when it is empty, longer than 4,096
    /// bytes, or holds anything but visible ASCII characters. The error never shows the id.
    pub fn new(id: impl Into<String>) -> Result<Self, Error> {
        let id = Zeroizing::new(id.into());
        Self::check(&id).map_err(|why| Error::input("auth_req_id", why))?;
        Ok(Self(Arc::new(Text::new(&id))))
    }

    /// What is wrong with an id, if anything; the wire asks too, for ids that a server sends.
    pub(crate) fn check(id: &str) -> Result<(), &'static str> {
        if id.is_empty() {
            return Err("is empty");
        }
        if id.len() > LONGEST {
            return Err("is longer than 4096 bytes");
        }
        if !is_visible_ascii(id) {
            return Err("holds a character that is not visible ASCII");
        }
        Ok(())
    }

    /// The id itself, for handing it to another process. Do not log it.
    #[must_use]
    pub fn expose_secret(&self) -> &str {
        self.0.as_str()
    }
}

impl Text {
    fn new(id: &str) -> Self {
        let mut bytes = Zeroizing::new([0; SHORT]);
        match (bytes.get_mut(..id.len()), u8::try_from(id.len())) {
            (Some(place), Ok(length)) => {
                place.copy_from_slice(id.as_bytes());
                Self::Short { length, bytes }
            }
            _ => Self::Long(Zeroizing::new(id.into())),
        }
    }

    fn as_str(&self) -> &str {
        match self {
            Self::Short { length, bytes } => {
                let id = bytes.get(..usize::from(*length)).unwrap_or_default();
                std::str::from_utf8(id).unwrap_or_default()
            }
            Self::Long(id) => id,
        }
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
