use std::fmt;
use std::str::FromStr;

use super::MatchCode;
use super::characters::{builds_an_emoji, is_bidi, is_control_or_break, is_zero_width};
use crate::error::Error;

/// The longest text that AuthSec stores (`docs/wire.md`, section 2.1), in characters.
const LONGEST: usize = 255;

/// The longest text that every provider shows, in characters.
const LONGEST_PORTABLE: usize = 20;

const FIELD: &str = "binding_message";

/// The text that the phone shows beside Approve and Deny (`binding_message`, OpenID CIBA Core, section 7.1).
///
/// Say what is being approved, and show the same text on the screen that asked, so that the person can see that both
/// belong together; a [`MatchCode`] in it makes that easy.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BindingMessage(Box<str>);

impl BindingMessage {
    /// Checks a text: one line, printable, at most 255 characters.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Input`](crate::ErrorKind::Input) with field `binding_message` when it is empty or blank, longer
    /// than 255 characters, or holds control, line-breaking, bidirectional or zero-width characters (those that build
    /// an emoji are fine).
    pub fn new(text: impl AsRef<str>) -> Result<Self, Error> {
        let text = text.as_ref();
        let refuse = |why| Err(Error::input(FIELD, why));
        if text.chars().all(|c| c.is_whitespace() || builds_an_emoji(c)) {
            return refuse("is empty");
        }
        // No character is longer than four bytes, so a huge text is refused without a walk through it.
        if text.len() > LONGEST.saturating_mul(4) || text.chars().count() > LONGEST {
            return refuse("is longer than 255 characters");
        }
        let unreadable =
            |c| is_control_or_break(c) || is_bidi(c) || (is_zero_width(c) && !builds_an_emoji(c));
        if text.chars().any(unreadable) {
            return refuse("holds a line break or a character that cannot be seen");
        }
        Ok(Self(text.into()))
    }

    /// A text that ends with a code which your own page shows too: `"Sign in to Acme (code K7F-4EM)"`.
    ///
    /// # Errors
    ///
    /// As [`BindingMessage::new`].
    ///
    /// ```
    /// # fn main() -> Result<(), authsec_ciba::Error> {
    /// use authsec_ciba::{BindingMessage, MatchCode};
    ///
    /// let code = MatchCode::generate()?;
    /// let message = BindingMessage::with_match_code("Sign in to Acme", &code)?;
    /// assert!(message.as_str().contains(code.as_str()));
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_match_code(text: impl AsRef<str>, code: &MatchCode) -> Result<Self, Error> {
        Self::new(format!("{} (code {code})", text.as_ref()))
    }

    /// A text that every provider shows: `A-Z`, `a-z`, `0-9`, `-`, `.`, `_`, `+` and `#`, 1 to 20 of them, and no space. Some
    /// take less than CIBA allows, and refuse the request for it (Keycloak and Auth0 do).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Input`](crate::ErrorKind::Input) with field `binding_message`; it says which character, or which length,
    /// is wrong.
    ///
    /// ```
    /// use authsec_ciba::BindingMessage;
    ///
    /// assert!(BindingMessage::portable("PAY-4711").is_ok());
    /// assert!(BindingMessage::portable("Pay 4711?").is_err());
    /// ```
    pub fn portable(text: impl AsRef<str>) -> Result<Self, Error> {
        let text = text.as_ref();
        let is_odd = |c: &char| !c.is_ascii_alphanumeric() && !"-._+#".contains(*c);
        if let Some(odd) = text.chars().find(is_odd) {
            return Err(Error::input(FIELD, format_args!("holds {odd:?}, which not every provider shows")));
        }
        if text.len() > LONGEST_PORTABLE {
            let length = text.len();
            let why = format_args!("has {length} characters, and not every provider shows more than 20");
            return Err(Error::input(FIELD, why));
        }
        Self::new(text)
    }

    /// What is sent when the caller gives no text.
    pub(crate) fn unspecific() -> Self {
        Self("Sign-in request".into())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for BindingMessage {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::new(text)
    }
}

impl AsRef<str> for BindingMessage {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for BindingMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
