/// Who may open what is sealed: a client, by the server that it speaks to and its name there. It is no part of the text, but
/// what is sealed for one client does not open for another, though both have the key.
pub(crate) struct Audience(Box<[u8]>);

impl Audience {
    /// Each part behind its length, so that no two lists write the same bytes.
    pub(crate) fn new(parts: &[&str]) -> Self {
        let mut bytes = Vec::new();
        for part in parts {
            bytes.extend_from_slice(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            bytes.extend_from_slice(part.as_bytes());
        }
        Self(bytes.into())
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}
