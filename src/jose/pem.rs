//! The private key of a PEM text (RFC 7468), on a way that leaves no copy behind.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// PKCS#8, PKCS#1 and SEC 1, none of them encrypted.
const SECTIONS: [(&str, &str); 3] = [
    ("-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----"),
    ("-----BEGIN RSA PRIVATE KEY-----", "-----END RSA PRIVATE KEY-----"),
    ("-----BEGIN EC PRIVATE KEY-----", "-----END EC PRIVATE KEY-----"),
];

/// The DER of the first private key; what stands around it is passed over.
pub(super) fn private_key(pem: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut lines = std::str::from_utf8(pem).ok()?.lines().map(str::trim);
    let (_, end) = lines.find_map(|line| SECTIONS.iter().find(|(begin, _)| line == *begin))?;
    // Never longer than the whole text, so it never moves.
    let mut base64 = Zeroizing::new(String::with_capacity(pem.len()));
    loop {
        match lines.next()? {
            line if line == *end => break,
            line => base64.push_str(line),
        }
    }
    let mut der = Zeroizing::new(Vec::with_capacity(pem.len()));
    STANDARD.decode_vec(base64.as_bytes(), &mut der).ok()?;
    Some(der)
}
