use std::fmt;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::error::Error;
use crate::secret::REDACTED;

/// The length of a key, in bytes.
const LENGTH: usize = 32;

/// The length of a key's name, in bytes.
pub(super) const ID: usize = 4;

/// A key of the application's, with which it seals what it gives to itself:
/// [`CibaClientBuilder::sealing_key`](crate::CibaClientBuilder::sealing_key).
///
/// Thirty-two random bytes, the same in every process, and used for nothing else: `openssl rand 32`, kept where the other secrets
/// are. A passphrase is none. Whoever has the key can read every ticket and make some.
///
/// Clones share it, and it is wiped with the last of them; `Debug` is redacted.
///
/// ```
/// use authsec_ciba::SealingKey;
///
/// # fn main() -> Result<(), authsec_ciba::Error> {
/// # let from_the_vault = vec![0x5a; 32];
/// let key = SealingKey::new(from_the_vault)?;
/// # let _ = key;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct SealingKey {
    bytes: Arc<Zeroizing<Vec<u8>>>,
    id: [u8; ID],
}

impl SealingKey {
    /// Takes a key. A `Vec` is taken as it is and wiped; of anything else the caller keeps the original.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) with field `sealing_key` when it is not 32 bytes, or nothing but zeros. The
    /// error never shows it.
    pub fn new(key: impl Into<Vec<u8>>) -> Result<Self, Error> {
        let bytes = Zeroizing::new(key.into());
        if bytes.len() != LENGTH {
            return Err(Error::config(
                "sealing_key",
                format_args!("has {} bytes, and 32 random ones are needed", bytes.len()),
            ));
        }
        if bytes.iter().all(|byte| *byte == 0) {
            return Err(Error::config("sealing_key", "is nothing but zeros, and no key"));
        }
        let mut id = [0; ID];
        for (to, from) in id.iter_mut().zip(Sha256::digest(&**bytes)) {
            *to = from;
        }
        Ok(Self { bytes: Arc::new(bytes), id })
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The first bytes of its SHA-256: they tell which key has sealed a text, and nothing of the key.
    pub(super) fn id(&self) -> [u8; ID] {
        self.id
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealingKey({REDACTED})")
    }
}
