use std::fmt;

use zeroize::Zeroizing;

use crate::error::Error;
use crate::secret::REDACTED;

/// Six ASCII digits, wiped on drop. Kept as bytes, so that leading zeros stay; in a box, so that a future that moves it
/// leaves no copy behind.
pub(crate) struct TotpCode(Box<Zeroizing<[u8; 6]>>);

impl TotpCode {
    /// Checked by bytes: no trimming, no other script's digits, no sign.
    pub(crate) fn new(code: &str) -> Result<Self, Error> {
        if code.len() != 6 || !code.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Error::input("code", "must be exactly six digits"));
        }
        // Filled where it stays.
        let mut digits = Box::new(Zeroizing::new([0; 6]));
        digits.copy_from_slice(code.as_bytes());
        Ok(Self(digits))
    }

    pub(crate) fn expose_secret(&self) -> &str {
        std::str::from_utf8(self.0.as_slice()).unwrap_or_default()
    }
}

impl fmt::Debug for TotpCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TotpCode({REDACTED})")
    }
}
