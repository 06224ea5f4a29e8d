//! A server's own words, made fit to be shown: an error and a log may hold them, and nobody knows what a server echoes.

/// How much of a server's text is kept, in characters.
const LONGEST: usize = 256;

/// How long a request id may be, in bytes; a longer one is none.
const LONGEST_ID: usize = 128;

/// What is cut off at the end is not passed over in silence.
const CUT: char = '…';

const SECRET: &str = "[redacted]";
const ADDRESS: &str = "[address]";

/// At most 256 visible characters of a server's text, on one line. `hide` is what this request carried and nobody may
/// read: client secret, `auth_req_id`, code, the person's address. Whatever else looks like an address or a signed token
/// goes too. `None` where nothing is left.
pub(crate) fn clean(text: &str, hide: &[&str]) -> Option<Box<str>> {
    // What cannot be seen goes first, so that nothing hides behind it.
    let mut line = visible(text);
    for secret in hide {
        let secret = visible(secret);
        let shown = if secret.contains('@') { ADDRESS } else { SECRET };
        for spelling in [escaped(&secret), secret] {
            line = replace(&line, &spelling, shown);
        }
    }
    let words: Vec<_> = line.split(' ').map(without_addresses).map(without_tokens).collect();
    let line = words.join(" ").replace('"', "'");
    (!line.is_empty()).then(|| shorten(&line).into())
}

/// A request id as servers write it: visible ASCII, not too long, and none of what is to be hidden.
pub(crate) fn clean_request_id(text: &str, hide: &[&str]) -> Option<Box<str>> {
    let text = text.trim();
    let fits =
        !text.is_empty() && text.len() <= LONGEST_ID && text.bytes().all(|byte| byte.is_ascii_graphic());
    (fits && clean(text, hide)?.as_ref() == shorten(text)).then(|| text.into())
}

/// One line, its white space single blanks, without what cannot be seen.
fn visible(text: &str) -> String {
    let seen = |c: &char| !is_unseen(*c) && (c.is_whitespace() || !c.is_control());
    let shown: String = text.chars().filter(seen).collect();
    shown.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Soft hyphens, zero-width and bidirectional characters, tags, byte order marks, annotation and private use.
fn is_unseen(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
            | '\u{e000}'..='\u{f8ff}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
            | '\u{f0000}'..='\u{10ffff}'
    )
}

/// A text as a URL would spell it, `%40` for an `@`.
fn escaped(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// Every occurrence, whatever its capitals.
fn replace(line: &str, what: &str, with: &str) -> String {
    if what.is_empty() {
        return line.to_owned();
    }
    // Letter by letter: a text in small letters can have another length, so its places are not the line's.
    let what: Vec<char> = what.chars().flat_map(char::to_lowercase).collect();
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        if let Some(behind) = strip(rest, &what) {
            out.push_str(with);
            rest = behind;
        } else {
            out.push(first);
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
        }
    }
    out
}

/// What stands behind these small letters, if the text begins with them.
fn strip<'a>(text: &'a str, small: &[char]) -> Option<&'a str> {
    let mut wanted = small.iter();
    let mut chars = text.chars();
    while !wanted.as_slice().is_empty() {
        for c in chars.next()?.to_lowercase() {
            if wanted.next() != Some(&c) {
                return None;
            }
        }
    }
    Some(chars.as_str())
}

/// Brackets, quotation marks and the like around an address stay.
fn without_addresses(word: &str) -> String {
    let around = |c: char| "<>()[]{}\"',;:=".contains(c);
    let mut out = String::with_capacity(word.len());
    for part in word.split_inclusive(around) {
        let (text, end) = match part.char_indices().next_back() {
            Some((at, last)) if around(last) => part.split_at(at),
            _ => (part, ""),
        };
        let names = text.contains('@') || text.to_ascii_lowercase().contains("%40");
        out.push_str(if names { ADDRESS } else { text });
        out.push_str(end);
    }
    out
}

/// A JSON web token begins with an encoded `{"`.
fn without_tokens(word: String) -> String {
    match word.find("eyJ") {
        Some(at) => format!("{}{SECRET}", word.get(..at).unwrap_or_default()),
        None => word,
    }
}

fn shorten(line: &str) -> String {
    if line.chars().count() <= LONGEST {
        return line.to_owned();
    }
    line.chars().take(LONGEST.saturating_sub(1)).chain([CUT]).collect()
}
