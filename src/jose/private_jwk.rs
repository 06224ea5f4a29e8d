//! A private key as JSON (RFC 7517, section 4; RFC 7518, section 6; RFC 8037).

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::answer::is_one_object;

/// The members that are read, lent by the text: what has an escape is refused, for it would have to be copied. Base64url has
/// none.
#[derive(Deserialize)]
struct Members<'a> {
    kty: &'a str,
    crv: Option<&'a str>,
    #[serde(borrow)]
    kid: Option<Cow<'a, str>>,
    alg: Option<&'a str>,
    #[serde(rename = "use")]
    usage: Option<&'a str>,
    key_ops: Option<Vec<Cow<'a, str>>>,
    n: Option<&'a str>,
    e: Option<&'a str>,
    p: Option<&'a str>,
    q: Option<&'a str>,
    dp: Option<&'a str>,
    dq: Option<&'a str>,
    qi: Option<&'a str>,
    x: Option<&'a str>,
    y: Option<&'a str>,
    d: Option<&'a str>,
    oth: Option<serde::de::IgnoredAny>,
}

/// What a private JWK holds, its numbers as bytes.
pub(super) struct PrivateJwk<'a> {
    pub(super) kid: Option<Cow<'a, str>>,
    pub(super) alg: Option<&'a str>,
    pub(super) numbers: Numbers<'a>,
}

pub(super) type Number = Zeroizing<Vec<u8>>;

pub(super) enum Numbers<'a> {
    Rsa(Box<Rsa>),
    Ec { curve: &'a str, x: Number, y: Number, d: Number },
    Okp { curve: &'a str, x: Number, d: Number },
}

pub(super) struct Rsa {
    pub(super) n: Number,
    pub(super) e: Number,
    pub(super) d: Number,
    pub(super) p: Number,
    pub(super) q: Number,
    pub(super) dp: Number,
    pub(super) dq: Number,
    pub(super) qi: Number,
}

impl<'a> PrivateJwk<'a> {
    /// Reads a key that may sign; what it says is wrong shows nothing of the key.
    pub(super) fn read(json: &'a [u8]) -> Result<Self, &'static str> {
        if !is_one_object(json) {
            return Err("is not one JSON object in which no member stands twice");
        }
        // serde's errors quote what they could not read, and are dropped.
        let members: Members<'a> =
            serde_json::from_slice(json).map_err(|_| "holds a member that is not as RFC 7517 has it")?;
        if members.usage.is_some_and(|usage| usage != "sig") {
            return Err("is not for signatures (use)");
        }
        if members.key_ops.as_ref().is_some_and(|operations| !operations.iter().any(|it| it == "sign")) {
            return Err("may not sign (key_ops)");
        }
        let numbers =
            members.numbers().ok_or("is no private key of kind RSA, EC or OKP with all its numbers")?;
        Ok(Self { kid: members.kid, alg: members.alg, numbers })
    }
}

impl<'a> Members<'a> {
    fn numbers(&self) -> Option<Numbers<'a>> {
        let d = number(self.d)?;
        Some(match (self.kty, self.crv) {
            ("RSA", _) if self.oth.is_none() => Numbers::Rsa(Box::new(Rsa {
                n: number(self.n)?,
                e: number(self.e)?,
                d,
                p: number(self.p)?,
                q: number(self.q)?,
                dp: number(self.dp)?,
                dq: number(self.dq)?,
                qi: number(self.qi)?,
            })),
            ("EC", Some(curve)) => Numbers::Ec { curve, x: number(self.x)?, y: number(self.y)?, d },
            ("OKP", Some(curve)) => Numbers::Okp { curve, x: number(self.x)?, d },
            _ => return None,
        })
    }
}

fn number(base64: Option<&str>) -> Option<Number> {
    let base64 = base64?;
    // Room enough, so that it never moves.
    let mut number = Zeroizing::new(Vec::with_capacity(base64.len()));
    URL_SAFE_NO_PAD.decode_vec(base64, &mut number).ok()?;
    Some(number)
}
