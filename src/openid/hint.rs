use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::answer::is_one_object;
use crate::error::Error;
use crate::jose::sha256;
use crate::secret::REDACTED;
use crate::types::{Email, PersonKey, is_visible_ascii};

/// The longest text of a hint that is no token, in bytes.
const LONGEST_TEXT: usize = 2048;

/// The longest token, in bytes.
const LONGEST_TOKEN: usize = 16 * 1024;

/// The longest `sub` (OpenID Connect Core, section 2), in bytes.
const LONGEST_SUBJECT: usize = 255;

/// Who is to be asked: exactly one of the three hints of OpenID CIBA Core, section 7.1.
///
/// A hint belongs to a [`PersonKey`], by which this client counts pushes, ends the older request of the same person and
/// cancels. Of a text that is an email address it is that of the address, of another text the text itself, byte for byte, and
/// of a token the `iss` and `sub` in it where they can be read. A program that has accounts names them with
/// [`of_person`](Self::of_person): then several spellings of one person are one.
///
/// ```
/// use authsec_ciba::Hint;
///
/// let alice = Hint::login("alice").of_person("account-42");
/// # let _ = alice;
/// ```
///
/// What is wrong with a hint is told when the request is awaited. `Debug` shows which hint it is, and nothing of it.
#[derive(Clone)]
pub struct Hint {
    who: Who,
    person: Option<PersonKey>,
}

#[derive(Clone)]
enum Who {
    Login(Box<str>),
    Email(Email),
    Phone(Box<str>),
    Subject(Box<str>),
    LoginToken(Zeroizing<Box<str>>),
    IdToken(Zeroizing<Box<str>>),
}

/// A hint that was checked for one issuer and client.
pub(crate) struct Named {
    /// The parameter that carries it.
    pub(crate) parameter: &'static str,
    pub(crate) value: Zeroizing<String>,
    /// Whom an ID Token must name, where the hint does.
    pub(crate) subject: Option<Box<str>>,
    pub(crate) person: PersonKey,
    pub(crate) email: Option<Email>,
}

impl Hint {
    /// A name by which the provider knows the person (`login_hint`): an email address, a user name, a customer number.
    pub fn login(text: impl Into<String>) -> Self {
        Self::of(Who::Login(text.into().into()))
    }

    /// An email address (`login_hint`).
    pub fn email(email: &Email) -> Self {
        Self::of(Who::Email(email.clone()))
    }

    /// A telephone number as E.164 writes it, such as `+447700900123`, sent as `tel:+447700900123` (`login_hint`).
    pub fn phone(number: impl Into<String>) -> Self {
        Self::of(Who::Phone(number.into().into()))
    }

    /// The provider's own identifier of the person, its `sub` (`login_hint`), written as RFC 9493, section 3.2.3 has it:
    /// `{"format":"iss_sub","iss":"https://op.example/","sub":"…"}`, with the issuer that the client is set up with. An
    /// approval of anybody else is refused.
    pub fn iss_sub(sub: impl Into<String>) -> Self {
        Self::of(Who::Subject(sub.into().into()))
    }

    /// A token that names the person in the provider's own way (`login_hint_token`). It is a secret: wiped, never shown.
    pub fn login_token(token: impl Into<String>) -> Self {
        Self::of(Who::LoginToken(Zeroizing::new(token.into().into())))
    }

    /// An ID Token that this client was given before, as [`IdToken::expose_secret`](crate::IdToken::expose_secret) has it
    /// (`id_token_hint`). It may be expired and is not verified, but must be of this issuer and name this client. An approval
    /// of anybody else than its `sub` is refused. It is a secret: wiped, never shown.
    pub fn id_token(token: impl Into<String>) -> Self {
        Self::of(Who::IdToken(Zeroizing::new(token.into().into())))
    }

    /// Whom the hint means to this program, such as the key of an account.
    #[must_use]
    pub fn of_person(mut self, key: impl Into<PersonKey>) -> Self {
        self.person = Some(key.into());
        self
    }

    fn of(who: Who) -> Self {
        Self { who, person: None }
    }

    /// Checks it for a client of this issuer.
    pub(crate) fn named(&self, issuer: &str, client_id: &str) -> Result<Named, Error> {
        let mut named = self.who.named(issuer, client_id)?;
        if let Some(person) = &self.person {
            if person.as_str().trim().is_empty() {
                return Err(Error::input("person", "is empty"));
            }
            named.person = person.clone();
        }
        Ok(named)
    }

    /// The address, where it is one: for a server that knows nobody by anything else.
    pub(crate) fn as_email(&self) -> Result<Email, Error> {
        match &self.who {
            Who::Email(email) => Ok(email.clone()),
            Who::Login(text) => Email::new(text),
            _ => Err(Error::input("hint", "is no email address, and AuthSec's own routes take nothing else")),
        }
    }
}

