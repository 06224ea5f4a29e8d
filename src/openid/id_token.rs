use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::answer::is_one_object;
use crate::error::{Error, ErrorKind};
use crate::jose::{Alg, Jws, Malformed, left_half};
use crate::outcome::{Checked, IdToken};

/// The longest token that is read, in bytes.
const LONGEST: usize = 16 * 1024;

/// How old a token may be for a request of another process, whose start nobody here has seen.
const OLDEST: Duration = Duration::from_secs(24 * 60 * 60);

/// Later than any token's time: the year 9999, in seconds.
const LATEST: f64 = 253_402_300_799.0;

const AUTH_REQ_ID: &str = "urn:openid:params:jwt:claim:auth_req_id";
const RT_HASH: &str = "urn:openid:params:jwt:claim:rt_hash";

/// What the ID Tokens of a client have to be, decided before any is looked at.
pub(crate) struct Rules {
    pub(crate) issuer: Box<str>,
    pub(crate) client_id: Box<str>,
    pub(crate) algs: Vec<Alg>,
    pub(crate) skew: Duration,
    pub(crate) trusted_audiences: Vec<String>,
    pub(crate) required_acr: Vec<String>,
}

/// What the ID Token of this very answer has to be about.
pub(crate) struct About<'a> {
    pub(crate) access_token: &'a str,
    pub(crate) refresh_token: Option<&'a str>,
    pub(crate) auth_req_id: &'a str,
    /// Whom the start named, where it named a subject.
    pub(crate) subject: Option<&'a str>,
    /// When the start was sent; `None` for a request of another process.
    pub(crate) started: Option<SystemTime>,
}

/// A token whose form and algorithm are right, and whose signature has still to be verified.
pub(crate) struct Unverified<'a> {
    token: &'a str,
    pub(crate) jws: Jws<'a>,
    pub(crate) alg: Alg,
}

/// A token that is signed rightly, and whose claims have still to be checked.
pub(crate) struct Verified<'a> {
    token: &'a str,
    payload: Zeroizing<Vec<u8>>,
    alg: Alg,
}

/// The error of a check: it names the check, and shows nothing of the token.
pub(crate) fn failed(check: &'static str, why: &'static str) -> Error {
    Error::new(ErrorKind::IdToken, format!("the ID Token is not accepted: {check} {why}"))
        .with_field(check)
        .maybe_sent(true)
}

impl<'a> Unverified<'a> {
    /// The first checks: form, algorithm, header.
    pub(crate) fn read(token: &'a str, rules: &Rules) -> Result<Self, Error> {
        if token.len() > LONGEST {
            return Err(failed("id_token", "is longer than 16 KiB"));
        }
        let jws = Jws::split(token).map_err(|malformed| match malformed {
            Malformed::Encrypted => Error::new(
                ErrorKind::Config,
                "encrypted ID Tokens are not supported: register this client for signed ones",
            )
            .with_field("id_token")
            .maybe_sent(true),
            Malformed::Other => failed("id_token", "is no signed JWT"),
        })?;
        if !is_one_object(&jws.payload) {
            return Err(failed("id_token", "holds no JSON object in which no member stands twice"));
        }
        let alg = jws.alg().filter(|alg| rules.algs.contains(alg));
        let alg = alg.ok_or_else(|| failed("alg", "is none that this client takes"))?;
        if jws.header.contains_key("crit") {
            return Err(failed("crit", "is in the header, and nothing that it may name is understood"));
        }
        let is_jwt = |typ: &Value| typ.as_str().is_some_and(|typ| typ.eq_ignore_ascii_case("JWT"));
        if jws.header.get("typ").is_some_and(|typ| !is_jwt(typ)) {
            return Err(failed("typ", "is not JWT"));
        }
        if jws.header.get("kid").is_some_and(|kid| !kid.is_string()) {
            return Err(failed("kid", "is no text"));
        }
        Ok(Self { token, jws, alg })
    }

    /// For a token whose signature was verified: by a key of the issuer, or by the client's own secret.
    pub(crate) fn verified(self) -> Verified<'a> {
        Verified { token: self.token, payload: self.jws.payload, alg: self.alg }
    }
}

