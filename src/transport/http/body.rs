use reqwest::Response;
use reqwest::header::{CONTENT_ENCODING, HeaderMap, TRANSFER_ENCODING};
use zeroize::Zeroizing;

/// The room for a body that does not state its length, in bytes: hardly an answer is longer.
const FIRST: usize = 1024;

/// How reading has ended.
pub(super) enum Length {
    Whole,
    TooLong,
    /// In a coding that was not asked for: not read.
    Coded,
}

/// Reads a body up to the cap. What was read stays in `body` when the connection breaks.
///
/// A token may be in it. `body` is wiped, also where it had to grow; the pieces in which it comes are reqwest's (and
/// hyper's, and rustls' below), and are not.
pub(super) async fn read(
    response: &mut Response,
    headers: &HeaderMap,
    cap: usize,
    body: &mut Zeroizing<Vec<u8>>,
) -> Result<Length, reqwest::Error> {
    if is_coded(headers) {
        return Ok(Length::Coded);
    }
    let length = response.content_length();
    if length.is_some_and(|length| length > cap as u64) {
        return Ok(Length::TooLong);
    }
    body.reserve_exact(length.and_then(|length| usize::try_from(length).ok()).unwrap_or(FIRST));
    while let Some(chunk) = response.chunk().await? {
        let length = body.len().saturating_add(chunk.len());
        if length > cap {
            return Ok(Length::TooLong);
        }
        if length > body.capacity() {
            let mut larger = Vec::with_capacity(length.saturating_mul(2).min(cap));
            larger.extend_from_slice(body);
            *body = Zeroizing::new(larger);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Length::Whole)
}

/// Whether the bytes are not those of the body. Labels that transform nothing, or that nobody knows, are passed over.
fn is_coded(headers: &HeaderMap) -> bool {
    const TRANSFORMS: [&str; 7] = ["gzip", "x-gzip", "deflate", "br", "zstd", "compress", "x-compress"];
    let codings = [CONTENT_ENCODING, TRANSFER_ENCODING].into_iter().flat_map(|name| headers.get_all(name));
    let mut tokens = codings.flat_map(|list| list.as_bytes().split(|byte| *byte == b','));
    tokens.any(|token| {
        TRANSFORMS.iter().any(|coding| token.trim_ascii().eq_ignore_ascii_case(coding.as_bytes()))
    })
}
