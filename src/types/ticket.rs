use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::error::Error;
use crate::secret::REDACTED;

/// A pending approval as a text, for another process of the same application, or for this one after a restart:
/// [`CibaClient::resume`](crate::CibaClient::resume) goes on with it.
///
/// Made by [`PendingApproval::ticket`](crate::PendingApproval::ticket), and sealed with the application's
/// [`SealingKey`](crate::SealingKey): it shows nothing of the person or the request to whoever reads it, and nobody without the
/// key can make or alter one. It is a bearer secret of the application all the same, because whoever hands it in goes on with that
/// very approval: keep it in a session on the server, or in a cookie that scripts cannot read, and compare
/// [whose it is](crate::PollForApproval::person) where the person is known.
///
/// `Display` writes it, `parse` reads it: base64url without padding, some 200 characters for an id as AuthSec makes them. `Debug`
/// is redacted, there is no `Serialize`, and the memory is wiped with the last clone; a text that was made of it is the program's.
#[derive(Clone)]
pub struct ApprovalTicket(Arc<Zeroizing<Box<str>>>);

impl ApprovalTicket {
    /// The longest text, in bytes: far more than a ticket of this crate has.
    pub(crate) const LONGEST: usize = 64 * 1024;

    pub(crate) fn new(text: &str) -> Self {
        Self(Arc::new(Zeroizing::new(text.into())))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ApprovalTicket {
    type Err = Error;

    /// Takes a text for a ticket. Whether it is one of this application's shows when it is resumed.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Input`](crate::ErrorKind::Input) with field `ticket` when it is empty, longer than 64 KiB, or holds
    /// anything but the letters of base64url. The error never shows the text.
    fn from_str(text: &str) -> Result<Self, Error> {
        let refuse = |why| Err(Error::input("ticket", why));
        if text.is_empty() {
            return refuse("is empty");
        }
        if text.len() > Self::LONGEST {
            return refuse("is longer than 64 KiB");
        }
        if !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')) {
            return refuse("holds a character that no ticket has");
        }
        Ok(Self::new(text))
    }
}

impl fmt::Display for ApprovalTicket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for ApprovalTicket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApprovalTicket({REDACTED})")
    }
}