impl Verified<'_> {
    /// The other checks, in their order; `now` is the wall clock, asked once.
    pub(crate) fn check(self, rules: &Rules, about: &About<'_>, now: SystemTime) -> Result<IdToken, Error> {
        // serde's errors quote what they could not read, and are dropped.
        let claims: Map<String, Value> = serde_json::from_slice(&self.payload)
            .map_err(|_| failed("id_token", "holds claims that cannot be read"))?;
        if text(&claims, "iss") != Some(&rules.issuer) {
            return Err(failed("iss", "is not the issuer"));
        }
        let audiences = audiences(&claims, rules)?;
        let (issued_at, expires_at) = times(&claims, rules.skew, about.started, now)?;
        let subject =
            text(&claims, "sub").filter(|sub| !sub.is_empty() && sub.len() <= 255 && sub.is_ascii());
        let subject: Box<str> = subject.ok_or_else(|| failed("sub", "is missing, or is none"))?.into();
        if about.subject.is_some_and(|named| *named != *subject) {
            return Err(failed("sub", "is another person than was asked"));
        }
        self.check_hashes(&claims, about)?;
        if !rules.required_acr.is_empty() {
            let acr = text(&claims, "acr");
            if !acr.is_some_and(|acr| rules.required_acr.iter().any(|required| required == acr)) {
                return Err(failed("acr", "is none of those that are required"));
            }
        }
        Ok(IdToken::of(Checked {
            jwt: Zeroizing::new(self.token.into()),
            issuer: rules.issuer.clone(),
            subject,
            audiences,
            expires_at,
            issued_at,
            claims,
        }))
    }

    /// What binds the token to this answer (OpenID CIBA Core, section 10.3.1).
    fn check_hashes(&self, claims: &Map<String, Value>, about: &About<'_>) -> Result<(), Error> {
        let given = |name: &str| claims.get(name).filter(|value| !value.is_null());
        let fits = |claim: &Value, token: &str| claim.as_str() == Some(&*left_half(self.alg, token));
        if given("at_hash").is_some_and(|hash| !fits(hash, about.access_token)) {
            return Err(failed("at_hash", "is of another access token"));
        }
        if let Some(hash) = given(RT_HASH) {
            let Some(refresh_token) = about.refresh_token else {
                return Err(failed("rt_hash", "is there without a refresh token"));
            };
            if !fits(hash, refresh_token) {
                return Err(failed("rt_hash", "is of another refresh token"));
            }
        }
        if given(AUTH_REQ_ID).is_some_and(|id| id.as_str() != Some(about.auth_req_id)) {
            return Err(failed("auth_req_id", "is of another request"));
        }
        Ok(())
    }
}

fn text<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    claims.get(name).and_then(Value::as_str)
}

/// Whom it is for (OpenID Connect Core, section 3.1.3.7, 3 to 5).
fn audiences(claims: &Map<String, Value>, rules: &Rules) -> Result<Vec<String>, Error> {
    const AUD: &str = "aud";
    let entry = |value: &Value| value.as_str().map(str::to_owned);
    let audiences: Option<Vec<String>> = match claims.get(AUD) {
        Some(Value::Array(entries)) => entries.iter().map(entry).collect(),
        Some(one) => entry(one).map(|one| vec![one]),
        None => None,
    };
    let audiences = audiences.ok_or_else(|| failed(AUD, "is missing, or is none"))?;
    let is_client = |audience: &String| **audience == *rules.client_id;
    if !audiences.iter().any(is_client) {
        return Err(failed(AUD, "is another client"));
    }
    if audiences.iter().any(|audience| !is_client(audience) && !rules.trusted_audiences.contains(audience)) {
        return Err(failed(AUD, "names another besides this client, which trusted_audiences does not"));
    }
    match claims.get("azp") {
        None | Some(Value::Null) => {}
        Some(azp) if azp.as_str() == Some(&rules.client_id) => {}
        Some(_) => return Err(failed("azp", "is another client")),
    }
    Ok(audiences)
}

/// When it was issued, and when it expires (OpenID Connect Core, section 3.1.3.7, 9 and 10).
fn times(
    claims: &Map<String, Value>,
    skew: Duration,
    started: Option<SystemTime>,
    now: SystemTime,
) -> Result<(SystemTime, SystemTime), Error> {
    let instant = |name: &'static str| match claims.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => {
            let seconds = value.as_f64().filter(|seconds| (0.0..=LATEST).contains(seconds));
            let instant = seconds
                .and_then(|seconds| UNIX_EPOCH.checked_add(Duration::try_from_secs_f64(seconds).ok()?));
            instant.map(Some).ok_or_else(|| failed(name, "is no time"))
        }
    };
    let earliest = |instant: SystemTime| instant.checked_sub(skew).unwrap_or(UNIX_EPOCH);
    let latest = now.checked_add(skew).unwrap_or(now);
    let expires_at = instant("exp")?.ok_or_else(|| failed("exp", "is missing"))?;
    if expires_at <= earliest(now) {
        return Err(failed("exp", "is over"));
    }
    let issued_at = instant("iat")?.ok_or_else(|| failed("iat", "is missing"))?;
    if issued_at > latest {
        return Err(failed("iat", "is in the future"));
    }
    let oldest = match started {
        Some(started) => earliest(whole_second(started)),
        None => now.checked_sub(OLDEST).unwrap_or(UNIX_EPOCH),
    };
    if issued_at < oldest {
        return Err(failed("iat", "is before the request"));
    }
    if instant("nbf")?.is_some_and(|nbf| nbf > latest) {
        return Err(failed("nbf", "is in the future"));
    }
    Ok((issued_at, expires_at))
}

/// The second in which an instant is: the times of most tokens have no fractions.
fn whole_second(instant: SystemTime) -> SystemTime {
    let since = instant.duration_since(UNIX_EPOCH).unwrap_or_default();
    UNIX_EPOCH.checked_add(Duration::from_secs(since.as_secs())).unwrap_or(instant)
}
