use std::fmt;
use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPairComponents, PublicKeyComponents};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED_SIGNING,
    EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384,
    RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding, RsaKeyPair,
};

use super::Alg;
use super::jwk::uncompressed;
use super::pem;
use super::private_jwk::{Numbers, PrivateJwk, Rsa};
use crate::error::Error;

/// The curves of ECDSA, each with its one algorithm.
const CURVES: [(Alg, &EcdsaSigningAlgorithm); 3] = [
    (Alg::ES256, &ECDSA_P256_SHA256_FIXED_SIGNING),
    (Alg::ES384, &ECDSA_P384_SHA384_FIXED_SIGNING),
    (Alg::ES512, &ECDSA_P521_SHA512_FIXED_SIGNING),
];

/// RSA keys have so many bytes: 2,048 to 8,192 bits.
const RSA_BYTES: std::ops::RangeInclusive<usize> = 256..=1024;

/// The private key by which a client proves who it is (`private_key_jwt`; RFC 7523).
///
/// It is parsed once, and clones share it. It is wiped on drop, and so is what it was read from on the way here; what the caller
/// holds is the caller's to wipe. `Debug` shows its algorithm and its name.
#[derive(Clone)]
pub struct SigningKey {
    pair: Arc<Pair>,
    alg: Alg,
    kid: Option<Arc<str>>,
}

enum Pair {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl SigningKey {
    /// Reads the first private key of a PEM text: PKCS#8, PKCS#1 or SEC 1, not encrypted; RSA of 2,048 to 8,192 bits, P-256,
    /// P-384, P-521 or Ed25519. It signs with PS256, ES256, ES384, ES512 or EdDSA, by its kind.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) with field `signing_key` for anything else. The error shows nothing of
    /// the key.
    pub fn from_pem(pem: impl AsRef<[u8]>) -> Result<Self, Error> {
        let der = pem::private_key(pem.as_ref())
            .ok_or_else(|| refused("holds no private key in PEM that is not encrypted"))?;
        let (pair, alg) = Pair::read(&der).ok_or_else(|| refused(UNKNOWN))?;
        Ok(Self { pair: Arc::new(pair), alg, kid: None })
    }

    /// Reads a private JWK (RFC 7517): one JSON object with all its numbers, for RSA `p`, `q`, `dp`, `dq` and `qi` too. Its
    /// `kid` and `alg` are taken along; where it names no `alg`, it signs as [`from_pem`](Self::from_pem) says.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) with field `signing_key` for anything else, also for a key whose numbers
    /// do not belong together, and one whose `use` or `key_ops` forbids to sign. The error shows nothing of the key.
    pub fn from_jwk(json: impl AsRef<[u8]>) -> Result<Self, Error> {
        let jwk = PrivateJwk::read(json.as_ref()).map_err(refused)?;
        let (pair, alg) = Pair::of(&jwk.numbers).ok_or_else(|| refused(UNKNOWN))?;
        let key = Self { pair: Arc::new(pair), alg, kid: jwk.kid.map(|kid| kid.into()) };
        match jwk.alg {
            None => Ok(key),
            Some(name) => key.alg(
                Alg::named(name).ok_or_else(|| refused("names an algorithm that is none of a signature"))?,
            ),
        }
    }

    /// What the provider calls the key (`kid`). Without one none is sent, and a provider tries those that it has of the client.
    #[must_use]
    pub fn kid(mut self, kid: impl Into<String>) -> Self {
        self.kid = Some(kid.into().into());
        self
    }

    /// Another algorithm than the usual one of this kind of key: for RSA one of RS256 to PS512, for Ed25519 its newer name.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) with field `signing_key` where the key cannot sign so.
    pub fn alg(mut self, alg: Alg) -> Result<Self, Error> {
        let fits = match &*self.pair {
            Pair::Rsa(_) => padding(alg).is_some(),
            Pair::Ec(_) | Pair::Ed25519(_) => alg.signs_like(self.alg),
        };
        if !fits {
            return Err(Error::config("signing_key", format_args!("cannot sign with {alg}")));
        }
        self.alg = alg;
        Ok(self)
    }

