use zeroize::Zeroizing;

/// A record is filled up to a multiple of this, in bytes, so that its length tells little of what is in it.
const STEP: usize = 32;

/// The longest text in a record, in bytes.
pub(super) const LONGEST_TEXT: usize = u16::MAX as usize;

/// Writes fields one behind the other: numbers in big endian, texts behind their length.
pub(super) struct Writer(Zeroizing<Vec<u8>>);

impl Writer {
    /// `room`: for all that will be written, so that nothing is copied while it grows.
    pub(super) fn with_room(room: usize) -> Self {
        Self(Zeroizing::new(Vec::with_capacity(room.saturating_add(STEP))))
    }

    pub(super) fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    pub(super) fn number(&mut self, number: u32) {
        self.0.extend_from_slice(&number.to_be_bytes());
    }

    pub(super) fn long(&mut self, number: u64) {
        self.0.extend_from_slice(&number.to_be_bytes());
    }

    /// `None` for a text that is too long.
    pub(super) fn text(&mut self, text: &str) -> Option<()> {
        let length = u16::try_from(text.len()).ok()?;
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(text.as_bytes());
        Some(())
    }

    /// The record, filled up with zeros.
    pub(super) fn finish(mut self) -> Zeroizing<Vec<u8>> {
        let length = self.0.len().next_multiple_of(STEP);
        self.0.resize(length, 0);
        self.0
    }
}

/// Reads what a [`Writer`] has written. `None`, from whatever it is asked, where it is something else.
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn new(record: &'a [u8]) -> Self {
        Self(record)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*array)
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    pub(super) fn number(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    pub(super) fn long(&mut self) -> Option<u64> {
        self.array().map(u64::from_be_bytes)
    }

    pub(super) fn text(&mut self) -> Option<&'a str> {
        let length = u16::from_be_bytes(self.array()?);
        let (text, rest) = self.0.split_at_checked(length.into())?;
        self.0 = rest;
        std::str::from_utf8(text).ok()
    }

    /// Whether nothing is left but what a record is filled up with.
    pub(super) fn is_over(&self) -> bool {
        self.0.len() < STEP && self.0.iter().all(|byte| *byte == 0)
    }
}
