use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::ErrorCode;

/// The members in which servers and gateways give a reason in words, in the order in which they are shown: those of
/// OAuth, of problem details (RFC 9457, section 3.1), and what else is usual.
const WORDS: [&str; 8] =
    ["error", "title", "error_description", "message", "msg", "detail", "details", "errors"];

/// The members whose value nobody may read.
const SECRETS: [&str; 5] = ["access_token", "token", "id_token", "refresh_token", "auth_req_id"];

/// A server's own words for why it refused, for people. Nothing is read from them for meaning, and nothing is taken out:
/// that is for who shows them.
pub(crate) fn reason(body: &[u8]) -> Option<String> {
    if is_web_page(body) {
        return title(body).map(|title| format!("a web page: {title}"));
    }
    if !body.trim_ascii_start().starts_with(b"{") {
        return plain(body);
    }
    let said: Said<'_> = serde_json::from_slice(body).ok()?;
    // Who writes a secret into one member may repeat it in another.
    if said.holds_a_secret { None } else { said.words.map(Cow::into_owned) }
}

/// What a value says.
#[derive(Default)]
struct Said<'a> {
    words: Option<Cow<'a, str>>,
    holds_a_secret: bool,
    /// Whether it is anything but `null` and an empty text.
    is_given: bool,
}

impl<'a> Said<'a> {
    fn of(text: Cow<'a, str>) -> Self {
        let is_given = !text.is_empty();
        Self { words: (!text.trim().is_empty()).then_some(text), holds_a_secret: false, is_given }
    }

    fn given() -> Self {
        Self { is_given: true, ..Self::default() }
    }
}

impl<'de> Deserialize<'de> for Said<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Said<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Said<'de>, E> {
        Ok(Said::of(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Said<'de>, E> {
        Ok(Said::of(Cow::Owned(text.to_owned())))
    }

    fn visit_unit<E: Error>(self) -> Result<Said<'de>, E> {
        Ok(Said::default())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Said<'de>, E> {
        Ok(Said::given())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Said<'de>, E> {
        Ok(Said::given())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Said<'de>, E> {
        Ok(Said::given())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Said<'de>, E> {
        Ok(Said::given())
    }

    /// Of a list, the first that says something.
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Said<'de>, A::Error> {
        let mut all = Said::given();
        while let Some(one) = list.next_element::<Said<'de>>()? {
            all.holds_a_secret |= one.holds_a_secret;
            all.words = all.words.or(one.words);
        }
        Ok(all)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Said<'de>, A::Error> {
        let mut all = Said::given();
        let mut words: [Option<Cow<'de, str>>; WORDS.len()] = Default::default();
        while let Some((name, value)) = members.next_entry::<Cow<'de, str>, Said<'de>>()? {
            all.holds_a_secret |= value.holds_a_secret || (value.is_given && SECRETS.contains(&&*name));
            if let Some((_, place)) = WORDS.iter().zip(&mut words).find(|(member, _)| **member == name)
                && place.replace(value.words.unwrap_or_default()).is_some()
            {
                return Err(A::Error::custom("one member twice"));
            }
        }
        all.words = joined(words);
        Ok(all)
    }
}

/// What several members say, each once. A code is no words: it stands beside them.
fn joined(members: [Option<Cow<'_, str>>; WORDS.len()]) -> Option<Cow<'_, str>> {
    let is_code = |text: &str| ErrorCode::known(text).or_else(|| ErrorCode::unknown(text)).is_some();
    let mut parts: Vec<Cow<'_, str>> = Vec::new();
    for (member, text) in WORDS.iter().zip(members) {
        if let Some(text) = text
            && !text.is_empty()
            && !(*member == "error" && is_code(&text))
            && !parts.contains(&text)
        {
            parts.push(text);
        }
    }
    (!parts.is_empty()).then(|| parts.join(": ").into())
}

/// Whether this is meant for a browser.
pub(crate) fn is_web_page(body: &[u8]) -> bool {
    let start = body.trim_ascii_start();
    start.starts_with(b"<") && !start.starts_with(b"<?xml")
}

fn title(body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let small = text.to_ascii_lowercase();
    let from = small
        .find("<title")
        .and_then(|at| Some(at.saturating_add(small.get(at..)?.find('>')?).saturating_add(1)))?;
    let to = from.saturating_add(small.get(from..)?.find("</title")?);
    text.get(from..to).map(str::trim).filter(|title| !title.is_empty()).map(str::to_owned)
}

/// A line of a router or a gateway. What begins as JSON and is none may hold anything.
fn plain(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?.trim();
    let reads = !text.is_empty() && !text.starts_with(['{', '[', '"']);
    reads.then(|| text.to_owned())
}
