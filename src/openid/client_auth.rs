use std::fmt;
use std::future::Future;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::metadata::Metadata;
use super::svid::SvidSource;
use crate::error::Error;
use crate::jose::{Alg, Signer, SigningError, SigningKey};
use crate::secret::{ClientSecret, REDACTED};

/// The shortest secret that signs (RFC 7518, section 3.2), in bytes.
pub(super) const LEAST_SECRET: usize = 32;

const SECRET: &str = "client_secret";

/// How a client says who it is, at every endpoint alike (OpenID CIBA Core, sections 7.1 and 10.1; OpenID Connect Core,
/// section 9; RFC 8705).
///
/// `Debug` shows the method, and nothing of the credential.
#[derive(Clone)]
pub struct ClientAuth(pub(super) Method);

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
    pub(super) fn with_secret(&self, secret: ClientSecret) -> Result<Self, Error> {
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
    pub(super) fn check_against(&self, metadata: &Metadata) -> Result<(), Error> {
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
    pub(super) fn alg(&self) -> Alg {
        match self {
            Self::Here(key) => key.algorithm(),
            Self::Elsewhere(signer) => signer.alg(),
        }
    }

    pub(super) fn kid(&self) -> Option<&str> {
        match self {
            Self::Here(key) => key.name(),
            Self::Elsewhere(signer) => signer.kid(),
        }
    }

    pub(super) async fn sign(&self, input: &[u8]) -> Result<Vec<u8>, SigningError> {
        match self {
            Self::Here(key) => {
                key.sign(input).ok_or_else(|| SigningError::transient("the system gives no random numbers"))
            }
            Self::Elsewhere(signer) => signer.sign(input).await,
        }
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
