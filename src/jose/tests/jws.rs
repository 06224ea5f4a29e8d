use super::{encoded, secret_signed};
use crate::jose::{Alg, Jws, Malformed};

const HEADER: &str = r#"{"alg":"HS256","kid":"one"}"#;

fn of(header: &str) -> String {
    format!("{}.{}.{}", encoded(header), encoded("{}"), encoded("s"))
}

#[test]
fn o58_three_parts() {
    let token = of(HEADER);
    let jws = Jws::split(&token).expect("a token");
    assert_eq!((jws.alg(), jws.kid()), (Some(Alg::HS256), Some("one")));
    assert_eq!(jws.payload.as_slice(), b"{}");
    assert_eq!(jws.input(), token.rsplit_once('.').expect("parts").0.as_bytes());
    assert_eq!(jws.signature(), b"s");
}

#[test]
fn o58_what_is_no_token() {
    let good = of(HEADER);
    for token in ["", ".", "..", "...", "a", "a.b", "a.b.c", "a.b.c.d", "a.b.c.d.e.f"] {
        assert_eq!(Jws::split(token).err(), Some(Malformed::Other), "{token}");
    }
    for token in ["a.b.c.d.e", "....", "{.}.e.n.c"] {
        assert_eq!(Jws::split(token).err(), Some(Malformed::Encrypted), "{token}");
    }
    for (at, _) in good.match_indices('.').chain([(good.len(), "")]) {
        for extra in ["=", "==", " ", "\n", "\r\n", "+", "/", "%3D", "\u{e4}", "A", "AAAAA"] {
            // Letters are base64url as long as they fill whole bytes.
            let mut broken = good.clone();
            broken.insert_str(at, extra);
            if extra.starts_with('A') && Jws::split(&broken).is_ok() {
                continue;
            }
            assert_eq!(Jws::split(&broken).err(), Some(Malformed::Other), "{broken}");
        }
    }
    // Bits that stand for nothing have to be zero: "cw" is "s", and so "cx" is no other way to write it.
    assert!(good.ends_with(".cw"));
    assert!(Jws::split(&good.replace(".cw", ".cx")).is_err());
}

#[test]
fn o58_the_header_is_one_strict_object() {
    for header in [
        "",
        "[]",
        "null",
        "7",
        r#""alg""#,
        r#"{"alg":"HS256"}x"#,
        r#"{"alg":"HS256"}{}"#,
        r#"{"alg":"HS256","alg":"HS256"}"#,
        r#"{"alg":"HS256","\u0061lg":"none"}"#,
        r#"{"alg":"HS256","x":{"a":1,"a":2}}"#,
        r#"{"alg":"HS256",}"#,
        "{'alg':'HS256'}",
        "\u{feff}{}",
    ] {
        assert_eq!(Jws::split(&of(header)).err(), Some(Malformed::Other), "{header}");
    }
}

#[test]
fn o59_an_algorithm_is_named_letter_by_letter() {
    for name in [
        "none", "None", "NONE", "nOnE", "", "hs256", "HS256 ", "HS1", "RS1", "ES256K", "Ed448", "dir",
        "RSA-OAEP",
    ] {
        assert_eq!(Alg::named(name), None, "{name}");
        let header = format!(r#"{{"alg":"{name}"}}"#);
        assert_eq!(Jws::split(&of(&header)).expect("a token").alg(), None, "{name}");
    }
    for header in ["{}", r#"{"alg":null}"#, r#"{"alg":["HS256"]}"#, r#"{"alg":7}"#] {
        assert_eq!(Jws::split(&of(header)).expect("a token").alg(), None, "{header}");
    }
    for alg in Alg::ALL {
        assert_eq!(Alg::named(alg.as_str()), Some(alg));
        assert_eq!(alg.to_string(), alg.as_str());
    }
}

#[test]
fn o60_a_secret_signs_with_hs256_alone_where_it_is_asked_to() {
    let secret = [7; 32];
    let input = format!("{}.{}", encoded(HEADER), encoded("{}"));
    let token = secret_signed(&input, &secret);
    let jws = Jws::split(&token).expect("a token");
    for alg in Alg::ALL {
        assert_eq!(jws.is_signed_by_secret(alg, &secret), alg == Alg::HS256, "{alg}");
    }
    let mut other = secret;
    other[31] ^= 1;
    assert!(!jws.is_signed_by_secret(Alg::HS256, &other));
    let cut = &token[..token.len() - 3];
    assert!(!Jws::split(cut).expect("a token").is_signed_by_secret(Alg::HS256, &secret));
}
