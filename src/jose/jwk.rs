use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, ED25519,
    EcdsaVerificationAlgorithm, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512,
    RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::{Alg, Jws};

/// RSA keys have so many bytes (RFC 7518, section 3.3 has the least; what is longer is work for nothing).
const RSA_BYTES: std::ops::RangeInclusive<usize> = 256..=1024;

/// The members of private and symmetric keys (RFC 7518, section 6), which no published key has.
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// A public key that verifies signatures (RFC 7517).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Jwk {
    kid: Option<Box<str>>,
    alg: Option<Alg>,
    material: Material,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Material {
    Rsa { n: Box<[u8]>, e: Box<[u8]> },
    Ec { curve: Curve, point: Box<[u8]> },
    Ed25519 { x: Box<[u8]> },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Curve {
    P256,
    P384,
    P521,
}

impl Jwk {
    /// Reads one key of a set; `None` for one that cannot verify anything here, which is passed over: of another kind, not for
    /// signatures, too short, private.
    pub(crate) fn read(value: &Value) -> Option<Self> {
        let members = value.as_object()?;
        let kid = match members.get("kid") {
            None | Some(Value::Null) => None,
            Some(kid) => Some(kid.as_str()?.into()),
        };
        let alg = match members.get("alg") {
            None | Some(Value::Null) => None,
            Some(alg) => Some(Alg::named(alg.as_str()?)?),
        };
        let is_for_signatures = match members.get("use") {
            None | Some(Value::Null) => true,
            Some(usage) => usage == "sig",
        };
        let may_verify = match members.get("key_ops") {
            None | Some(Value::Null) => true,
            Some(operations) => operations.as_array()?.iter().any(|operation| operation == "verify"),
        };
        let is_private = PRIVATE.iter().any(|name| members.contains_key(*name));
        if !is_for_signatures || !may_verify || is_private {
            return None;
        }
        let key = Self { kid, alg, material: Material::read(members)? };
        // A key that names an algorithm which it cannot have is none.
        key.alg.is_none_or(|alg| key.fits(alg)).then_some(key)
    }

    pub(crate) fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Whether a signature by this algorithm can be of this key.
    pub(crate) fn fits(&self, alg: Alg) -> bool {
        let kind = match (&self.material, alg) {
            (Material::Rsa { .. }, alg) => rsa(alg).is_some(),
            (Material::Ec { curve, .. }, alg) => ec(alg).is_some_and(|(needed, _)| needed == *curve),
            (Material::Ed25519 { .. }, alg) => alg.is_ed25519(),
        };
        kind && self.alg.is_none_or(|named| named.signs_like(alg))
    }

    /// Whether this key has signed the token by this algorithm.
    pub(crate) fn has_signed(&self, jws: &Jws<'_>, alg: Alg) -> bool {
        if !self.fits(alg) {
            return false;
        }
        let (input, signature) = (jws.input(), jws.signature());
        match &self.material {
            Material::Rsa { n, e } => rsa(alg).is_some_and(|parameters| {
                RsaPublicKeyComponents { n, e }.verify(parameters, input, signature).is_ok()
            }),
            Material::Ec { point, .. } => ec(alg).is_some_and(|(_, algorithm)| {
                UnparsedPublicKey::new(algorithm, point).verify(input, signature).is_ok()
            }),
            Material::Ed25519 { x } => UnparsedPublicKey::new(&ED25519, x).verify(input, signature).is_ok(),
        }
    }
}

impl Material {
    fn read(members: &Map<String, Value>) -> Option<Self> {
        let text = |name: &str| members.get(name).and_then(Value::as_str);
        let bytes = |name: &str| URL_SAFE_NO_PAD.decode(text(name)?).ok();
        match (text("kty")?, text("crv")) {
            ("RSA", _) => {
                let without_zeros = |number: Vec<u8>| {
                    let zeros = number.iter().take_while(|byte| **byte == 0).count();
                    number.get(zeros..).unwrap_or_default().into()
                };
                let (n, e): (Box<[u8]>, Box<[u8]>) = (without_zeros(bytes("n")?), without_zeros(bytes("e")?));
                let has_2048_bits = n.len() > 256 || n.first().is_some_and(|byte| *byte >= 0x80);
                // By an exponent of 1 everybody could sign.
                let is_odd = e.last().is_some_and(|byte| byte % 2 == 1) && e.as_ref() != [1];
                let fits =
                    RSA_BYTES.contains(&n.len()) && (1..=5).contains(&e.len()) && has_2048_bits && is_odd;
                let is_one = || {
                    let components = RsaPublicKeyComponents { n: &n, e: &e };
                    components.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256).is_ok()
                };
                (fits && is_one()).then_some(Self::Rsa { n, e })
            }
            ("EC", Some(curve)) => {
                let (curve, length, algorithm) = match curve {
                    "P-256" => (Curve::P256, 32, &ECDSA_P256_SHA256_FIXED),
                    "P-384" => (Curve::P384, 48, &ECDSA_P384_SHA384_FIXED),
                    "P-521" => (Curve::P521, 66, &ECDSA_P521_SHA512_FIXED),
                    _ => return None,
                };
                let (x, y) = (bytes("x")?, bytes("y")?);
                if x.len() != length || y.len() != length {
                    return None;
                }
                let point = uncompressed(&x, &y);
                // A point that is not on the curve is no key.
                ParsedPublicKey::new(algorithm, &point)
                    .is_ok()
                    .then(|| Self::Ec { curve, point: point.into() })
            }
            ("OKP", Some("Ed25519")) => {
                let x = bytes("x")?;
                (x.len() == 32).then(|| Self::Ed25519 { x: x.into() })
            }
            _ => None,
        }
    }
}

/// A point of a curve with nothing left out (SEC 1, section 2.3.3).
pub(super) fn uncompressed(x: &[u8], y: &[u8]) -> Vec<u8> {
    [&[4], x, y].concat()
}

fn rsa(alg: Alg) -> Option<&'static RsaParameters> {
    Some(match alg {
        Alg::RS256 => &RSA_PKCS1_2048_8192_SHA256,
        Alg::RS384 => &RSA_PKCS1_2048_8192_SHA384,
        Alg::RS512 => &RSA_PKCS1_2048_8192_SHA512,
        Alg::PS256 => &RSA_PSS_2048_8192_SHA256,
        Alg::PS384 => &RSA_PSS_2048_8192_SHA384,
        Alg::PS512 => &RSA_PSS_2048_8192_SHA512,
        _ => return None,
    })
}

fn ec(alg: Alg) -> Option<(Curve, &'static EcdsaVerificationAlgorithm)> {
    Some(match alg {
        Alg::ES256 => (Curve::P256, &ECDSA_P256_SHA256_FIXED),
        Alg::ES384 => (Curve::P384, &ECDSA_P384_SHA384_FIXED),
        Alg::ES512 => (Curve::P521, &ECDSA_P521_SHA512_FIXED),
        _ => return None,
    })
}
