use super::refused;
use crate::AuthReqId;

#[test]
fn i18_what_is_no_id_is_refused_before_anything_is_sent() {
    let huge = "x".repeat(1024 * 1024);
    let one_too_long = "x".repeat(4097);
    for id in [
        "",
        " ",
        "id 1",
        "id-1 ",
        "\u{a0}id",
        "id\r\nHost: evil",
        "id\0id-id",
        "ïd-ïd-ïd",
        "\u{200b}",
        "\u{7f}",
    ] {
        refused(AuthReqId::new(id), "auth_req_id", id);
    }
    refused(AuthReqId::new(huge.as_str()), "auth_req_id", &huge);
    refused(one_too_long.parse::<AuthReqId>(), "auth_req_id", &one_too_long);
}

#[test]
fn i18_every_id_of_visible_ascii_is_kept_as_it_is() {
    let longest = "x".repeat(4096);
    for id in
        ["q3Yx0b1-5Jc_8LmN2oPqRsTuVwXyZaBcDeFgHiJkLmM=", "~", "!\"#$%&'()*+,-./:;<=>?@[\\]^`{|}", &longest]
    {
        assert_eq!(AuthReqId::new(id).expect("an id").expose_secret(), id);
    }
}

#[test]
fn b70_b74_an_id_is_redacted_and_compared_by_its_text() {
    let id = AuthReqId::new("canary-id").expect("an id");
    assert_eq!(
        format!("{id:?} {:#?}", Some(&id)),
        "AuthReqId([redacted]) Some(\n    AuthReqId([redacted]),\n)"
    );
    assert_eq!(id, AuthReqId::new("canary-id").expect("an id"));
    assert_ne!(id, AuthReqId::new("Canary-id").expect("an id"));
    let ids = std::collections::HashSet::from([id.clone()]);
    assert!(ids.contains(&id));
}

/// A map of ids would be a list.
#[test]
fn f70_different_ids_have_different_hashes_and_equal_ones_the_same() {
    use std::hash::BuildHasher as _;

    let hasher = std::hash::RandomState::new();
    let hash = |n: usize| hasher.hash_one(AuthReqId::new(format!("id-{n}")).expect("an id"));
    let hashes: std::collections::HashSet<_> = (0..1_000).map(hash).collect();
    assert_eq!(hashes.len(), 1_000, "of 64 bits");
    assert!((0..1_000).all(|n| hashes.contains(&hash(n))));
}
