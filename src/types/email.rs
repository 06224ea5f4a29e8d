use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::PersonKey;
use super::characters::{is_bidi, is_control_or_break, is_zero_width};
use crate::error::Error;
use crate::trace::MaskedEmail;

/// The longest address that mail can carry (RFC 5321, section 4.5.3.1.3, less the angle brackets), in bytes.
const LONGEST: usize = 254;

/// An email address, trimmed and lightly checked: the server decides whether it exists.
///
/// Local state (polls, attempt counts, the push guard) is keyed by the address without its letter case and its
/// compatibility forms, by the rules of Unicode: its [`key`](Email::key). What is sent is the address as it was given,
/// without the white space around it. Nothing else is folded: plus tags, dots, IDN domains and look-alike letters of other
/// alphabets are different addresses, and a look-alike is sent as it is.
///
/// `Debug` masks the address (`u***@example.com`), and so does [`masked`](Email::masked); `Display` and
/// [`as_str`](Email::as_str) show it.
///
/// As values, two addresses that differ in case differ: compare the keys to compare people.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Email(Arc<str>);

impl Email {
    /// Checks and trims an address.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Input`](crate::ErrorKind::Input) with field `email` when it is empty, longer than 254 bytes, does
    /// not hold exactly one `@` with text on both sides, or holds control, bidirectional or zero-width characters.
    pub fn new(address: &str) -> Result<Self, Error> {
        let address = address.trim();
        let refuse = |why| Err(Error::input("email", why));
        if address.is_empty() {
            return refuse("is empty");
        }
        if address.len() > LONGEST {
            return refuse("is longer than 254 bytes");
        }
        // Of ASCII, which most addresses are, only the controls are refused.
        let refused = |c| is_control_or_break(c) || is_bidi(c) || is_zero_width(c);
        let unclean = if address.is_ascii() {
            address.bytes().any(|byte| byte.is_ascii_control())
        } else {
            address.chars().any(refused)
        };
        if unclean {
            return refuse("holds a control, bidirectional or zero-width character");
        }
        match address.split_once('@') {
            Some((local, domain)) if !local.trim().is_empty() && !domain.trim().is_empty() => {
                // The small and the wide @ are an @ to whoever normalises.
                let at = ['@', '\u{FE6B}', '\u{FF20}'];
                if local.contains(at) || domain.contains(at) {
                    return refuse("holds more than one @");
                }
            }
            _ => return refuse("needs one @ with text on both sides"),
        }
        Ok(Self(address.into()))
    }

    /// The address as it is sent: trimmed, its case kept.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address as this crate's own `tracing` fields show it: the first letter and the domain, and of a name of one
    /// letter nothing.
    ///
    /// ```
    /// use authsec_ciba::Email;
    ///
    /// # fn main() -> Result<(), authsec_ciba::Error> {
    /// let email = Email::new("user@example.com")?;
    /// assert_eq!(email.masked().to_string(), "u***@example.com");
    /// # Ok(())
    /// # }
    /// ```
    pub fn masked(&self) -> impl fmt::Display {
        MaskedEmail(self.as_str())
    }

    /// Whom the address means to this crate: what it counts, replaces and cancels by.
    #[must_use]
    pub fn key(&self) -> PersonKey {
        PersonKey::of(self.as_str())
    }
}

impl FromStr for Email {
    type Err = Error;

    fn from_str(address: &str) -> Result<Self, Error> {
        Self::new(address)
    }
}

impl AsRef<str> for Email {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Email({})", self.masked())
    }
}
