//! What a body says, by a reader that shares nothing with the crate's: `serde_json::Value`, and a count of the members
//! by hand.

use serde_json::Value;

#[derive(Default)]
pub struct Oracle {
    /// One JSON object.
    pub is_clean: bool,
    pub has_error: bool,
    pub names_a_token: bool,
    pub denies_success: bool,
    /// The one token: `access_token` or `token`, not both, visible ASCII.
    pub token: Option<String>,
    value: Value,
}

impl Oracle {
    pub fn of(body: &[u8]) -> Self {
        let Ok(value @ Value::Object(_)) = serde_json::from_slice::<Value>(body) else { return Self::default() };
        // `Value` keeps the last of two members of one name, and the sum of all members shows that there were two.
        let is_clean = std::str::from_utf8(body).is_ok() && members(&value) == colons(body);
        let present = |name: &str| value.get(name).filter(|member| !member.is_null());
        let candidates = [present("access_token"), present("token")];
        let token = match candidates {
            [Some(Value::String(token)), None] | [None, Some(Value::String(token))] => Some(token.clone()),
            _ => None,
        };
        let token = token.filter(|token| !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()));
        Self {
            is_clean,
            has_error: present("error").is_some(),
            names_a_token: candidates.iter().any(Option::is_some),
            denies_success: present("success").is_some_and(|success| *success != Value::Bool(true)),
            token,
            value,
        }
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        self.value.get(name)?.as_str()
    }

    pub fn error(&self) -> Option<&str> {
        self.text("error")
    }

    pub fn says(&self, sentence: &str) -> bool {
        ["error", "message"]
            .iter()
            .filter_map(|name| self.text(name))
            .any(|text| text.trim().eq_ignore_ascii_case(sentence))
    }

    /// No long text of a body stands in an error: it could be a token or an id. One with a digit in it cannot be part
    /// of the crate's own words or of a code.
    pub fn assert_hidden(&self, shown: &str) {
        for name in ["access_token", "token", "auth_req_id", "error", "error_description", "message", "details"] {
            let Some(text) = self.text(name) else { continue };
            if text.len() >= 24 && text.bytes().any(|byte| byte.is_ascii_digit()) {
                assert!(!shown.contains(text), "{text:?} stands in {shown:?}");
            }
        }
    }
}

/// Members of all objects, at any depth.
fn members(value: &Value) -> usize {
    match value {
        Value::Object(object) => object.len() + object.values().map(members).sum::<usize>(),
        Value::Array(items) => items.iter().map(members).sum(),
        _ => 0,
    }
}

/// Colons outside of strings: one for each member that was written.
fn colons(body: &[u8]) -> usize {
    let (mut count, mut in_text, mut escaped) = (0, false, false);
    for byte in body {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b':' if !in_text => count += 1,
            _ => {}
        }
    }
    count
}
