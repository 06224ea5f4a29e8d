use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::endpoint::Endpoints;
use crate::answer::is_one_object;
use crate::error::Error;

/// The longest document that is read, in bytes.
pub(crate) const LONGEST: usize = 256 * 1024;

/// What a provider says of itself (OpenID Connect Discovery 1.0, section 3; RFC 8414, section 2; OpenID CIBA Core, section
/// 4), as far as this crate uses it: read, not yet checked.
#[derive(Debug, Default)]
pub(crate) struct Metadata {
    pub(crate) issuer: String,
    token_endpoint: Option<String>,
    start_endpoint: Option<String>,
    jwks_uri: Option<String>,
    aliases: Option<Aliases>,
    /// `None` where the list is not there.
    delivery_modes: Option<Vec<String>>,
    auth_methods: Option<Vec<String>>,
    auth_algs: Option<Vec<String>>,
    id_token_algs: Option<Vec<String>>,
    takes_user_code: bool,
}

/// Where the same endpoints ask for a certificate (RFC 8705, section 5).
#[derive(Debug, Default)]
struct Aliases {
    token_endpoint: Option<String>,
    start_endpoint: Option<String>,
}

/// The addresses that a client calls, frozen when it is built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Addresses {
    /// The backchannel authentication endpoint.
    pub(crate) start: Url,
    pub(crate) token: Url,
    pub(crate) keys: Option<Url>,
}

const ISSUER: &str = "issuer";
const TOKEN: &str = "token_endpoint";
const START: &str = "backchannel_authentication_endpoint";
const KEYS: &str = "jwks_uri";
const ALIASES: &str = "mtls_endpoint_aliases";
const MODES: &str = "backchannel_token_delivery_modes_supported";
const USER_CODE: &str = "backchannel_user_code_parameter_supported";
const AUTH_METHODS: &str = "token_endpoint_auth_methods_supported";
const AUTH_ALGS: &str = "token_endpoint_auth_signing_alg_values_supported";
const ID_TOKEN_ALGS: &str = "id_token_signing_alg_values_supported";

/// The members that are read. Others are passed over, whatever they hold.
#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Members {
    issuer: Value,
    token_endpoint: Value,
    backchannel_authentication_endpoint: Value,
    jwks_uri: Value,
    mtls_endpoint_aliases: Value,
    backchannel_token_delivery_modes_supported: Value,
    backchannel_user_code_parameter_supported: Value,
    token_endpoint_auth_methods_supported: Value,
    token_endpoint_auth_signing_alg_values_supported: Value,
    id_token_signing_alg_values_supported: Value,
}

impl Metadata {
    /// Reads a document: one JSON object, no member twice. A member that is used and has the wrong type is an error that
    /// names it; `null` counts as not there.
    pub(crate) fn read(json: &[u8]) -> Result<Self, Error> {
        let refuse = |why| Err(Error::config("metadata", why));
        if json.len() > LONGEST {
            return refuse("is longer than 256 KiB");
        }
        if !is_one_object(json) {
            return refuse("is not one JSON object in which no member stands twice");
        }
        // serde's errors quote what they could not read, and are dropped.
        let Ok(members) = serde_json::from_slice::<Members>(json) else {
            return refuse("holds a member that cannot be read");
        };
        let Some(issuer) = text(ISSUER, members.issuer)? else {
            return Err(Error::config(ISSUER, "is not named by the metadata"));
        };
        Ok(Self {
            issuer,
            token_endpoint: text(TOKEN, members.token_endpoint)?,
            start_endpoint: text(START, members.backchannel_authentication_endpoint)?,
            jwks_uri: text(KEYS, members.jwks_uri)?,
            aliases: Aliases::read(members.mtls_endpoint_aliases)?,
            delivery_modes: texts(MODES, members.backchannel_token_delivery_modes_supported)?,
            auth_methods: texts(AUTH_METHODS, members.token_endpoint_auth_methods_supported)?,
            auth_algs: texts(AUTH_ALGS, members.token_endpoint_auth_signing_alg_values_supported)?,
            id_token_algs: texts(ID_TOKEN_ALGS, members.id_token_signing_alg_values_supported)?,
            takes_user_code: flag(USER_CODE, &members.backchannel_user_code_parameter_supported)?,
        })
    }

    /// Of an issuer of which nothing is known but its endpoints, by hand.
    pub(crate) fn of(issuer: &str) -> Self {
        Self { issuer: issuer.to_owned(), ..Self::default() }
    }

    /// What was set by hand counts instead, and has no alias.
    pub(crate) fn with_endpoints(
        mut self,
        start: Option<String>,
        token: Option<String>,
        keys: Option<String>,
    ) -> Self {
        let aliases = self.aliases.get_or_insert_default();
        if start.is_some() {
            (self.start_endpoint, aliases.start_endpoint) = (start, None);
        }
        if token.is_some() {
            (self.token_endpoint, aliases.token_endpoint) = (token, None);
        }
        self.jwks_uri = keys.or(self.jwks_uri);
        self
    }

    /// Whether the two endpoints are known that everything needs.
    pub(crate) fn has_endpoints(&self) -> bool {
        self.start_endpoint.is_some() && self.token_endpoint.is_some()
    }