    pub(crate) fn algorithm(&self) -> Alg {
        self.alg
    }

    pub(crate) fn name(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Signs these bytes; `None` where the system's randomness fails.
    pub(crate) fn sign(&self, input: &[u8]) -> Option<Vec<u8>> {
        let random = SystemRandom::new();
        match &*self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(padding(self.alg)?, &random, input, &mut signature).ok()?;
                Some(signature)
            }
            Pair::Ec(pair) => pair.sign(&random, input).ok().map(|signature| signature.as_ref().to_vec()),
            Pair::Ed25519(pair) => pair.try_sign(input).ok().map(|signature| signature.as_ref().to_vec()),
        }
    }
}

impl Pair {
    fn read(der: &[u8]) -> Option<(Self, Alg)> {
        for (alg, curve) in CURVES {
            let pair = EcdsaKeyPair::from_pkcs8(curve, der)
                .or_else(|_| EcdsaKeyPair::from_private_key_der(curve, der));
            if let Ok(pair) = pair {
                return Some((Self::Ec(pair), alg));
            }
        }
        if let Ok(pair) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der) {
            return Some((Self::Ed25519(pair), Alg::EdDSA));
        }
        Self::rsa(RsaKeyPair::from_pkcs8(der).or_else(|_| RsaKeyPair::from_der(der)).ok()?)
    }

    fn of(numbers: &Numbers<'_>) -> Option<(Self, Alg)> {
        match numbers {
            Numbers::Rsa(rsa) => Self::rsa(RsaKeyPair::from_components(&rsa.components()).ok()?),
            Numbers::Ec { curve, x, y, d } => {
                let alg = match *curve {
                    "P-256" => Alg::ES256,
                    "P-384" => Alg::ES384,
                    "P-521" => Alg::ES512,
                    _ => return None,
                };
                let (_, curve) = CURVES.into_iter().find(|(of, _)| *of == alg)?;
                let pair = EcdsaKeyPair::from_private_key_and_public_key(curve, d, &uncompressed(x, y));
                Some((Self::Ec(pair.ok()?), alg))
            }
            Numbers::Okp { curve: "Ed25519", x, d } if d.len() == 32 => {
                let pair = Ed25519KeyPair::from_seed_and_public_key(d, x);
                Some((Self::Ed25519(pair.ok()?), Alg::EdDSA))
            }
            Numbers::Okp { .. } => None,
        }
    }

    fn rsa(pair: RsaKeyPair) -> Option<(Self, Alg)> {
        RSA_BYTES.contains(&pair.public_modulus_len()).then_some((Self::Rsa(pair), Alg::PS256))
    }
}

impl Rsa {
    fn components(&self) -> KeyPairComponents<&[u8]> {
        KeyPairComponents {
            public_key: PublicKeyComponents { n: &self.n, e: &self.e },
            d: &self.d,
            p: &self.p,
            q: &self.q,
            dP: &self.dp,
            dQ: &self.dq,
            qInv: &self.qi,
        }
    }
}

fn padding(alg: Alg) -> Option<&'static dyn RsaEncoding> {
    Some(match alg {
        Alg::RS256 => &RSA_PKCS1_SHA256,
        Alg::RS384 => &RSA_PKCS1_SHA384,
        Alg::RS512 => &RSA_PKCS1_SHA512,
        Alg::PS256 => &RSA_PSS_SHA256,
        Alg::PS384 => &RSA_PSS_SHA384,
        Alg::PS512 => &RSA_PSS_SHA512,
        _ => return None,
    })
}

/// What a key may be of.
const UNKNOWN: &str = "is of no kind that is known: RSA of 2048 to 8192 bits, P-256, P-384, P-521, Ed25519; or its numbers do \
                       not belong together";

fn refused(why: &'static str) -> Error {
    Error::config("signing_key", why)
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("alg", &self.alg).field("kid", &self.kid).finish_non_exhaustive()
    }
}
