use std::fmt;

use crate::error::{Error, ErrorKind};

/// Letters and digits that are not mistaken for one another when read aloud or from a small screen. Their number
/// divides 256, so that a random byte chooses evenly.
const ALPHABET: &[u8; 16] = b"3479ACEFHJKMPRTX";

/// A short random code that your page and the phone both show, so that a person approves the request they see and
/// not one that somebody else started: `K7F-4EM`.
///
/// It is not a secret and proves nothing by itself: it is for the eyes of the person who approves.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MatchCode(String);

impl MatchCode {
    /// Draws a new code of six characters (16.7 million possibilities) from the system's randomness.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Runtime`] when the system has no randomness to give.
    pub fn generate() -> Result<Self, Error> {
        let mut random = [0_u8; 6];
        getrandom::fill(&mut random).map_err(|source| {
            Error::new(ErrorKind::Runtime, "the system gave no random bytes").with_source(source)
        })?;
        let mut code = String::with_capacity(7);
        for (place, byte) in random.into_iter().enumerate() {
            if place == 3 {
                code.push('-');
            }
            code.extend(ALPHABET.get(usize::from(byte % 16)).map(|&letter| char::from(letter)));
        }
        Ok(Self(code))
    }

    /// The code as it is shown.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for MatchCode {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for MatchCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
