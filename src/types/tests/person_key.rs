//! Whom an address means (B-60): every difference that some server may not see is taken out.

use proptest::prelude::*;

use crate::{Email, PersonKey};

fn key(address: &str) -> String {
    Email::new(address).unwrap_or_else(|error| panic!("{address:?}: {error}")).key().as_str().to_owned()
}

#[test]
fn f38_b60_addresses_that_a_server_may_take_for_one_have_one_key() {
    for (one, other) in [
        ("kelvin@example.com", "\u{212a}elvin@example.com"),
        ("KELVIN@example.com", "\u{212a}elvin@EXAMPLE.com"),
        ("istanbul@example.com", "\u{130}stanbul@example.com"),
        ("istanbul@example.com", "i\u{307}stanbul@example.com"),
        ("istanbul@example.com", "I\u{307}\u{307}stanbul@example.com"),
        ("ínigo@example.com", "\u{130}\u{301}nigo@example.com"),
        ("i\u{94d}nigo@example.com", "i\u{94d}\u{307}nigo@example.com"),
        ("user@mail.example", "user@ma\u{130}l.example"),
        ("jürgen@example.com", "jÜrgen@example.com"),
        ("ju\u{308}rgen@example.com", "JÜRGEN@example.com"),
        ("straße@example.com", "STRASSE@example.com"),
        ("straße@example.com", "STRA\u{1e9e}E@example.com"),
        ("sam@example.com", "\u{17f}am@example.com"),
        ("user@example.com", "ｕｓｅＲ@example.com"),
        ("user@example.com", "user@ⓔxample．com"),
        ("office@example.com", "o\u{fb03}ce@example.com"),
        ("σοφος@example.com", "ΣΟΦΟΣ@example.com"),
        ("σοφοσ@example.com", "σοφος@example.com"),
        ("ångström@example.com", "\u{212b}ngstro\u{308}m@example.com"),
        ("привет@example.com", "ПРИВЕТ@example.com"),
        ("2@example.com", "²@example.com"),
        ("ꭰ@example.com", "Ꭰ@example.com"),
    ] {
        assert_eq!(key(one), key(other), "{one} {other}");
    }
}

#[test]
fn b60_addresses_that_no_server_takes_for_one_stay_apart() {
    let addresses = [
        "user@example.com",
        "u.ser@example.com",
        "user+tag@example.com",
        "usér@example.com",
        "us\u{435}r@example.com",
        "user@xn--exmple-cua.com",
        "user@exámple.com",
        "ıstanbul@example.com",
        "istanbul@example.com",
        "ístanbul@example.com",
    ];
    for (n, one) in addresses.iter().enumerate() {
        for other in addresses.iter().skip(n + 1) {
            assert_ne!(key(one), key(other), "{one} {other}");
        }
    }
}

#[test]
fn b60_the_key_of_ascii_is_its_lower_case() {
    for address in ["User+Tag@Example.COM", "\"Quoted K\"@example.com", "I.I@example.com"] {
        assert_eq!(key(address), address.to_ascii_lowercase());
    }
}

#[test]
fn b60_an_at_in_disguise_is_an_at() {
    for address in ["user＠example.com", "user@exam＠ple.com", "us\u{fe6b}er@example.com"] {
        super::refused(Email::new(address), "email", address);
    }
}

/// Letters that fold in odd ways, marks that move, and anything else.
fn letter() -> impl Strategy<Value = char> {
    prop_oneof![
        prop::sample::select(
            "iIİıKkKſsßẞΣσςŉǰΐΰևﬀﬁﬃﬆÅÅÜüΩΩᾳᾼᾶῼ\u{307}\u{323}\u{345}\u{301}\u{308}ＡａⅫ㎏℡ꭰᏰꞀé"
                .chars()
                .collect::<Vec<_>>()
        ),
        any::<char>(),
    ]
}

fn address() -> impl Strategy<Value = Email> {
    prop::collection::vec(letter(), 1..12).prop_filter_map("an address", |letters| {
        Email::new(&format!("{}@example.com", String::from_iter(letters))).ok()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_024, max_global_rejects: 65_536, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn b60_a_key_is_its_own_key(email in address()) {
        let key = email.key();
        // A key may be longer than an address.
        if let Ok(again) = Email::new(key.as_str()) {
            prop_assert_eq!(again.key(), key);
        }
    }

    #[test]
    fn b60_neither_case_nor_form_makes_another_person(email in address()) {
        // The dotless i in upper case is an I, and an I in lower case is another letter. Marks that are not in their order
        // belong to other letters once the case is changed.
        let nfkc = icu_normalizer::ComposingNormalizer::new_nfkc();
        prop_assume!(!email.as_str().contains('ı') && nfkc.is_normalized(email.as_str()));
        for form in [email.as_str().to_lowercase(), email.as_str().to_uppercase()] {
            if let Ok(other) = Email::new(&form) {
                prop_assert_eq!(other.key(), email.key(), "{}", form);
            }
        }
    }
}

#[test]
fn b60_a_key_is_the_same_wherever_it_is_shown() {
    let key = Email::new("User@Example.com").expect("an email").key();
    assert_eq!((key.as_str(), key.as_ref()), ("user@example.com", "user@example.com"));
    assert_eq!(key.to_string(), "user@example.com");
}

#[test]
fn a_text_that_is_no_address_is_a_key_byte_for_byte_and_not_shown() {
    let key = PersonKey::from("User-42 ");
    assert_eq!((key.as_str(), &key), ("User-42 ", &PersonKey::from("User-42 ".to_owned())));
    assert_ne!(key, PersonKey::from("user-42"));
    assert_eq!(format!("{key:?}"), "PersonKey(***)");
    // The same text as an address is another matter only where that has several spellings.
    assert_eq!(
        Email::new("user@example.com").expect("an address").key(),
        PersonKey::from("user@example.com")
    );
}
