//! What a body says, by a reader that shares nothing with the crate's: `serde_json::Value`, and a count of the members
//! by hand.

use serde_json::Value;

#[derive(Default)]
#[allow(dead_code, reason = "each target asks for what it needs")]
pub struct Oracle {
    /// One JSON object.
    pub is_clean: bool,
    pub has_error: bool,
    pub names_a_token: bool,
    pub denies_success: bool,
    /// The one token: `access_token` or `token`, or the same by both names, visible ASCII.
    pub token: Option<String>,
    value: Value,
}

#[allow(dead_code, reason = "each target asks for what it needs")]
impl Oracle {
    pub fn of(body: &[u8]) -> Self {
        let Ok(text) = std::str::from_utf8(body) else { return Self::default() };
        // A number that is too large for `Value` is any large number to the oracle.
        let tamed = tame(text);
        let Ok(value @ Value::Object(_)) = serde_json::from_str::<Value>(&tamed) else {
            return Self::default();
        };
        // `Value` keeps the last of two members of one name, and the sum of all members shows that there were two.
        let is_clean = members(&value) == colons(body);
        let present = |name: &str| value.get(name).filter(|member| !member.is_null());
        let given = |name: &str| present(name).filter(|member| member.as_str() != Some(""));
        let candidates = [given("access_token"), given("token")];
        let token = match candidates {
            [Some(Value::String(token)), None] | [None, Some(Value::String(token))] => Some(token.clone()),
            [Some(Value::String(token)), Some(Value::String(same))] if token == same => Some(token.clone()),
            _ => None,
        };
        let token =
            token.filter(|token| !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()));
        Self {
            is_clean,
            has_error: given("error").is_some(),
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

    /// A token, of whatever kind, beside an error.
    pub fn has_both(&self) -> bool {
        self.has_error && self.names_a_token
    }

    /// An `error` of letters, digits and `_`.
    pub fn has_code(&self) -> bool {
        let like_a_code = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        self.error().is_some_and(|text| !text.is_empty() && like_a_code(text))
    }

    /// Whether it names nobody else and no other request. `None` where an address is not ASCII: what folds to what is
    /// for the crate to say.
    pub fn is_about(&self, auth_req_id: Option<&str>, email: &str) -> Option<bool> {
        let given = |name: &str| self.value.get(name).filter(|it| !it.is_null() && it.as_str() != Some(""));
        let same_id = |named: &Value| auth_req_id.is_none_or(|id| named.as_str() == Some(id));
        let same_person =
            |named: &Value| named.as_str().is_some_and(|named| named.trim().eq_ignore_ascii_case(email));
        let people: Vec<_> = ["email", "login_hint"].into_iter().filter_map(given).collect();
        if people.iter().any(|named| named.as_str().is_some_and(|named| !named.is_ascii())) {
            return None;
        }
        Some(given("auth_req_id").is_none_or(same_id) && people.into_iter().all(same_person))
    }

    pub fn says_something(&self, name: &str) -> bool {
        self.value.get(name).is_some_and(|member| !member.is_null())
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
        for name in
            ["access_token", "token", "auth_req_id", "error", "error_description", "message", "details"]
        {
            let Some(text) = self.text(name) else { continue };
            if text.len() >= 24 && text.bytes().any(|byte| byte.is_ascii_digit()) {
                assert!(!shown.contains(text), "{text:?} stands in {shown:?}");
            }
        }
    }
}

/// The body with the exponents of all numbers outside of texts made small enough, and long rows of digits cut short.
/// Each literal stays one number, or none, as it was.
fn tame(text: &str) -> String {
    let (mut tamed, mut in_text, mut escaped, mut digits) =
        (String::with_capacity(text.len()), false, false, 0);
    for c in text.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if in_text => escaped = true,
            '"' => in_text = !in_text,
            _ => {}
        }
        digits = if !in_text && c.is_ascii_digit() { digits + 1 } else { 0 };
        if digits <= 2 {
            tamed.push(c);
        }
    }
    tamed
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
