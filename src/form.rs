//! The fields of a request, as `application/x-www-form-urlencoded` writes them (RFC 6749, appendix B).

use std::borrow::Cow;

use url::form_urlencoded::byte_serialize;
use zeroize::Zeroizing;

/// Fields, in order.
#[derive(Default)]
pub(crate) struct Form(Vec<Field>);

struct Field {
    name: Cow<'static, str>,
    value: Zeroizing<String>,
    is_secret: bool,
}

impl Form {
    pub(crate) fn add(&mut self, name: impl Into<Cow<'static, str>>, value: &str) {
        self.push(name.into(), value, false);
    }

    /// A field whose value nobody may read, though a server may repeat it.
    pub(crate) fn add_secret(&mut self, name: impl Into<Cow<'static, str>>, value: &str) {
        self.push(name.into(), value, true);
    }

    fn push(&mut self, name: Cow<'static, str>, value: &str, is_secret: bool) {
        self.0.push(Field { name, value: Zeroizing::new(value.to_owned()), is_secret });
    }

    /// A field that is there only where there is a value.
    pub(crate) fn add_some(&mut self, name: &'static str, value: Option<&str>) {
        if let Some(value) = value {
            self.add(name, value);
        }
    }

    /// The values that nobody may read.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = Zeroizing<String>> {
        self.0.iter().filter(|field| field.is_secret).map(|field| field.value.clone())
    }

    /// All fields of these forms, in one piece: a buffer that had to grow would leave a copy of a secret behind.
    pub(crate) fn encode_all(forms: &[&Self]) -> Zeroizing<Vec<u8>> {
        let fields = || forms.iter().flat_map(|form| &form.0);
        let room = fields().map(|field| {
            encoded_length(&field.name).saturating_add(encoded_length(&field.value)).saturating_add(2)
        });
        let mut bytes = Zeroizing::new(Vec::with_capacity(room.fold(0, usize::saturating_add)));
        for field in fields() {
            if !bytes.is_empty() {
                bytes.push(b'&');
            }
            write(&field.name, &mut bytes);
            bytes.push(b'=');
            write(&field.value, &mut bytes);
        }
        bytes
    }
}

/// One text, form-encoded by itself.
pub(crate) fn encoded(text: &str) -> Zeroizing<String> {
    let mut encoded = Zeroizing::new(String::with_capacity(encoded_length(text)));
    encoded.extend(byte_serialize(text.as_bytes()));
    encoded
}

fn encoded_length(text: &str) -> usize {
    byte_serialize(text.as_bytes()).map(str::len).fold(0, usize::saturating_add)
}

fn write(text: &str, bytes: &mut Vec<u8>) {
    byte_serialize(text.as_bytes()).for_each(|piece| bytes.extend_from_slice(piece.as_bytes()));
}
