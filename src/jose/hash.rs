use aws_lc_rs::digest::{Algorithm, SHA256, SHA384, SHA512, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::Alg;

pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}

/// The left half of a token's hash, as an ID Token of this algorithm carries it (`at_hash`; OpenID Connect Core, section
/// 3.1.3.6). Ed25519 hashes with SHA-512.
pub(crate) fn left_half(alg: Alg, token: &str) -> String {
    let hash = digest(of(alg), token.as_bytes());
    let (left, _) = hash.as_ref().split_at(hash.as_ref().len() / 2);
    URL_SAFE_NO_PAD.encode(left)
}

fn of(alg: Alg) -> &'static Algorithm {
    match alg {
        Alg::RS256 | Alg::PS256 | Alg::ES256 | Alg::HS256 => &SHA256,
        Alg::RS384 | Alg::PS384 | Alg::ES384 | Alg::HS384 => &SHA384,
        Alg::RS512 | Alg::PS512 | Alg::ES512 | Alg::HS512 | Alg::EdDSA | Alg::Ed25519 => &SHA512,
    }
}
