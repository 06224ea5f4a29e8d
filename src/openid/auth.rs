use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use url::Url;
use zeroize::Zeroizing;

use super::metadata::Metadata;
use super::svid::{self, SvidSource};
use crate::error::Error;
use crate::form::{Form, encoded};
use crate::jose::{Alg, Assertion, Audience, Signer, SigningError, SigningKey, sign_by_secret, signed};
use crate::secret::{ClientSecret, REDACTED};
use crate::sync::{Mutex, lock};

/// The shortest secret that signs (RFC 7518, section 3.2), in bytes.
pub(super) const LEAST_SECRET: usize = 32;

const SECRET: &str = "client_secret";

/// RFC 7523, section 2.2.
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// How a client says who it is, at every endpoint alike (OpenID CIBA Core, sections 7.1 and 10.1; OpenID Connect Core,
/// section 9; RFC 8705).
///
/// `Debug` shows the method, and nothing of the credential.
#[derive(Clone)]
pub struct ClientAuth(pub(crate) Method);

#[derive(Clone)]
pub(crate) enum Method {
    SecretBasic(ClientSecret),
    SecretPost(ClientSecret),
    SecretJwt(ClientSecret),
    PrivateKeyJwt(PrivateKey),
    Certificate(Zeroizing<Vec<u8>>),
    Svid(SvidSource),
    None,
}

/// A private key, in this process or out of it.
#[derive(Clone)]
pub(crate) enum PrivateKey {
    Here(SigningKey),
    Elsewhere(Arc<dyn Signer>),
}

/// Whom a client assertion is for (`aud`; OpenID CIBA Core, section 7.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AssertionAudience {
    /// The issuer, which CIBA requires providers to take.
    #[default]
    Issuer,
    /// The token endpoint, for every request.
    TokenEndpoint,
    /// The endpoint that is called.
    Endpoint,
    /// This text.
    Text(String),
    /// All of these, as a list.
    List(Vec<String>),
}

impl ClientAuth {
    /// `client_secret_basic`: id and secret, each form-encoded, in the `Authorization` header (RFC 6749, section 2.3.1).
    pub fn secret_basic(secret: impl Into<String>) -> Self {
        Self(Method::SecretBasic(ClientSecret::new(secret.into())))
    }

    /// `client_secret_post`: id and secret in the body.
    pub fn secret_post(secret: impl Into<String>) -> Self {
        Self(Method::SecretPost(ClientSecret::new(secret.into())))
    }

    /// `client_secret_jwt`: an assertion signed by the secret with HS256; at least 32 bytes.
    pub fn secret_jwt(secret: impl Into<String>) -> Self {
        Self(Method::SecretJwt(ClientSecret::new(secret.into())))
    }

    /// `private_key_jwt`: an assertion signed by this key. [`CibaClient::set_signing_key`](crate::CibaClient::set_signing_key)
    /// puts another in its place.
    ///
    /// Every request, each poll too, is signed anew: 0.73 ms with PS256, 45 microseconds with ES256, 23 with Ed25519.
    pub fn private_key_jwt(key: SigningKey) -> Self {
        Self(Method::PrivateKeyJwt(PrivateKey::Here(key)))
    }

    /// `private_key_jwt` with a key that lives elsewhere, in a KMS or an HSM.
    pub fn signer(signer: impl Signer + 'static) -> Self {
        Self(Method::PrivateKeyJwt(PrivateKey::Elsewhere(Arc::new(signer))))
    }

    /// `tls_client_auth` or `self_signed_tls_client_auth`: the certificate with the chain behind it, and its private key, both
    /// in PEM. The metadata's `mtls_endpoint_aliases` are called where it names them (RFC 8705, section 5).
    pub fn certificate(pem_chain: impl AsRef<[u8]>, pem_key: impl AsRef<[u8]>) -> Self {
        let parts = [pem_chain.as_ref(), b"\n", pem_key.as_ref()];
        Self(Method::Certificate(Zeroizing::new(parts.concat())))
    }

    /// A SPIFFE JWT-SVID, which AuthSec takes at [`ApiRoutes::OAuth`](crate::ApiRoutes::OAuth), and nobody else: at an OpenID
    /// provider it is refused when the client is built. The workload's identity has to be that of an active service account, and
    /// [`client_id`](crate::CibaClientBuilder::client_id) goes beside it.
    ///
    /// The function is asked for every request, each poll too, when the request leaves, and given 10 s; this crate keeps none of
    /// what it gives, and wipes it. It may hand out the SVID that it holds for as long as that is good. Where it has none for the
    /// moment, [`SigningError::transient`] lets polls go on, and [`SigningError::fatal`] ends them; so does a text that is no signed
    /// JWT, which is not sent.
    ///
    /// ```
    /// use authsec_ciba::{ApiRoutes, CibaClient, ClientAuth, SigningError};
    ///
    /// # fn main() -> Result<(), authsec_ciba::Error> {
    /// // Written and renewed by a SPIFFE helper, beside this process.
    /// let svid = || async {
    ///     let text = std::fs::read_to_string("/run/spiffe/authsec.jwt").map_err(SigningError::transient)?;
    ///     Ok(text.trim().to_owned())
    /// };
    /// let client = CibaClient::builder()
    ///     .base_url("https://authsec.example.com")
    ///     .routes(ApiRoutes::OAuth)
    ///     .client_id("my-client")
    ///     .client_auth(ClientAuth::svid(svid))
    ///     .build()?;
    /// # let _ = client;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// `docs/wire.md`, section 4; SPIFFE JWT-SVID, section 3.
    pub fn svid<F, Out>(function: F) -> Self
    where
        F: Fn() -> Out + Send + Sync + 'static,
        Out: Future<Output = Result<String, SigningError>> + Send + 'static,
    {
        Self(Method::Svid(SvidSource::new(function)))
    }

