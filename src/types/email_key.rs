use std::fmt;

use super::Email;
use crate::trace::MaskedEmail;

/// Whom an [`Email`] means: what this crate counts, replaces and cancels by, for the maps of an application that must
/// agree with it.
///
/// It is the trimmed address in ASCII lower case; nothing else is folded, as [`Email`] says. A server may tell cases
/// apart, so it is not an address to send to, and no call takes it.
///
/// ```
/// use std::collections::HashMap;
/// use authsec_ciba::{Email, EmailKey};
///
/// # fn main() -> Result<(), authsec_ciba::Error> {
/// let mut sign_ins: HashMap<EmailKey, u32> = HashMap::new();
/// for typed in ["User@Example.com", " user@example.com"] {
///     *sign_ins.entry(Email::new(typed)?.key()).or_default() += 1;
/// }
/// assert_eq!(sign_ins.len(), 1);
/// # Ok(())
/// # }
/// ```
///
/// `Debug` masks the address; `Display` and [`as_str`](Self::as_str) show it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EmailKey(Box<str>);

impl EmailKey {
    pub(super) fn of(email: &Email) -> Self {
        Self(email.as_str().to_ascii_lowercase().into_boxed_str())
    }

    /// The key as text, for a database that several processes share.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for EmailKey {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for EmailKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for EmailKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EmailKey({})", MaskedEmail(&self.0))
    }
}
