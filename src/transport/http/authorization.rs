use std::fmt;

use base64::Engine as _;
use bytes::Bytes;
use reqwest::header::HeaderValue;
use zeroize::Zeroizing;

use crate::error::Error;
use crate::secret::{ClientSecret, REDACTED};

/// Who asks: the header of one request. Clones share the bytes, which are wiped with the last of them.
#[derive(Clone)]
pub(crate) struct Authorization(HeaderValue);

impl Authorization {
    /// HTTP Basic with id and secret as they are: AuthSec does not URL-decode them (`docs/wire.md`, section 4).
    pub(crate) fn basic(id: &str, secret: &ClientSecret) -> Result<Self, Error> {
        const PREFIX: &str = "Basic ";
        let pair = Zeroizing::new([id.as_bytes(), b":", secret.expose_secret().as_bytes()].concat());
        let base64 = base64::engine::general_purpose::STANDARD;
        // As much as it takes, so that nothing is left behind where it grew.
        let length = pair.len().div_ceil(3).saturating_mul(4).saturating_add(PREFIX.len());
        let mut line = Zeroizing::new(String::with_capacity(length));
        line.push_str(PREFIX);
        base64.encode_string(pair.as_slice(), &mut line);
        let line = Zeroizing::new(std::mem::take(&mut *line).into_bytes());
        let mut value = HeaderValue::from_maybe_shared(Bytes::from_owner(line))
            .map_err(|_| Error::config("client_secret", "cannot be sent in a header"))?;
        value.set_sensitive(true);
        Ok(Self(value))
    }

    /// What it holds that nobody may read, as it is sent and as it was given.
    pub(crate) fn spellings(&self) -> [Zeroizing<String>; 2] {
        let line = self.0.to_str().unwrap_or_default();
        let base64 = line.split_once(' ').map_or(line, |(_scheme, text)| text);
        let pair =
            Zeroizing::new(base64::engine::general_purpose::STANDARD.decode(base64).unwrap_or_default());
        let secret =
            pair.iter().position(|byte| *byte == b':').and_then(|at| pair.get(at.saturating_add(1)..));
        let secret = secret.and_then(|secret| std::str::from_utf8(secret).ok()).unwrap_or_default();
        [base64.to_owned().into(), secret.to_owned().into()]
    }

    pub(super) fn value(self) -> HeaderValue {
        self.0
    }
}

impl fmt::Debug for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authorization({REDACTED})")
    }
}
