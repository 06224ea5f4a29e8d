use std::time::{SystemTime, UNIX_EPOCH};

use url::Url;
use zeroize::Zeroizing;

use super::assertion_audience::AssertionAudience;
use super::client_auth::{ClientAuth, Method, PrivateKey};
use super::metadata::Metadata;
use super::svid;
use crate::error::Error;
use crate::form::{Form, encoded};
use crate::jose::{Alg, Assertion, Audience, SigningError, SigningKey, sign_by_secret, signed};
use crate::secret::ClientSecret;
use crate::sync::{Mutex, lock};

/// RFC 7523, section 2.2.
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Who the client is, for each of its requests. The credential can be changed while polls run.
pub(crate) struct Authenticator {
    client_id: Box<str>,
    issuer: Box<str>,
    token_endpoint: Box<str>,
    audience: AssertionAudience,
    /// The id stands in every form, whatever the method.
    id_in_form: bool,
    method: Mutex<Method>,
}

/// What an [`Authenticator`] is made of.
pub(crate) struct Identity<'a> {
    pub(crate) client_id: &'a str,
    pub(crate) issuer: &'a str,
    pub(crate) token_endpoint: &'a Url,
    pub(crate) audience: AssertionAudience,
    pub(crate) id_in_form: bool,
}

/// Id and secret, form-encoded, as HTTP Basic takes them (RFC 6749, section 2.3.1).
pub(crate) struct BasicPair {
    pub(crate) id: Zeroizing<String>,
    pub(crate) secret: ClientSecret,
}

impl Authenticator {
    /// `metadata` where its word counts.
    pub(crate) fn new(
        identity: Identity<'_>,
        auth: ClientAuth,
        metadata: Option<&Metadata>,
    ) -> Result<Self, Error> {
        auth.check()?;
        if let Some(metadata) = metadata {
            auth.0.check_against(metadata)?;
        }
        Ok(Self {
            client_id: identity.client_id.into(),
            issuer: identity.issuer.into(),
            token_endpoint: identity.token_endpoint.as_str().into(),
            audience: identity.audience,
            id_in_form: identity.id_in_form,
            method: Mutex::new(auth.0),
        })
    }

    fn method(&self) -> Method {
        lock(&self.method).clone()
    }

    /// The secret that both sides know.
    pub(crate) fn secret(&self) -> Option<ClientSecret> {
        self.method().secret().cloned()
    }

    /// Where its assertions come from, by the name of the setting.
    pub(crate) fn source(&self) -> &'static str {
        if matches!(self.method(), Method::Svid(_)) { "svid" } else { "signing_key" }
    }

    /// What goes into the `Authorization` header, if anything does.
    pub(crate) fn basic(&self) -> Option<BasicPair> {
        match self.method() {
            Method::SecretBasic(secret) => Some(BasicPair {
                id: encoded(&self.client_id),
                secret: ClientSecret::new(std::mem::take(&mut *encoded(secret.expose_secret()))),
            }),
            _ => None,
        }
    }

    /// Puts another secret in the place of the one that is.
    pub(crate) fn set_secret(&self, secret: ClientSecret) -> Result<(), Error> {
        let method = self.method().with_secret(secret)?;
        // Named, so that the old one is dropped when the lock is not held any more.
        let _old = std::mem::replace(&mut *lock(&self.method), method);
        Ok(())
    }

    /// Puts another key in the place of the one that is.
    pub(crate) fn set_key(&self, key: SigningKey) -> Result<(), Error> {
        if !matches!(self.method(), Method::PrivateKeyJwt(_)) {
            return Err(Error::config("signing_key", "is nothing that this client authenticates with"));
        }
        let method = Method::PrivateKeyJwt(PrivateKey::Here(key));
        let _old = std::mem::replace(&mut *lock(&self.method), method);
        Ok(())
    }

    /// What goes into the form of one request to this endpoint: made when it leaves, and for it alone.
    pub(crate) async fn form(&self, endpoint: &str) -> Result<Form, SigningError> {
        let mut form = Form::default();
        let method = self.method();
        let has_id = !matches!(method, Method::SecretBasic(_)) || self.id_in_form;
        if has_id {
            form.add("client_id", &self.client_id);
        }
        let assertion = match &method {
            Method::SecretPost(secret) => {
                form.add_secret("client_secret", secret.expose_secret());
                None
            }
            Method::SecretJwt(secret) => {
                let input = self.assertion(Alg::HS256, None, endpoint)?;
                let signature = sign_by_secret(secret.expose_secret().as_bytes(), input.as_bytes());
                Some((ASSERTION_TYPE, signed(&input, &signature)))
            }
            Method::PrivateKeyJwt(key) => {
                let input = self.assertion(key.alg(), key.kid(), endpoint)?;
                let signature = key.sign(input.as_bytes()).await?;
                Some((ASSERTION_TYPE, signed(&input, &signature)))
            }
            Method::Svid(source) => Some((svid::ASSERTION_TYPE, source.fetch().await?)),
            Method::SecretBasic(_) | Method::Certificate(_) | Method::None => None,
        };
        if let Some((kind, assertion)) = assertion {
            form.add("client_assertion_type", kind);
            form.add_secret("client_assertion", &assertion);
        }
        Ok(form)
    }

    fn assertion(
        &self,
        alg: Alg,
        kid: Option<&str>,
        endpoint: &str,
    ) -> Result<Zeroizing<String>, SigningError> {
        let mut jti = [0; 16];
        getrandom::fill(&mut jti)
            .map_err(|_| SigningError::transient("the system gives no random numbers"))?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let audience = match &self.audience {
            AssertionAudience::Issuer => Audience::One(&self.issuer),
            AssertionAudience::TokenEndpoint => Audience::One(&self.token_endpoint),
            AssertionAudience::Endpoint => Audience::One(endpoint),
            AssertionAudience::Text(text) => Audience::One(text),
            AssertionAudience::List(texts) => Audience::List(texts.iter().map(String::as_str).collect()),
        };
        Ok(Assertion { alg, kid, client_id: &self.client_id, audience, now, jti }.input())
    }
}
