/// What a member of a request's body holds.
pub(super) enum Value<'a> {
    Text(&'a str),
    Texts(&'a [String]),
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

/// Writes one JSON object of the members that are there. It is made in one piece, in the room that it needs at most:
/// a buffer that grew would leave copies of a secret behind.
pub(super) fn object<const N: usize>(members: [(&'static str, Option<Value<'_>>); N]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(members.iter().map(room).fold(2, usize::saturating_add));
    let mut before = b'{';
    for (name, value) in &members {
        let Some(value) = value else { continue };
        bytes.push(before);
        bytes.push(b'"');
        bytes.extend_from_slice(name.as_bytes());
        bytes.extend_from_slice(b"\":");
        match value {
            Value::Text(text) => write(text, &mut bytes),
            Value::Texts(texts) => {
                let mut before = b'[';
                for text in *texts {
                    bytes.push(before);
                    write(text, &mut bytes);
                    before = b',';
                }
                bytes.push(b']');
            }
        }
        before = b',';
    }
    bytes.push(b'}');
    bytes
}

fn room((name, value): &(&'static str, Option<Value<'_>>)) -> usize {
    let quoted = |text: &str| {
        let most = if is_plain(text) { 1 } else { 6 };
        text.len().saturating_mul(most).saturating_add(3)
    };
    let value = match value {
        None => return 0,
        Some(Value::Text(text)) => quoted(text),
        Some(Value::Texts(texts)) => texts.iter().map(|text| quoted(text)).fold(2, usize::saturating_add),
    };
    value.saturating_add(name.len()).saturating_add(4)
}

/// Whether JSON writes the text as it is. Looks at every byte, so that the compiler can take many at once.
fn is_plain(text: &str) -> bool {
    !text.bytes().fold(false, |odd, byte| odd | (byte < 0x20) | (byte == b'"') | (byte == b'\\'))
}

fn write(text: &str, bytes: &mut Vec<u8>) {
    if is_plain(text) {
        bytes.push(b'"');
        bytes.extend_from_slice(text.as_bytes());
        bytes.push(b'"');
    } else if serde_json::to_writer(&mut *bytes, text).is_err() {
        // A text can be written, and memory takes it.
        bytes.clear();
    }
}
