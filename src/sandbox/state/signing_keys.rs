//! The keys that sign ID Tokens.

use std::io;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, UnparsedPublicKey,
};

use super::random;

/// One key: P-256, which signs by ES256 (RFC 7518, section 3.4).
pub(crate) struct SigningKey {
    pub(crate) kid: String,
    pair: EcdsaKeyPair,
}

impl SigningKey {
    fn generate() -> io::Result<Self> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
            .map_err(|_| io::Error::other("no signing key could be made"))?;
        Ok(Self { kid: random::uuid(), pair })
    }

    /// `r` and `s`, 32 bytes each.
    pub(crate) fn sign(&self, input: &[u8]) -> io::Result<Vec<u8>> {
        let signature = self.pair.sign(&SystemRandom::new(), input);
        let signature = signature.map_err(|_| io::Error::other("the signing key does not sign"))?;
        Ok(signature.as_ref().to_vec())
    }

    /// Whether this key has signed `input`.
    pub(crate) fn has_signed(&self, input: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, self.point()).verify(input, signature).is_ok()
    }

    /// The uncompressed point: a byte 4, then the coordinates, 32 bytes each.
    pub(crate) fn point(&self) -> &[u8] {
        self.pair.public_key().as_ref()
    }
}

/// The key that signs now, and those before it that still stand in the set.
pub(crate) struct SigningKeys {
    current: SigningKey,
    /// The youngest first.
    old: Vec<SigningKey>,
}

impl SigningKeys {
    pub(crate) fn generate() -> io::Result<Self> {
        Ok(Self { current: SigningKey::generate()?, old: Vec::new() })
    }

    pub(crate) fn current(&self) -> &SigningKey {
        &self.current
    }

    /// What the set shows: the current key, then the old ones.
    pub(crate) fn published(&self) -> impl Iterator<Item = &SigningKey> {
        std::iter::once(&self.current).chain(&self.old)
    }

    /// A new key signs from now on; the one before it stays in the set.
    pub(crate) fn rotate(&mut self) -> io::Result<()> {
        let before = std::mem::replace(&mut self.current, SigningKey::generate()?);
        self.old.insert(0, before);
        Ok(())
    }

    pub(crate) fn drop_old(&mut self) {
        self.old.clear();
    }
}
