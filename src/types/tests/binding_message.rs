use super::refused;
use crate::{BindingMessage, MatchCode};

fn message(text: &str) -> BindingMessage {
    BindingMessage::new(text).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

#[test]
fn i12_an_empty_text_is_refused() {
    for text in ["", " ", "\u{a0}", "\t"] {
        refused(BindingMessage::new(text), "binding_message", text);
    }
}

#[test]
fn i12_a_text_of_nothing_to_see_is_refused() {
    for text in ["\u{200d}", "\u{fe0f}\u{200d}", " \u{200d} "] {
        refused(BindingMessage::new(text), "binding_message", text);
    }
}

#[test]
fn i12_the_longest_text_has_255_characters() {
    for character in ["x", "é", "界", "🦀"] {
        assert_eq!(message(&character.repeat(255)).as_str().chars().count(), 255);
        for length in [256, 500, 5_000_000] {
            let long = character.repeat(length);
            refused(BindingMessage::new(&long), "binding_message", &long);
        }
    }
}

#[test]
fn i12_one_line_without_controls_bidi_and_hidden_characters() {
    for hidden in [
        '\n',
        '\r',
        '\t',
        '\0',
        '\u{1b}',
        '\u{7f}',
        '\u{85}',
        '\u{2028}',
        '\u{2029}',
        '\u{202e}',
        '\u{2066}',
        '\u{200b}',
        '\u{200c}',
        '\u{2060}',
        '\u{feff}',
        '\u{ad}',
        '\u{3164}',
        '\u{1bca0}',
        '\u{1d173}',
        '\u{e0041}',
    ] {
        for text in [format!("Sign{hidden}in"), format!("Sign in{hidden}"), format!("{hidden}Sign in")] {
            refused(BindingMessage::new(&text), "binding_message", &text);
        }
    }
}

#[test]
fn i12_printable_text_of_every_script_is_kept_as_it_is() {
    for text in
        ["Sign in to Acme", "Войти в Acme", "登录 Acme", "تسجيل الدخول", "👩\u{200d}💻 ❤\u{fe0f}", " spaced "]
    {
        assert_eq!(message(text).as_str(), text);
        assert_eq!(message(text).to_string(), text);
        assert_eq!(text.parse::<BindingMessage>().expect("a text"), message(text));
    }
}

#[test]
fn b34_a_match_code_stands_in_the_text_and_the_default_names_no_voice_assistant() {
    let code = MatchCode::generate().expect("randomness");
    let with = BindingMessage::with_match_code("Sign in to Acme", &code).expect("a text");
    assert_eq!(with.as_str(), format!("Sign in to Acme (code {})", code.as_str()));
    assert!(BindingMessage::with_match_code("x".repeat(250), &code).is_err(), "the sum is checked");
    assert!(BindingMessage::with_match_code("a\nb", &code).is_err());
    let default = BindingMessage::unspecific();
    assert_eq!(BindingMessage::new(default.as_str()).expect("valid itself"), default);
    assert!(!default.as_str().to_lowercase().contains("voice"));
}

#[test]
fn i12_a_text_is_the_same_wherever_it_is_shown() {
    let text = message("Sign in to Acme");
    assert_eq!((text.as_str(), text.as_ref()), ("Sign in to Acme", "Sign in to Acme"));
    assert_eq!(text.to_string(), "Sign in to Acme");
}

#[test]
fn o56_a_portable_message_is_what_every_provider_shows() {
    for text in ["PAY-4711", "a", "Az09-._+#", &"a".repeat(20)] {
        assert_eq!(BindingMessage::portable(text).expect(text).as_str(), text);
    }
    for (text, says) in [
        ("", "is empty"),
        ("Pay 4711", "' '"),
        ("Pay,4711", "','"),
        ("a/b", "'/'"),
        ("a!b", "'!'"),
        ("a?b", "'?'"),
        ("4711 \u{20AC}", "' '"),
        ("4711\u{20AC}", "'\u{20AC}'"),
        (&"a".repeat(21), "has 21 characters"),
    ] {
        let error = BindingMessage::portable(text).expect_err(text);
        assert_eq!(error.field(), Some("binding_message"));
        assert!(error.to_string().contains(says), "{error}");
    }
}