    /// Checks the document's issuer against the configured one: byte for byte, since it is what ID Tokens name (OpenID Connect
    /// Discovery 1.0, section 4.3).
    pub(crate) fn is_of(&self, issuer: &str) -> Result<(), Error> {
        if self.issuer == issuer {
            return Ok(());
        }
        let bare = |text: &str| text.strip_suffix('/').unwrap_or(text).to_owned();
        if bare(&self.issuer) == bare(issuer) {
            let why = if issuer.ends_with('/') {
                "is set with a slash at its end that the provider's own has not: configure it without"
            } else {
                "is set without the slash that the provider's own ends with: configure it with a slash at its end"
            };
            return Err(Error::config(ISSUER, why));
        }
        Err(Error::config(ISSUER, "is another one in the metadata than is configured"))
    }

    /// The addresses to call, checked; the aliases where a client certificate is presented.
    pub(crate) fn addresses(
        &self,
        endpoints: &Endpoints<'_>,
        with_certificate: bool,
    ) -> Result<Addresses, Error> {
        let of = |field, plain: &Option<String>, alias: Option<&String>| {
            let alias = alias.filter(|_| with_certificate);
            let Some(text) = alias.or(plain.as_ref()) else {
                return Err(Error::config(field, "is not named by the provider's metadata"));
            };
            endpoints.check(field, text)
        };
        let aliases = self.aliases.as_ref();
        Ok(Addresses {
            start: of(
                START,
                &self.start_endpoint,
                aliases.and_then(|aliases| aliases.start_endpoint.as_ref()),
            )?,
            token: of(
                TOKEN,
                &self.token_endpoint,
                aliases.and_then(|aliases| aliases.token_endpoint.as_ref()),
            )?,
            keys: self.jwks_uri.as_ref().map(|uri| endpoints.check(KEYS, uri)).transpose()?,
        })
    }

    /// Whether the provider can be polled. A list that is not there means that it can.
    pub(crate) fn delivers_by_poll(&self) -> Result<(), Error> {
        if self.delivery_modes.as_ref().is_none_or(|modes| modes.iter().any(|mode| mode == "poll")) {
            return Ok(());
        }
        Err(Error::config(MODES, "does not name poll, the one mode of this client"))
    }

    /// Whether the provider takes this way to authenticate. A list that is not there excludes nothing: what it stands for is
    /// client_secret_basic alone, and many a provider that leaves it out takes others.
    pub(crate) fn takes_auth_method(&self, method: &str) -> Result<(), Error> {
        excluded(AUTH_METHODS, self.auth_methods.as_deref(), method)
    }

    /// Whether the provider takes assertions that are signed so.
    pub(crate) fn takes_assertion_alg(&self, alg: &str) -> Result<(), Error> {
        excluded(AUTH_ALGS, self.auth_algs.as_deref(), alg)
    }

    /// The algorithms of ID Tokens, as the provider lists them.
    pub(crate) fn id_token_algs(&self) -> Option<&[String]> {
        self.id_token_algs.as_deref()
    }

    /// Whether the provider takes a `user_code`.
    pub(crate) fn takes_user_code(&self) -> bool {
        self.takes_user_code
    }
}

impl Aliases {
    fn read(value: Value) -> Result<Option<Self>, Error> {
        match value {
            Value::Null => Ok(None),
            Value::Object(mut members) => {
                let mut member = |name: &'static str| {
                    let value = members.remove(name).unwrap_or_default();
                    text(name, value).map_err(|error| error.with_field(ALIASES))
                };
                Ok(Some(Self { token_endpoint: member(TOKEN)?, start_endpoint: member(START)? }))
            }
            _ => Err(Error::config(ALIASES, "is no object in the metadata")),
        }
    }
}

fn excluded(list: &'static str, named: Option<&[String]>, wanted: &str) -> Result<(), Error> {
    if named.is_none_or(|named| named.iter().any(|name| name == wanted)) {
        return Ok(());
    }
    Err(Error::config(
        list,
        format_args!(
            "does not name {wanted}: take what the provider names, or, where its metadata is wrong, \
             trust_my_settings(true)"
        ),
    ))
}

fn text(field: &'static str, value: Value) -> Result<Option<String>, Error> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) if !text.is_empty() => Ok(Some(text)),
        Value::String(_) => Err(Error::config(field, "is empty in the metadata")),
        _ => Err(Error::config(field, "is no text in the metadata")),
    }
}

fn texts(field: &'static str, value: Value) -> Result<Option<Vec<String>>, Error> {
    let refuse = || Error::config(field, "is no list of texts in the metadata");
    match value {
        Value::Null => Ok(None),
        Value::Array(entries) => {
            let text = |entry| match entry {
                Value::String(text) => Ok(text),
                _ => Err(refuse()),
            };
            entries.into_iter().map(text).collect::<Result<_, _>>().map(Some)
        }
        _ => Err(refuse()),
    }
}

fn flag(field: &'static str, value: &Value) -> Result<bool, Error> {
    match value {
        Value::Null => Ok(false),
        Value::Bool(flag) => Ok(*flag),
        _ => Err(Error::config(field, "is neither true nor false in the metadata")),
    }
}

/// Where the document of an issuer is: OpenID Connect Discovery 1.0, section 4; where that is not found, RFC 8414, section 3.
pub(crate) fn well_known(issuer: &Url) -> [Url; 2] {
    let path = issuer.path().strip_suffix('/').unwrap_or(issuer.path());
    let at = |path: String| {
        let mut url = issuer.clone();
        url.set_path(&path);
        url
    };
    [
        at(format!("{path}/.well-known/openid-configuration")),
        at(format!("/.well-known/oauth-authorization-server{path}")),
    ]
}
