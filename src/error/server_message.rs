//! A server's own words, made fit to be shown: an error and a log may hold them, and nobody knows what a server echoes.

use std::borrow::Cow;

use icu_normalizer::ComposingNormalizer;

/// How much of a server's text is kept, in characters.
const LONGEST: usize = 256;

/// How long a request id may be, in bytes; a longer one is none.
const LONGEST_ID: usize = 128;

/// What is cut off at the end is not passed over in silence.
const CUT: char = '…';

const SECRET: &str = "[redacted]";
const ADDRESS: &str = "[address]";

/// At most 256 visible characters of a server's text, on one line. `hide` is what this request carried and nobody may
/// read: client secret, `auth_req_id`, code, the person's address, in whatever spelling a server repeats it. Whatever else
/// looks like an address or a signed token goes too. `None` where nothing is left.
pub(crate) fn clean(text: &str, hide: &[&str]) -> Option<Box<str>> {
    // What cannot be seen goes first, so that nothing hides behind it.
    let mut line = visible(text);
    for secret in hide {
        // The server may have seen through a spelling that only looks like one.
        for secret in [visible(secret), visible_as_it_is(secret)] {
            line = replace(&line, &secret, if secret.contains('@') { ADDRESS } else { SECRET });
        }
    }
    let words: Vec<_> = line.split(' ').map(without_addresses).map(without_tokens).collect();
    let line = words.join(" ").replace('"', "'");
    (!line.is_empty()).then(|| shorten(&line).into())
}

/// Whether a word holds any of this, whatever its capitals.
pub(crate) fn holds_any(word: &str, hide: &[&str]) -> bool {
    hide.iter().map(|secret| visible(secret)).any(|secret| replace(word, &secret, SECRET) != word)
}

/// A request id as servers write it: visible ASCII, not too long, and none of what is to be hidden.
pub(crate) fn clean_request_id(text: &str, hide: &[&str]) -> Option<Box<str>> {
    let text = text.trim();
    let fits =
        !text.is_empty() && text.len() <= LONGEST_ID && text.bytes().all(|byte| byte.is_ascii_graphic());
    (fits && clean(text, hide)?.as_ref() == shorten(text)).then(|| text.into())
}

/// One line as a person reads it: HTML's entities are characters, letters are composed, white space is single blanks, and
/// what cannot be seen is not there.
fn visible(text: &str) -> String {
    visible_as_it_is(&without_entities(text))
}

fn visible_as_it_is(text: &str) -> String {
    let text = ComposingNormalizer::new_nfc().normalize(text);
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

/// The characters that HTML's entities stand for: those with which pages are escaped, and all numbers. An entity that
/// stands for a part of another is seen through, too.
fn without_entities(text: &str) -> Cow<'_, str> {
    /// As long as `&commat;` and `&#x0010ffff;`.
    const LONGEST: usize = 12;
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        out.push(c);
        if c != ';' {
            continue;
        }
        let from = out.len().saturating_sub(LONGEST);
        let Some(at) = out.as_bytes().iter().skip(from).rposition(|byte| *byte == b'&') else { continue };
        let at = from.saturating_add(at);
        if let Some(meant) = out.get(at..).and_then(entity) {
            out.truncate(at);
            out.push(meant);
        }
    }
    Cow::Owned(out)
}

fn entity(text: &str) -> Option<char> {
    let name = text.strip_prefix('&')?.strip_suffix(';')?;
    if let Some(number) = name.strip_prefix('#') {
        let number = match number.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16),
            None => number.parse(),
        };
        return char::from_u32(number.ok()?);
    }
    Some(match name.to_ascii_lowercase().as_str() {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "commat" => '@',
        "nbsp" => ' ',
        "period" => '.',
        "plus" => '+',
        "lowbar" => '_',
        "hyphen" => '-',
        _ => return None,
    })
}

/// Every occurrence, whatever its capitals, plain or as a URL would spell it; digits also in groups.
fn replace(line: &str, what: &str, with: &str) -> String {
    if what.is_empty() {
        return line.to_owned();
    }
    // Letter by letter: a text in small letters can have another length, so its places are not the line's.
    let small: Vec<char> = what.chars().flat_map(char::to_lowercase).collect();
    let is_number = what.bytes().all(|byte| byte.is_ascii_digit());
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let found = strip(rest, &small, is_number, |text| text.chars().next().map(|c| (c, c.len_utf8())));
        if let Some(behind) = found.or_else(|| strip(rest, &small, is_number, url_character)) {
            out.push_str(with);
            rest = behind;
        } else {
            out.push(first);
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
        }
    }
    out
}

/// What stands behind these small letters, if the text begins with them, read by `next`: a character, and how long it is.
fn strip<'a>(
    text: &'a str,
    small: &[char],
    is_number: bool,
    next: impl Fn(&str) -> Option<(char, usize)>,
) -> Option<&'a str> {
    let mut wanted = small.iter();
    let mut rest = text;
    while !wanted.as_slice().is_empty() {
        let (c, length) = next(rest)?;
        rest = rest.get(length..)?;
        // `123 456` and `123-456` are `123456`.
        if is_number && wanted.len() < small.len() && matches!(c, ' ' | '-' | '.') {
            continue;
        }
        for c in c.to_lowercase() {
            if wanted.next() != Some(&c) {
                return None;
            }
        }
    }
    Some(rest)
}

/// The first character of a text that is spelled as in a URL: `%40` for an `@`, `%20` or `+` for a blank.
fn url_character(text: &str) -> Option<(char, usize)> {
    let escaped = |at: usize| {
        let digits = text.get(at..)?.strip_prefix('%')?.get(..2)?;
        // `from_str_radix` takes a sign, too.
        digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u8::from_str_radix(digits, 16).ok())?
    };
    let mut bytes = Vec::with_capacity(4);
    while bytes.len() < 4
        && let Some(byte) = escaped(bytes.len().saturating_mul(3))
    {
        bytes.push(byte);
        let read = std::str::from_utf8(&bytes).ok().and_then(|text| text.chars().next());
        if let Some(c) = read {
            return Some((c, bytes.len().saturating_mul(3)));
        }
    }
    text.chars().next().map(|c| (if c == '+' { ' ' } else { c }, c.len_utf8()))
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
        let names =
            text.contains(['@', '\u{ff20}', '\u{fe6b}']) || text.contains("%40") || text.contains("%2540");
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
