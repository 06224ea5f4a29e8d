//! Numbers as servers write them (B-16).

use std::time::Duration;

use serde::de::IgnoredAny;
use zeroize::Zeroizing;

use super::document::Scalar;

/// A week: no wait that a server names is taken for more, so that no arithmetic on it can overflow.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// No token is taken to live longer: a hundred years, to which a caller can add a date without overflow.
const LONGEST_TOKEN: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

impl Scalar<'_> {
    /// A number of seconds: `5`, `5.0`, `"5"`; infinite where no `f64` can hold it. `None` where there is none to be read.
    fn seconds(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            // Rust reads the words `inf` and `nan` too.
            Self::Text(text) if text.bytes().any(|byte| byte.is_ascii_digit()) => text.trim().parse().ok(),
            _ => None,
        }
    }

    /// `interval`: missing, unreadable, zero and negative are `None`; a fraction is rounded up.
    pub(crate) fn interval(&self) -> Option<Duration> {
        let seconds = self.seconds().filter(|seconds| *seconds > 0.0)?;
        Some(whole_seconds(seconds.ceil(), LONGEST))
    }

    /// `expires_in` of a request: `None` where it is missing or unreadable; zero and negative are zero, which is over.
    pub(crate) fn lifetime(&self) -> Option<Duration> {
        self.seconds().map(|seconds| whole_seconds(seconds.floor(), LONGEST))
    }

    /// `expires_in` of a token, which may live for a year.
    pub(crate) fn token_lifetime(&self) -> Option<Duration> {
        self.seconds().map(|seconds| whole_seconds(seconds.floor(), LONGEST_TOKEN))
    }
}

fn whole_seconds(seconds: f64, longest: Duration) -> Duration {
    // `as` saturates: negative becomes zero, huge and infinite become the largest number.
    Duration::from_secs(seconds as u64).min(longest)
}

/// The same JSON with the numbers that no `f64` can hold, which serde_json refuses, made as large as one can be. `None`
/// where there are none.
pub(crate) fn tamed(json: &str) -> Option<Zeroizing<Vec<u8>>> {
    let mut tamed = Zeroizing::new(Vec::with_capacity(json.len()));
    let (mut found, mut rest) = (false, json);
    while let Some((before, number, behind)) = next_number(rest) {
        tamed.extend_from_slice(before.as_bytes());
        let largest = match number.parse::<f64>() {
            // Whether it is one of JSON's numbers is for serde_json to say.
            Ok(value) if value.is_infinite() && serde_json::from_str::<IgnoredAny>(number).is_ok() => {
                found = true;
                if value > 0.0 { "1e308" } else { "-1e308" }
            }
            _ => number,
        };
        tamed.extend_from_slice(largest.as_bytes());
        rest = behind;
    }
    tamed.extend_from_slice(rest.as_bytes());
    found.then_some(tamed)
}

/// What stands before the next number outside of a text, the number, and what stands behind it.
fn next_number(json: &str) -> Option<(&str, &str, &str)> {
    let (mut in_text, mut escaped) = (false, false);
    let begin = json.bytes().position(|byte| {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_text,
            b'"' => in_text = !in_text,
            b'-' | b'0'..=b'9' => return !in_text,
            _ => {}
        }
        false
    })?;
    let (before, number) = json.split_at_checked(begin)?;
    let is_part = |byte: u8| matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E' | b'0'..=b'9');
    let length = number.bytes().position(|byte| !is_part(byte)).unwrap_or(number.len());
    let (number, behind) = number.split_at_checked(length)?;
    Some((before, number, behind))
}
