use crate::openid::svid::is_jwt;

#[test]
fn o02_what_is_no_signed_jwt_is_no_svid() {
    assert!(is_jwt("eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJzcGlmZmU6Ly9leGFtcGxlLm9yZy93ZWIifQ.c2ln-_0"));
    let longest = format!("a.b.{}", "c".repeat(16 * 1024 - 4));
    assert!(is_jwt(&longest));
    for text in [
        "",
        "..",
        "a.b.",
        ".b.c",
        "a.b",
        "a.b.c.d",
        "a.b.c\n",
        " a.b.c",
        "a.b.c=",
        "a.b+.c",
        "a.b.\u{e9}",
        "-----BEGIN PRIVATE KEY-----",
        &format!("{longest}c"),
    ] {
        assert!(!is_jwt(text), "{text:?}");
    }
}
