//! Which characters may stand in text that a person reads or a registry compares.

/// Characters that reorder the text around them: what is read is not what is compared.
pub(super) fn is_bidi(c: char) -> bool {
    matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Characters that take no room: two texts that look the same differ by them.
pub(super) fn is_zero_width(c: char) -> bool {
    matches!(
        c,
        '\u{00AD}' | '\u{034F}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}'
            | '\u{200B}'..='\u{200D}' | '\u{2060}'..='\u{2065}' | '\u{206A}'..='\u{206F}' | '\u{3164}'
            | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}'
            | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}'
    )
}

/// Controls and the two Unicode characters that break a line without being controls.
pub(super) fn is_control_or_break(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// Whether a text is made of visible ASCII alone. It never stops early, which is what lets it look at many bytes at once.
pub(crate) fn is_visible_ascii(text: &str) -> bool {
    text.bytes().fold(true, |visible, byte| visible & byte.is_ascii_graphic())
}

/// The zero-width joiner and the emoji selector, which an emoji is made of.
pub(super) fn builds_an_emoji(c: char) -> bool {
    matches!(c, '\u{200D}' | '\u{FE0F}')
}
