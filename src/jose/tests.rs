mod assertion;
mod hash;
mod jwk;
mod jws;
mod key;
mod oracle;
mod vectors;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

fn decoded(base64: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(base64).expect("base64url")
}

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A token out of what is signed and a signature.
fn token(input: &str, signature: &[u8]) -> String {
    format!("{input}.{}", encoded(signature))
}

/// A token by HS256.
fn secret_signed(input: &str, secret: &[u8]) -> String {
    token(input, &super::sign_by_secret(secret, input.as_bytes()))
}
