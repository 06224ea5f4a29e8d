use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::{KeyInit, Tag, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use super::Audience;
use super::key::{self, SealingKey};
use crate::error::{Error, ErrorKind};

/// Of this layout: `version | id of the key | nonce | ciphertext | tag`.
const VERSION: u8 = 1;

/// Drawn for each text: at 24 bytes no two of any number of processes draw the same.
const NONCE: usize = 24;

const TAG: usize = 16;

/// What a text is for: one of another purpose does not open.
#[derive(Clone, Copy)]
pub(super) enum Purpose {
    Ticket,
}

impl Purpose {
    fn name(self) -> &'static [u8] {
        match self {
            Self::Ticket => b"authsec-ciba ticket\0",
        }
    }
}

/// The keys of one client, and whom it seals for: XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03), whose random nonces need no
/// count that several processes would have to share.
pub(crate) struct Sealer {
    seals: SealingKey,
    also_opens: Vec<SealingKey>,
    audience: Audience,
}

impl Sealer {
    /// `seals` opens, too.
    pub(crate) fn new(seals: SealingKey, also_opens: Vec<SealingKey>, audience: Audience) -> Self {
        Self { seals, also_opens, audience }
    }

    /// # Errors
    ///
    /// [`ErrorKind::Runtime`] when the system has no randomness to give.
    pub(super) fn seal(&self, purpose: Purpose, plain: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).map_err(|source| {
            Error::new(ErrorKind::Runtime, "the system gave no random bytes").with_source(source)
        })?;
        let head = head(&self.seals);
        // Room for all of it: a text that had to grow would leave a copy behind.
        let room = [head.len(), NONCE, plain.len(), TAG].into_iter().fold(0, usize::saturating_add);
        let mut sealed = Zeroizing::new(Vec::with_capacity(room));
        sealed.extend_from_slice(&head);
        sealed.extend_from_slice(&nonce);
        let mut text = Zeroizing::new(plain.to_vec());
        let tag = cipher(&self.seals).and_then(|cipher| {
            let associated = self.associated(purpose, &head);
            cipher.encrypt_inout_detached(&XNonce::from(nonce), &associated, text.as_mut_slice().into()).ok()
        });
        let Some(tag) = tag else {
            return Err(Error::new(ErrorKind::Runtime, "the text is too long to be sealed"));
        };
        sealed.extend_from_slice(&text);
        sealed.extend_from_slice(&tag);
        Ok(sealed)
    }

    /// What was sealed, or what is wrong with it.
    pub(super) fn open(&self, purpose: Purpose, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, &'static str> {
        const CUT: &str = "is cut off, or is none";
        let (version, rest) = sealed.split_first().ok_or(CUT)?;
        if *version != VERSION {
            return Err("is none, or of another version of this crate");
        }
        let (id, rest) = rest.split_first_chunk::<{ key::ID }>().ok_or(CUT)?;
        let (nonce, rest) = rest.split_first_chunk::<NONCE>().ok_or(CUT)?;
        let (text, tag) = rest.split_last_chunk::<TAG>().ok_or(CUT)?;
        let mut known = false;
        // Two keys may have the same id.
        let all = std::iter::once(&self.seals).chain(&self.also_opens);
        for key in all.filter(|key| key.id() == *id) {
            known = true;
            let mut text = Zeroizing::new(text.to_vec());
            let associated = self.associated(purpose, &head(key));
            // Nothing is deciphered before the tag is found right.
            let opened = cipher(key).is_some_and(|cipher| {
                let (nonce, tag) = (XNonce::from(*nonce), Tag::from(*tag));
                let buffer = text.as_mut_slice().into();
                cipher.decrypt_inout_detached(&nonce, &associated, buffer, &tag).is_ok()
            });
            if opened {
                return Ok(text);
            }
        }
        Err(if known {
            "was altered, or is of another client"
        } else {
            "is sealed with a key that this process does not have"
        })
    }

    /// What is sealed along and not in the text: what it is for, by which version and key, and for whom.
    fn associated(&self, purpose: Purpose, head: &[u8]) -> Vec<u8> {
        [purpose.name(), head, self.audience.bytes()].concat()
    }
}

fn head(key: &SealingKey) -> Vec<u8> {
    [&[VERSION], key.id().as_slice()].concat()
}

/// Wiped on drop. Every key has the right length.
fn cipher(key: &SealingKey) -> Option<XChaCha20Poly1305> {
    XChaCha20Poly1305::new_from_slice(key.bytes()).ok()
}
