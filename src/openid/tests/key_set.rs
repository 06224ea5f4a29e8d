//! The document of an issuer's keys (O-62, O-76 to O-78).

use super::rules;
use super::signing::{Key, set};
use crate::openid::id_token::Unverified;
use crate::openid::key_set::{KeySet, LONGEST};

fn read(keys: &[&Key]) -> KeySet {
    KeySet::read(set(keys).as_bytes()).expect("a set")
}

fn has_signed(keys: &KeySet, token: &str) -> bool {
    keys.has_signed(&Unverified::read(token, &rules()).expect("a signed token"))
}

#[test]
fn o76_without_a_name_so_many_are_tried() {
    let last = Key::new("last");
    for (others, is_found) in [(0, true), (15, true), (16, false)] {
        let others: Vec<_> = (0..others).map(|_| Key::new(None)).collect();
        let keys: Vec<_> = others.iter().chain([&last]).collect();
        let nameless = last.sign_with(r#"{"alg":"ES256"}"#, "{}");
        assert_eq!(has_signed(&read(&keys), &nameless), is_found, "behind {} others", others.len());
        assert!(has_signed(&read(&keys), &last.sign("{}")), "by its name it is always found");
    }
}

#[test]
fn o76_all_keys_of_one_name_are_tried() {
    let keys = [Key::new("one"), Key::new("one"), Key::new("one")];
    let all = read(&keys.iter().collect::<Vec<_>>());
    for key in &keys {
        assert!(has_signed(&all, &key.sign("{}")));
    }
    assert!(all.knows(Some("one")) && !all.knows(Some("two")) && !all.knows(None));
}

#[test]
fn o76_a_name_is_compared_letter_by_letter() {
    let key = Key::new("one");
    for kid in ["One", "one ", " one", "", "on", "one\\u0000"] {
        let token = key.sign_with(&format!(r#"{{"alg":"ES256","kid":"{kid}"}}"#), "{}");
        assert!(!has_signed(&read(&[&key]), &token), "{kid}");
    }
    assert!(has_signed(&read(&[&key]), &key.sign_with(r#"{"alg":"ES256","kid":"\u006fne"}"#, "{}")));
}

#[test]
fn o54_a_hundred_keys_are_read_and_no_more() {
    let (first, last) = (Key::new("first"), Key::new("last"));
    for (between, is_read) in [(98, true), (99, false)] {
        let others: Vec<_> = (0..between).map(|_| Key::new("other")).collect();
        let keys: Vec<_> = [&first].into_iter().chain(&others).chain([&last]).collect();
        let keys = read(&keys);
        assert!(has_signed(&keys, &first.sign("{}")));
        assert_eq!(has_signed(&keys, &last.sign("{}")), is_read, "{between} between");
    }
}

#[test]
fn o54_a_document_of_256_kib_is_read_and_no_longer_one() {
    let json = set(&[&Key::new("one")]);
    let padded = |length: usize| format!("{json}{}", " ".repeat(length - json.len()));
    assert!(KeySet::read(padded(LONGEST).as_bytes()).is_some());
    assert!(KeySet::read(padded(LONGEST + 1).as_bytes()).is_none());
}

#[test]
fn o54_one_object_and_no_member_twice() {
    let jwk = Key::new("one").jwk();
    let twice = jwk.replacen('{', r#"{"kty":"EC","#, 1);
    for json in [
        format!(r#"{{"keys":[{jwk}],"keys":[{jwk}]}}"#),
        format!(r#"{{"keys":[{twice}]}}"#),
        format!(r#"{{"keys":[{jwk}]}} x"#),
        format!(r#"[{jwk}]"#),
        format!(r#"{{"keys":{jwk}}}"#),
        format!(r#"{{"keys":[{jwk}]"#),
        format!("\u{feff}{{\"keys\":[{jwk}]}}"),
    ] {
        assert!(KeySet::read(json.as_bytes()).is_none(), "{json}");
    }
    assert!(KeySet::read(b"\xff").is_none());
    let more = format!(r#"{{"more":[1,{{"keys":[]}}],"keys":[{jwk}],"empty":null}}"#);
    assert!(KeySet::read(more.as_bytes()).is_some());
}
