use std::fmt;

use zeroize::Zeroizing;

use crate::error::Error;
use crate::secret::REDACTED;

/// Six ASCII digits, wiped on drop. Kept as bytes, so that leading zeros stay.
pub(crate) struct TotpCode(Zeroizing<[u8; 6]>);

impl TotpCode {
    /// Checked by bytes: no trimming, no other script's digits, no sign.
    pub(crate) fn new(code: &str) -> Result<Self, Error> {
        match <[u8; 6]>::try_from(code.as_bytes()) {
            Ok(digits) if digits.iter().all(u8::is_ascii_digit) => Ok(Self(Zeroizing::new(digits))),
            _ => Err(Error::input("code", "must be exactly six digits")),
        }
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