impl Who {
    fn named(&self, issuer: &str, client_id: &str) -> Result<Named, Error> {
        let text = |value: &str, person, email| Named {
            parameter: "login_hint",
            value: Zeroizing::new(value.to_owned()),
            subject: None,
            person,
            email,
        };
        match self {
            Self::Login(value) => {
                check_text(value)?;
                // What holds more than an address is none, whatever the address in it.
                let is_plain = !value.contains(['{', '"', ':', ' ']);
                let email = Email::new(value).ok().filter(|_| is_plain);
                let person = email.as_ref().map_or_else(|| PersonKey::from(value.as_ref()), Email::key);
                Ok(text(value, person, email))
            }
            Self::Email(email) => Ok(text(email.as_str(), email.key(), Some(email.clone()))),
            Self::Phone(number) => {
                let value = format!("tel:{}", e164(number)?);
                Ok(text(&value, PersonKey::from(value.as_str()), None))
            }
            Self::Subject(sub) => {
                check_subject(sub)?;
                let value = json!({ "format": "iss_sub", "iss": issuer, "sub": &**sub }).to_string();
                let person = person_of(issuer, sub);
                Ok(Named { subject: Some(sub.clone()), ..text(&value, person, None) })
            }
            Self::LoginToken(token) => {
                check_token("login_hint_token", token)?;
                let person = match read(token) {
                    Some(Claims { iss: Value::String(iss), sub: Value::String(sub), .. }) => {
                        person_of(&iss, &sub)
                    }
                    _ => digest(&[token]).into(),
                };
                Ok(Named { parameter: "login_hint_token", ..text(token, person, None) })
            }
            Self::IdToken(token) => {
                check_token("id_token_hint", token)?;
                let sub = subject_of_own(token, issuer, client_id)
                    .map_err(|why| Error::input("id_token_hint", why))?;
                let person = person_of(issuer, &sub);
                Ok(Named {
                    parameter: "id_token_hint",
                    subject: Some(sub.into()),
                    ..text(token, person, None)
                })
            }
        }
    }
}

/// One person of one issuer, whatever hint names them.
fn person_of(iss: &str, sub: &str) -> PersonKey {
    digest(&[iss, sub]).into()
}

/// SHA-256 over the texts, each behind its length, so that no two lists write the same bytes.
fn digest(texts: &[&str]) -> String {
    let mut bytes = Zeroizing::new(Vec::new());
    for text in texts {
        bytes.extend_from_slice(&text.len().to_be_bytes());
        bytes.extend_from_slice(text.as_bytes());
    }
    URL_SAFE_NO_PAD.encode(sha256(&bytes))
}

/// Of a token that nobody has verified.
#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Claims {
    iss: Value,
    sub: Value,
    aud: Value,
}

/// What a JWT claims, unverified; `None` for anything that is none.
fn read(token: &str) -> Option<Claims> {
    let mut parts = token.split('.');
    let (_header, payload, _signature) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let payload = Zeroizing::new(URL_SAFE_NO_PAD.decode(payload).ok()?);
    if !is_one_object(&payload) {
        return None;
    }
    serde_json::from_slice(&payload).ok()
}

/// The `sub` of an ID Token of this issuer for this client.
fn subject_of_own(token: &str, issuer: &str, client_id: &str) -> Result<String, &'static str> {
    let Some(claims) = read(token) else {
        return Err("is no signed JWT that can be read");
    };
    if claims.iss.as_str() != Some(issuer) {
        return Err("is of another issuer than the client is set up with");
    }
    let names_client = match &claims.aud {
        Value::Array(audiences) => audiences.iter().any(|audience| audience == client_id),
        audience => audience == client_id,
    };
    if !names_client {
        return Err("is for another client");
    }
    match claims.sub {
        Value::String(sub) if check_subject(&sub).is_ok() => Ok(sub),
        _ => Err("names no subject"),
    }
}

fn check_text(text: &str) -> Result<(), Error> {
    let refuse = |why| Err(Error::input("login_hint", why));
    if text.trim().is_empty() {
        return refuse("is empty");
    }
    if text.len() > LONGEST_TEXT {
        return refuse("is longer than 2048 bytes");
    }
    if text.chars().any(char::is_control) {
        return refuse("holds a control character");
    }
    Ok(())
}

fn check_token(field: &'static str, token: &str) -> Result<(), Error> {
    if token.is_empty() {
        return Err(Error::input(field, "is empty"));
    }
    if token.len() > LONGEST_TOKEN {
        return Err(Error::input(field, "is longer than 16 KiB"));
    }
    if !is_visible_ascii(token) {
        return Err(Error::input(field, "holds a character that is not visible ASCII"));
    }
    Ok(())
}

fn check_subject(sub: &str) -> Result<(), Error> {
    let is_printable = sub.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if sub.is_empty() || sub.len() > LONGEST_SUBJECT || !is_printable {
        return Err(Error::input("sub", "is empty, longer than 255 bytes, or not of printable ASCII"));
    }
    Ok(())
}

/// ITU-T E.164: a plus sign and at most 15 digits, the first no zero.
fn e164(number: &str) -> Result<&str, Error> {
    let number = number.strip_prefix("tel:").unwrap_or(number);
    let digits = number.strip_prefix('+').unwrap_or_default();
    let fits = (2..=15).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && !digits.starts_with('0');
    if fits {
        Ok(number)
    } else {
        Err(Error::input("login_hint", "is no number as E.164 writes it: +447700900123"))
    }
}

impl fmt::Debug for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.who {
            Who::Email(email) => write!(f, "Hint(login_hint {})", email.masked()),
            Who::Login(_) | Who::Phone(_) | Who::Subject(_) => write!(f, "Hint(login_hint {REDACTED})"),
            Who::LoginToken(_) => write!(f, "Hint(login_hint_token {REDACTED})"),
            Who::IdToken(_) => write!(f, "Hint(id_token_hint {REDACTED})"),
        }
    }
}
