//! The public key of a client that authenticates by assertions.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256,
    RsaPublicKeyComponents, UnparsedPublicKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

/// A key by its JWK (RFC 7518, section 6; RFC 8037, section 2).
#[derive(Clone)]
pub(crate) enum PublicKey {
    /// The uncompressed point on P-256.
    P256(Vec<u8>),
    Ed25519(Vec<u8>),
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
}

impl PublicKey {
    /// Reads a JWK; the error says what it lacks. A private key is refused: it has no business here.
    pub(crate) fn from_jwk(json: &str) -> Result<Self, &'static str> {
        let jwk: Value = serde_json::from_str(json).map_err(|_| "is not JSON")?;
        if jwk.get("d").is_some() {
            return Err("is private: give the public one");
        }
        let text = |name: &str| jwk.get(name).and_then(Value::as_str).unwrap_or_default();
        let bytes =
            |name: &str| URL_SAFE_NO_PAD.decode(text(name)).map_err(|_| "has a member that is not base64url");
        match (text("kty"), text("crv")) {
            ("EC", "P-256") => {
                let (x, y) = (bytes("x")?, bytes("y")?);
                if (x.len(), y.len()) != (32, 32) {
                    return Err("has no coordinates of 32 bytes");
                }
                Ok(Self::P256([vec![4], x, y].concat()))
            }
            ("OKP", "Ed25519") => {
                let x = bytes("x")?;
                if x.len() == 32 { Ok(Self::Ed25519(x)) } else { Err("has no key of 32 bytes") }
            }
            ("RSA", _) => {
                let (n, e) = (bytes("n")?, bytes("e")?);
                if n.len() < 256 || e.is_empty() {
                    Err("has less than 2048 bits")
                } else {
                    Ok(Self::Rsa { n, e })
                }
            }
            _ => Err("is none of EC on P-256, OKP on Ed25519 and RSA"),
        }
    }

    /// Whether this key has signed `input` by the algorithm of this name.
    pub(crate) fn has_signed(&self, alg: &str, input: &[u8], signature: &[u8]) -> bool {
        let rsa = |n: &[u8], e: &[u8], parameters| {
            RsaPublicKeyComponents { n, e }.verify(parameters, input, signature)
        };
        match (self, alg) {
            (Self::P256(point), "ES256") => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(input, signature).is_ok()
            }
            (Self::Ed25519(x), "EdDSA" | "Ed25519") => {
                UnparsedPublicKey::new(&ED25519, x).verify(input, signature).is_ok()
            }
            (Self::Rsa { n, e }, "RS256") => rsa(n, e, &RSA_PKCS1_2048_8192_SHA256).is_ok(),
            (Self::Rsa { n, e }, "PS256") => rsa(n, e, &RSA_PSS_2048_8192_SHA256).is_ok(),
            _ => false,
        }
    }
}
