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

impl Value<'_> {
    fn texts(&self) -> impl Iterator<Item = &str> {
        let (one, many): (Option<&str>, &[String]) = match self {
            Self::Text(text) => (Some(text), &[]),
            Self::Texts(texts) => (None, texts),
        };
        one.into_iter().chain(many.iter().map(String::as_str))
    }
}

/// Writes one JSON object of the members that are there, in one piece: a buffer that had to grow would leave a copy of a
/// secret behind.
pub(super) fn object<const N: usize>(members: [(&'static str, Option<Value<'_>>); N]) -> Vec<u8> {
    let (mut room, mut is_plain) = (2_usize, true);
    for (name, value) in &members {
        let Some(value) = value else { continue };
        room = room.saturating_add(name.len()).saturating_add(6);
        for text in value.texts() {
            room = room.saturating_add(text.len()).saturating_add(3);
            is_plain &= writes_as_it_is(text);
        }
    }
    // An escape has six characters at most.
    let room = if is_plain { room } else { room.saturating_mul(6) };
    let mut bytes = Vec::with_capacity(room);
    let mut before = b'{';
    for (name, value) in &members {
        let Some(value) = value else { continue };
        bytes.extend_from_slice(&[before, b'"']);
        bytes.extend_from_slice(name.as_bytes());
        bytes.extend_from_slice(b"\":");
        match value {
            Value::Text(text) => write(text, is_plain, &mut bytes),
            Value::Texts(texts) => {
                let mut before = b'[';
                for text in *texts {
                    bytes.push(before);
                    write(text, is_plain, &mut bytes);
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

/// Whether JSON has no escape for any of it. Looks at every byte, so that the compiler can take many at once.
fn writes_as_it_is(text: &str) -> bool {
    !text.bytes().fold(false, |odd, byte| odd | (byte < 0x20) | (byte == b'"') | (byte == b'\\'))
}

fn write(text: &str, is_plain: bool, bytes: &mut Vec<u8>) {
    if is_plain {
        bytes.push(b'"');
        bytes.extend_from_slice(text.as_bytes());
        bytes.push(b'"');
    } else if serde_json::to_writer(&mut *bytes, text).is_err() {
        // A text can be written, and memory takes it.
        bytes.clear();
    }
}
