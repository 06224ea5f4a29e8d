use super::refused;
use crate::Email;

fn email(address: &str) -> Email {
    Email::new(address).unwrap_or_else(|error| panic!("{address:?}: {error}"))
}

#[test]
fn i1_an_empty_address_is_refused() {
    for address in ["", " ", "\t\r\n", "\u{3000}\u{a0}"] {
        refused(Email::new(address), "email", address);
    }
}

#[test]
fn i2_one_at_with_text_on_both_sides() {
    for address in [
        "user",
        "@",
        "@example.com",
        "user@",
        " @example.com",
        "user@ ",
        "a@b@c",
        "a@@b",
        "@a@b",
        "a@b@",
        "\u{a0}@x",
    ] {
        refused(Email::new(address), "email", address);
    }
    for address in ["a@b", "user@localhost", ".user.@example.com.", "a b@c", "\"quoted\"@example.com"] {
        assert_eq!(email(address).as_str(), address, "the check is light: the server decides");
    }
}

#[test]
fn b60_i3_the_trimmed_address_is_sent_and_keyed() {
    for address in [" user@example.com", "user@example.com\n", "\t user@example.com \u{a0}"] {
        assert_eq!(email(address).as_str(), "user@example.com");
        assert_eq!(email(address).key(), email("user@example.com").key());
        assert_eq!(email(address), email("user@example.com"));
    }
}

#[test]
fn b60_i4_the_key_ignores_ascii_case_and_the_wire_keeps_it() {
    assert_eq!(email("User@EXAMPLE.com").key(), email("user@example.com").key());
    assert_eq!(email("User@EXAMPLE.com").key().as_str(), "user@example.com");
    assert_eq!(email("User@EXAMPLE.com").as_str(), "User@EXAMPLE.com");
    assert_ne!(email("User@EXAMPLE.com"), email("user@example.com"), "as values they differ");
}

#[test]
fn i5_unicode_is_allowed_and_sent_as_it_is() {
    for address in ["jürgen@bücher.example", "用户@例子.广告", "u@xn--bcher-kva.example", "e\u{301}@x.org"]
    {
        assert_eq!(email(address).as_str(), address);
    }
    assert_eq!(email("É@x.org").key(), email("é@x.org").key());
    assert_eq!(email("e\u{301}@x.org").key(), email("\u{e9}@x.org").key());
    assert_eq!(email("\u{212a}@x.org").key(), email("k@x.org").key(), "the Kelvin sign is a k");
    assert_ne!(email("É@x.org"), email("é@x.org"), "as values they differ");
}

#[test]
fn i6_a_look_alike_is_another_address_and_sent_as_it_is() {
    let cyrillic = "us\u{435}r@example.com";
    assert_ne!(email(cyrillic).key(), email("user@example.com").key());
    assert_eq!(email(cyrillic).as_str(), cyrillic);
}

#[test]
fn b60_i9_control_bidi_and_zero_width_characters_are_refused() {
    for hidden in [
        '\r',
        '\n',
        '\0',
        '\t',
        '\u{7f}',
        '\u{85}',
        '\u{2028}',
        '\u{2029}',
        '\u{200e}',
        '\u{200f}',
        '\u{202e}',
        '\u{2066}',
        '\u{2069}',
        '\u{61c}',
        '\u{200b}',
        '\u{200c}',
        '\u{200d}',
        '\u{2060}',
        '\u{feff}',
        '\u{ad}',
        '\u{fe0f}',
        '\u{3164}',
        '\u{1bca0}',
        '\u{1d173}',
        '\u{e0041}',
    ] {
        for address in [format!("us{hidden}er@example.com"), format!("user@exa{hidden}mple.com")] {
            refused(Email::new(&address), "email", &address);
        }
    }
    for at_an_end in ["\u{200b}user@example.com", "user@example.com\u{feff}", "user@example.com\0"] {
        refused(Email::new(at_an_end), "email", at_an_end);
    }
}

#[test]
fn i10_the_longest_address_has_254_bytes() {
    let of = |length: usize| format!("{}@example.com", "x".repeat(length - "@example.com".len()));
    assert_eq!(email(&of(254)).as_str().len(), 254);
    assert_eq!(email(&format!("  {}  ", of(254))).as_str().len(), 254, "the spaces around it do not count");
    refused(Email::new(&of(255)), "email", &of(255));
    let huge = of(10 * 1024 * 1024);
    refused(Email::new(&huge), "email", &huge);
    let two_bytes_each = format!("{}@example.com", "é".repeat(122));
    refused(Email::new(&two_bytes_each), "email", &two_bytes_each);
}

#[test]
fn i11_plus_tags_and_dots_are_not_folded() {
    assert_ne!(email("u+tag@gmail.com").key(), email("u@gmail.com").key());
    assert_ne!(email("u.s@gmail.com").key(), email("us@gmail.com").key());
    assert_ne!(email("u@googlemail.com").key(), email("u@gmail.com").key());
}

#[test]
fn b70_debug_masks_the_address() {
    for (address, shown) in [
        ("user@example.com", "Email(u***@example.com)"),
        ("u@example.com", "Email(***@example.com)"),
        ("用户@example.com", "Email(用***@example.com)"),
    ] {
        assert_eq!(format!("{:?}", email(address)), shown);
        assert_eq!(format!("Email({})", email(address).masked()), shown);
    }
    assert_eq!(format!("{:?}", email("User@Example.com").key()), "PersonKey(u***@example.com)");
    assert_eq!(
        email("User@example.com").to_string(),
        "User@example.com",
        "Display is the caller's own choice"
    );
    let parsed: Email = " a@b ".parse().expect("an address");
    assert_eq!((parsed.as_str(), parsed.as_ref()), ("a@b", "a@b"));
}
