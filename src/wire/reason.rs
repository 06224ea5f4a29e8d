use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::ErrorCode;

/// The members in which servers and gateways give a reason in words.
#[derive(Deserialize)]
struct Words<'a> {
    #[serde(borrow, default)]
    error: Option<Text<'a>>,
    #[serde(borrow, default)]
    error_description: Option<Text<'a>>,
    #[serde(borrow, default)]
    message: Option<Text<'a>>,
    #[serde(borrow, default)]
    details: Option<Text<'a>>,
    #[serde(borrow, default)]
    access_token: Option<Text<'a>>,
    #[serde(borrow, default)]
    token: Option<Text<'a>>,
    #[serde(borrow, default)]
    auth_req_id: Option<Text<'a>>,
}

/// Text, or something that is none.
#[derive(Deserialize)]
#[serde(untagged)]
enum Text<'a> {
    Is(#[serde(borrow)] Cow<'a, str>),
    IsNot(IgnoredAny),
}

/// A server's own words for why it refused, for people. Nothing is read from them for meaning, and nothing is taken out:
/// that is for who shows them.
pub(crate) fn reason(body: &[u8]) -> Option<String> {
    if is_web_page(body) {
        return title(body).map(|title| format!("a web page: {title}"));
    }
    let Ok(words) = serde_json::from_slice::<Words<'_>>(body) else {
        return plain(body);
    };
    // Who writes a secret into one member may repeat it in another.
    let is_given = |member: &Option<Text<'_>>| match member {
        Some(Text::Is(text)) => !text.is_empty(),
        Some(Text::IsNot(_)) => true,
        None => false,
    };
    if [&words.access_token, &words.token, &words.auth_req_id].into_iter().any(is_given) {
        return None;
    }
    let no_code = |text: &str| ErrorCode::known(text).or_else(|| ErrorCode::unknown(text)).is_none();
    let members = [words.error, words.error_description, words.message, words.details];
    let mut parts: Vec<Cow<'_, str>> = Vec::new();
    for (place, member) in members.into_iter().enumerate() {
        if let Some(Text::Is(text)) = member
            && !text.trim().is_empty()
            && (place > 0 || no_code(&text))
            && !parts.contains(&text)
        {
            parts.push(text);
        }
    }
    (!parts.is_empty()).then(|| parts.join(": "))
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
