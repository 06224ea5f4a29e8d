use std::time::SystemTime;

#[cfg(feature = "openid")]
use std::time::Duration;

#[cfg(feature = "openid")]
use reqwest::header::{CACHE_CONTROL, WWW_AUTHENTICATE};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue, LOCATION};
use url::Url;

/// That what was called is to go (RFC 9745), and when (RFC 8594).
const DEPRECATION: HeaderName = HeaderName::from_static("deprecation");
const SUNSET: HeaderName = HeaderName::from_static("sunset");

/// What a server calls a request.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The headers of an answer. They are looked at only where an error is made of it.
#[derive(Default)]
pub(crate) struct ReplyHeaders(pub(super) HeaderMap);

impl ReplyHeaders {
    /// What the server calls the request.
    pub(crate) fn request_id(&self) -> Option<&str> {
        self.0.get(REQUEST_ID).and_then(text)
    }

    /// Whether what was called is to go.
    pub(crate) fn is_deprecated(&self) -> bool {
        let value = self.0.get(DEPRECATION).and_then(text);
        value.is_some_and(|value| !value.trim().eq_ignore_ascii_case("false"))
    }

    /// The day on which it goes, where one can be read. AuthSec writes the zone `UTC`, which an HTTP date does not have.
    pub(crate) fn sunset(&self) -> Option<SystemTime> {
        let date = self.0.get(SUNSET).and_then(text)?.trim();
        let without_zone = date.strip_suffix("UTC").or_else(|| date.strip_suffix("GMT"))?;
        httpdate::parse_http_date(&format!("{without_zone}GMT")).ok()
    }

    /// The challenges of an answer that asks who it is (RFC 9110, section 11.6.1).
    #[cfg(feature = "openid")]
    pub(crate) fn challenges(&self) -> impl Iterator<Item = &str> {
        self.0.get_all(WWW_AUTHENTICATE).into_iter().filter_map(text)
    }

    /// How long the answer may be kept (RFC 9111, section 5.2.2.1).
    #[cfg(feature = "openid")]
    pub(crate) fn max_age(&self) -> Option<Duration> {
        let directives =
            self.0.get_all(CACHE_CONTROL).into_iter().filter_map(text).flat_map(|list| list.split(','));
        let (mut age, mut forbids) = (None, false);
        for directive in directives.map(str::trim) {
            let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
            match name.trim().to_ascii_lowercase().as_str() {
                "max-age" => age = value.trim().trim_matches('"').parse().ok(),
                "no-store" | "no-cache" => forbids = true,
                _ => {}
            }
        }
        if forbids { Some(Duration::ZERO) } else { age.map(Duration::from_secs) }
    }

    /// The origin to which a redirect leads; its path and query may hold anything.
    pub(crate) fn redirects_to(&self, from: &Url) -> Option<String> {
        let location = from.join(self.0.get(LOCATION).and_then(text)?).ok()?;
        let is_http = matches!(location.scheme(), "http" | "https");
        is_http.then(|| location.origin().ascii_serialization())
    }

    #[cfg(test)]
    pub(crate) fn of(pairs: &[(&'static str, &'static str)]) -> Self {
        let pairs = pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        Self(pairs.collect())
    }
}

fn text(value: &HeaderValue) -> Option<&str> {
    value.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(deprecation: &'static str, sunset: &'static str) -> ReplyHeaders {
        ReplyHeaders::of(&[("deprecation", deprecation), ("sunset", sunset)])
    }

    /// O-04: AuthSec's own date, an HTTP date, and what is none.
    #[test]
    fn o04_the_day_is_read_also_with_the_zone_that_no_http_date_has() {
        let day = httpdate::parse_http_date("Thu, 31 Dec 2026 00:00:00 GMT").expect("a date");
        for date in ["Thu, 31 Dec 2026 00:00:00 UTC", " Thu, 31 Dec 2026 00:00:00 GMT "] {
            assert_eq!(headers("true", date).sunset(), Some(day), "{date:?}");
        }
        for none in [
            "",
            "UTC",
            "2026-12-31",
            "Thu, 31 Dec 2026 00:00:00 +0100",
            "Thu, 99 Dec 2026 00:00:00 UTC",
            "\t",
        ] {
            assert_eq!(headers("true", none).sunset(), None, "{none:?}");
        }
        assert_eq!(ReplyHeaders::default().sunset(), None);
    }

    /// RFC 9745 has a date there, older drafts `true`.
    #[test]
    fn o04_what_is_to_go_says_so() {
        assert!(headers("true", "").is_deprecated() && headers("@1688169599", "").is_deprecated());
        assert!(!headers("False", "").is_deprecated() && !ReplyHeaders::default().is_deprecated());
    }
}