    /// Whether it is one of AuthSec's own.
    pub(crate) fn is_svid(&self) -> bool {
        matches!(self.0, Method::Svid(_))
    }

    /// The algorithm of its assertions, where a private key makes them.
    pub(crate) fn private_key_alg(&self) -> Option<Alg> {
        match &self.0 {
            Method::PrivateKeyJwt(key) => Some(key.alg()),
            _ => None,
        }
    }

    /// The secret that both sides know.
    pub(crate) fn secret(&self) -> Option<&ClientSecret> {
        self.0.secret()
    }

    /// What can be said of the credential alone.
    pub(crate) fn check(&self) -> Result<(), Error> {
        self.0.check()
    }

    /// The secret, where it is sent by HTTP Basic.
    pub(crate) fn basic_secret(&self) -> Option<ClientSecret> {
        match &self.0 {
            Method::SecretBasic(secret) => Some(secret.clone()),
            _ => None,
        }
    }

    /// The certificate and its key, to be presented in the handshake.
    pub(crate) fn identity(&self) -> Option<Zeroizing<Vec<u8>>> {
        match &self.0 {
            Method::Certificate(pem) => Some(pem.clone()),
            _ => None,
        }
    }

    /// `none`: the id alone. CIBA forbids it, because anybody could then start requests in this client's name; some providers
    /// take it.
    pub fn none() -> Self {
        Self(Method::None)
    }
}

impl Method {
    /// The names by which metadata lists it.
    fn names(&self) -> &'static [&'static str] {
        match self {
            Self::SecretBasic(_) => &["client_secret_basic"],
            Self::SecretPost(_) => &["client_secret_post"],
            Self::SecretJwt(_) => &["client_secret_jwt"],
            Self::PrivateKeyJwt(_) => &["private_key_jwt"],
            Self::Certificate(_) => &["tls_client_auth", "self_signed_tls_client_auth"],
            Self::Svid(_) => &["spiffe_svid"],
            Self::None => &["none"],
        }
    }

    /// The algorithm of its assertions.
    fn assertion_alg(&self) -> Option<Alg> {
        match self {
            Self::SecretJwt(_) => Some(Alg::HS256),
            Self::PrivateKeyJwt(key) => Some(key.alg()),
            _ => None,
        }
    }

    /// The secret that both sides know.
    pub(crate) fn secret(&self) -> Option<&ClientSecret> {
        match self {
            Self::SecretBasic(secret) | Self::SecretPost(secret) | Self::SecretJwt(secret) => Some(secret),
            Self::PrivateKeyJwt(_) | Self::Certificate(_) | Self::Svid(_) | Self::None => None,
        }
    }

    /// The same method with another secret.
    fn with_secret(&self, secret: ClientSecret) -> Result<Self, Error> {
        let method = match self {
            Self::SecretBasic(_) => Self::SecretBasic(secret),
            Self::SecretPost(_) => Self::SecretPost(secret),
            Self::SecretJwt(_) => Self::SecretJwt(secret),
            Self::PrivateKeyJwt(_) | Self::Certificate(_) | Self::Svid(_) | Self::None => {
                return Err(Error::config("client_secret", "is nothing that this client authenticates with"));
            }
        };
        method.check()?;
        Ok(method)
    }

    /// What can be said of the credential alone.
    fn check(&self) -> Result<(), Error> {
        if let Some(secret) = self.secret() {
            let secret = secret.expose_secret();
            if secret.is_empty() {
                return Err(Error::config(SECRET, "is empty"));
            }
            if secret.chars().any(char::is_control) {
                return Err(Error::config(SECRET, "holds a control character"));
            }
            if matches!(self, Self::SecretJwt(_)) && secret.len() < LEAST_SECRET {
                return Err(Error::config(SECRET, "is shorter than the 32 bytes that HS256 needs"));
            }
        }
        if let Self::PrivateKeyJwt(key) = self
            && key.alg().is_symmetric()
        {
            return Err(Error::config(
                "signing_key",
                "signs with an algorithm that is none of a private key",
            ));
        }
        Ok(())
    }

    /// Whether the provider takes it, as its metadata says.
    fn check_against(&self, metadata: &Metadata) -> Result<(), Error> {
        let mut refused = Ok(());
        for name in self.names() {
            match metadata.takes_auth_method(name) {
                Ok(()) => return self.check_alg_against(metadata),
                Err(error) => refused = Err(error),
            }
        }
        refused
    }

    fn check_alg_against(&self, metadata: &Metadata) -> Result<(), Error> {
        self.assertion_alg().map_or(Ok(()), |alg| metadata.takes_assertion_alg(alg.as_str()))
    }
}

impl PrivateKey {
    fn alg(&self) -> Alg {
        match self {
            Self::Here(key) => key.algorithm(),
            Self::Elsewhere(signer) => signer.alg(),
        }
    }

    fn kid(&self) -> Option<&str> {
        match self {
            Self::Here(key) => key.name(),
            Self::Elsewhere(signer) => signer.kid(),
        }
    }

    async fn sign(&self, input: &[u8]) -> Result<Vec<u8>, SigningError> {
        match self {
            Self::Here(key) => {
                key.sign(input).ok_or_else(|| SigningError::transient("the system gives no random numbers"))
            }
            Self::Elsewhere(signer) => signer.sign(input).await,
        }
    }
}

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

impl fmt::Debug for ClientAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let method = self.0.names().first().copied().unwrap_or_default();
        match self.0 {
            Method::None => write!(f, "ClientAuth({method})"),
            _ => write!(f, "ClientAuth({method} {REDACTED})"),
        }
    }
}
