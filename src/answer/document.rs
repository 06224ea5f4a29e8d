use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::ops::Deref;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use zeroize::Zeroizing;

/// One value of an answer, as loosely as servers write it.
#[derive(Default)]
pub(crate) enum Scalar<'de> {
    #[default]
    Missing,
    Null,
    Bool(bool),
    Number(f64),
    Text(Text<'de>),
    /// An array or an object: no member that we read is one.
    Nested,
}

/// Text of an answer: borrowed from its body, unless it holds an escape. It may be a token, so what is not borrowed is wiped.
pub(crate) enum Text<'de> {
    Borrowed(&'de str),
    Own(Zeroizing<String>),
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Borrowed(text) => text,
            Self::Own(text) => text,
        }
    }
}

impl Scalar<'_> {
    /// `None` where it is absent: missing, `null`, or the empty text.
    pub(crate) fn given(&self) -> Option<&Self> {
        match self {
            Self::Missing | Self::Null => None,
            Self::Text(text) if text.is_empty() => None,
            given => Some(given),
        }
    }

    /// A text that is not empty.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }
}

/// The members of an answer that mean something to us. Everything else was checked and passed over.
#[derive(Default)]
pub(crate) struct Document<'de> {
    pub(crate) error: Scalar<'de>,
    pub(crate) message: Scalar<'de>,
    pub(crate) success: Scalar<'de>,
    pub(crate) auth_req_id: Scalar<'de>,
    pub(crate) email: Scalar<'de>,
    pub(crate) login_hint: Scalar<'de>,
    pub(crate) expires_in: Scalar<'de>,
    pub(crate) interval: Scalar<'de>,
    pub(crate) access_token: Scalar<'de>,
    pub(crate) token: Scalar<'de>,
    pub(crate) token_type: Scalar<'de>,
    pub(crate) scope: Scalar<'de>,
}

/// What serde_json names a number by where some other crate of the program has switched its `arbitrary_precision` on: every
/// number then comes as a map of this one member, its text.
const NUMBER: &str = "$serde_json::private::Number";

impl<'de> Document<'de> {
    /// Reads a whole body: one JSON object, no member twice at any depth, valid UTF-8, at most serde_json's 128 levels.
    pub(crate) fn read(body: &'de [u8]) -> Option<Self> {
        // serde_json skips over invalid UTF-8 where it does not need the text.
        let text = std::str::from_utf8(body).ok()?;
        Self::of(serde_json::Deserializer::from_str(text)).or_else(|| {
            // Once more, where only a number was in the way. A reader lends nothing: the document outlives these bytes.
            let tamed = super::number::tamed(text)?;
            Self::of(serde_json::Deserializer::from_reader(&tamed[..]))
        })
    }

    fn of(mut deserializer: serde_json::Deserializer<impl serde_json::de::Read<'de>>) -> Option<Self> {
        let mut document = Self::default();
        // The error is dropped on purpose: serde's messages quote what they could not read.
        deserializer.deserialize_map(Members(&mut document)).ok()?;
        deserializer.end().ok()?;
        Some(document)
    }

    fn member(&mut self, name: &str) -> Option<&mut Scalar<'de>> {
        Some(match name {
            "error" => &mut self.error,
            "message" => &mut self.message,
            "success" => &mut self.success,
            "auth_req_id" => &mut self.auth_req_id,
            "email" => &mut self.email,
            "login_hint" => &mut self.login_hint,
            "expires_in" => &mut self.expires_in,
            "interval" => &mut self.interval,
            "access_token" => &mut self.access_token,
            "token" => &mut self.token,
            "token_type" => &mut self.token_type,
            "scope" => &mut self.scope,
            _ => return None,
        })
    }
}

/// Reads the members of an object into their places. It is large, so it is filled where it stands.
struct Members<'a, 'de>(&'a mut Document<'de>);

impl<'de> Visitor<'de> for Members<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut others = Names::default();
        while let Some(Name(name)) = map.next_key()? {
            match self.0.member(&name) {
                Some(place @ Scalar::Missing) => *place = map.next_value_seed(AsScalar)?,
                Some(_) => return Err(twice()),
                None => {
                    others.insert(name)?;
                    map.next_value_seed(Passed)?;
                }
            }
        }
        Ok(())
    }
}

fn twice<E: Error>() -> E {
    E::custom("a member stands twice")
}

/// The member names of one object; refuses a second of the same name.
#[derive(Default)]
struct Names<'de> {
    /// Most objects have one that we do not know, if any.
    first: Option<Cow<'de, str>>,
    others: HashSet<Cow<'de, str>>,
}

impl<'de> Names<'de> {
    fn insert<E: Error>(&mut self, name: Cow<'de, str>) -> Result<(), E> {
        let fresh = match &self.first {
            None => {
                self.first = Some(name);
                true
            }
            Some(first) => *first != name && self.others.insert(name),
        };
        if fresh { Ok(()) } else { Err(twice()) }
    }
}

/// A member's name, borrowed from the body unless it holds an escape.
struct Name<'de>(Cow<'de, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AsName;

        impl<'de> Visitor<'de> for AsName {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_borrowed_str<E: Error>(self, name: &'de str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Borrowed(name)))
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Owned(name.to_owned())))
            }
        }

        deserializer.deserialize_str(AsName)
    }
}

/// Keeps a scalar; what is nested is passed over.
struct AsScalar;

impl<'de> DeserializeSeed<'de> for AsScalar {
    type Value = Scalar<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Scalar<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for AsScalar {
    type Value = Scalar<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Number(value as f64))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Number(value))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Text(Text::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Text(Text::Own(Zeroizing::new(value.to_owned()))))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Scalar<'de>, A::Error> {
        Passed.visit_seq(seq).map(|()| Scalar::Nested)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Scalar<'de>, A::Error> {
        let mut names = Names::default();
        let mut number = None;
        while let Some(Name(name)) = map.next_key()? {
            if name == NUMBER {
                let value = map.next_value_seed(Self)?;
                let value = value.text().and_then(|text| text.parse().ok()).filter(|it: &f64| !it.is_nan());
                number = Some(value.ok_or_else(|| A::Error::custom("a number that is none"))?);
            } else {
                map.next_value_seed(Passed)?;
            }
            names.insert(name)?;
        }
        Ok(number.map_or(Scalar::Nested, Scalar::Number))
    }
}

/// Walks through a value that nobody reads, so that nothing unclean hides inside.
struct Passed;

impl<'de> DeserializeSeed<'de> for Passed {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Passed {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element_seed(Passed)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut names = Names::default();
        while let Some(Name(name)) = map.next_key()? {
            names.insert(name)?;
            map.next_value_seed(Passed)?;
        }
        Ok(())
    }
}
