use std::fmt;
use std::time::Duration;

use url::{Origin, Url};

use super::assertion_audience::AssertionAudience;
use super::client_auth::{ClientAuth, LEAST_SECRET};
use super::metadata::Metadata;
use super::quirks::Quirks;
use crate::error::Error;
use crate::jose::Alg;

/// The longest difference between this clock and the provider's that can be set.
const LONGEST_SKEW: Duration = Duration::from_secs(300);

/// An OpenID provider with CIBA, for [`CibaClientBuilder::openid`](crate::CibaClientBuilder::openid): where it is, and what
/// its approvals have to be.
///
/// The issuer is configuration, never input: whoever may choose it chooses who signs people in. A program with many providers
/// has one client for each, and takes it out of a table of its own.
///
/// ```no_run
/// use authsec_ciba::{CibaClient, ClientAuth, OpenId, Quirks};
///
/// # async fn example() -> Result<(), authsec_ciba::Error> {
/// let client = CibaClient::builder()
///     .openid(OpenId::at("https://sso.example.com/realms/staff").quirks(Quirks::keycloak()))
///     .client_id("checkout")
///     .client_auth(ClientAuth::secret_basic("its secret"))
///     .discover()
///     .await?;
/// # let _ = client;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct OpenId {
    from: From,
    start_endpoint: Option<String>,
    token_endpoint: Option<String>,
    jwks_uri: Option<String>,
    endpoint_origins: Vec<String>,
    pub(crate) quirks: Quirks,
    pub(crate) id_token_algs: Vec<Alg>,
    pub(crate) skew: Duration,
    pub(crate) trusted_audiences: Vec<String>,
    pub(crate) required_acr: Vec<String>,
    pub(crate) assertion_audience: AssertionAudience,
    pub(crate) trust_my_settings: bool,
    pub(crate) without_id_token: bool,
}

/// Where the metadata comes from.
#[derive(Clone)]
enum From {
    Issuer(String),
    Document(String),
}

impl OpenId {
    /// The provider of this issuer: the text that its metadata and its ID Tokens have, byte for byte, a slash at the end
    /// included. https, or http to a loopback address or to the host of
    /// [`danger_unencrypted_http_to`](crate::CibaClientBuilder::danger_unencrypted_http_to); a path is fine.
    ///
    /// [`discover`](crate::CibaClientBuilder::discover) reads its metadata (OpenID Connect Discovery 1.0, section 4). Where the
    /// endpoints are set by hand, [`build`](crate::CibaClientBuilder::build) needs none.
    pub fn at(issuer: impl Into<String>) -> Self {
        Self::new(From::Issuer(issuer.into()))
    }

    /// The provider of this metadata: the JSON text that it publishes, from a file for instance. It is checked as if it had been
    /// fetched, and nothing is.
    pub fn from_metadata(json: impl Into<String>) -> Self {
        Self::new(From::Document(json.into()))
    }

    fn new(from: From) -> Self {
        Self {
            from,
            start_endpoint: None,
            token_endpoint: None,
            jwks_uri: None,
            endpoint_origins: Vec::new(),
            quirks: Quirks::default(),
            id_token_algs: Vec::new(),
            skew: Duration::from_secs(60),
            trusted_audiences: Vec::new(),
            required_acr: Vec::new(),
            assertion_audience: AssertionAudience::default(),
            trust_my_settings: false,
            without_id_token: false,
        }
    }

    /// Where an authentication begins (`backchannel_authentication_endpoint`), whatever the metadata says.
    #[must_use]
    pub fn backchannel_authentication_endpoint(mut self, url: impl Into<String>) -> Self {
        self.start_endpoint = Some(url.into());
        self
    }

    /// Where tokens are (`token_endpoint`), whatever the metadata says.
    #[must_use]
    pub fn token_endpoint(mut self, url: impl Into<String>) -> Self {
        self.token_endpoint = Some(url.into());
        self
    }

    /// Where the provider's keys are (`jwks_uri`), whatever the metadata says.
    #[must_use]
    pub fn jwks_uri(mut self, url: impl Into<String>) -> Self {
        self.jwks_uri = Some(url.into());
        self
    }

    /// The only origins that the endpoints may have, such as `https://login.example.com`. Default: any of https, though none
    /// inside a private network where the issuer is outside of one. Names are not looked up for that: a name that leads to
    /// a private address is taken.
    #[must_use]
    pub fn endpoint_origins<S: Into<String>>(mut self, origins: impl IntoIterator<Item = S>) -> Self {
        self.endpoint_origins = origins.into_iter().map(Into::into).collect();
        self
    }

    /// What this provider does otherwise.
    #[must_use]
    pub fn quirks(mut self, quirks: Quirks) -> Self {
        self.quirks = quirks;
        self
    }

    /// An algorithm by which the provider signs this client's ID Tokens; may be called several times. Default: what the
    /// metadata lists, without the symmetric ones; RS256 where it lists none.
    ///
    /// `HS256` to `HS512` go with the client's secret, of 32 bytes at least, and with no other algorithm beside them.
    #[must_use]
    pub fn id_token_alg(mut self, alg: Alg) -> Self {
        self.id_token_algs.push(alg);
        self
    }

    /// How far the provider's clock may be from this one, for the times in ID Tokens. Default: 60 s; 300 s at most.
    #[must_use]
    pub fn skew(mut self, skew: Duration) -> Self {
        self.skew = skew;
        self
    }

    /// Whom an ID Token may be for besides this client (`aud`). Default: nobody.
    #[must_use]
    pub fn trusted_audiences<S: Into<String>>(mut self, audiences: impl IntoIterator<Item = S>) -> Self {
        self.trusted_audiences = audiences.into_iter().map(Into::into).collect();
        self
    }

    /// How people have to have been authenticated (`acr`): one of these, or the approval is refused. Default: anyhow.
    #[must_use]
    pub fn require_acr<S: Into<String>>(mut self, values: impl IntoIterator<Item = S>) -> Self {
        self.required_acr = values.into_iter().map(Into::into).collect();
        self
    }

    /// Whom a client assertion is for. Default: the issuer.
    #[must_use]
    pub fn assertion_audience(mut self, audience: AssertionAudience) -> Self {
        self.assertion_audience = audience;
        self
    }

    /// Takes the settings for right where the metadata excludes them: an authentication method, an algorithm, a delivery mode,
    /// a user code. Default: `false`, they are refused when the client is built.
    #[must_use]
    pub fn trust_my_settings(mut self, trust: bool) -> Self {
        self.trust_my_settings = trust;
        self
    }

    /// For a provider that speaks CIBA without OpenID Connect: `openid` is not asked for, and an approval needs no ID Token.
    /// Then nothing proves by a signature who has approved, and [`Approval::person`](crate::Approval::person) is `None`. An ID
    /// Token that comes all the same is checked.
    #[must_use]
    pub fn without_id_token(mut self) -> Self {
        self.without_id_token = true;
        self
    }

    /// The issuer whose metadata is to be fetched; `None` where there is nothing to fetch.
    pub(crate) fn to_discover(&self) -> Option<&str> {
        match &self.from {
            From::Issuer(issuer) => Some(issuer),
            From::Document(_) => None,
        }
    }

    /// The metadata, and what was set by hand over it; `fetched` is the document of the issuer to discover.
    pub(crate) fn metadata(&self, fetched: Option<&[u8]>) -> Result<Metadata, Error> {
        let metadata = match (&self.from, fetched) {
            (From::Document(json), _) => Metadata::read(json.as_bytes())?,
            (From::Issuer(issuer), Some(json)) => {
                let metadata = Metadata::read(json)?;
                metadata.is_of(issuer)?;
                metadata
            }
            (From::Issuer(issuer), None) => Metadata::of(issuer),
        };
        let by_hand = (self.start_endpoint.clone(), self.token_endpoint.clone(), self.jwks_uri.clone());
        let metadata = metadata.with_endpoints(by_hand.0, by_hand.1, by_hand.2);
        if fetched.is_none() && matches!(self.from, From::Issuer(_)) && !metadata.has_endpoints() {
            return Err(Error::config(
                "openid",
                "knows only the issuer: call discover(), or give its metadata or its endpoints",
            ));
        }
        Ok(metadata)
    }

    /// What can be said of the settings alone, with the credential beside them.
    pub(crate) fn check(&self, auth: &ClientAuth) -> Result<(), Error> {
        auth.check()?;
        if auth.is_svid() {
            return Err(Error::config(
                "client_auth",
                "is an SVID, which AuthSec's own routes take, and no OpenID provider",
            ));
        }
        if self.skew > LONGEST_SKEW {
            return Err(Error::config("skew", "is longer than 300 s"));
        }
        self.check_algs(auth)?;
        self.origins().map(drop)
    }

    fn check_algs(&self, auth: &ClientAuth) -> Result<(), Error> {
        const FIELD: &str = "id_token_alg";
        if !self.id_token_algs.iter().any(|alg| alg.is_symmetric()) {
            return Ok(());
        }
        if !self.id_token_algs.iter().all(|alg| alg.is_symmetric()) {
            return Err(Error::config(
                FIELD,
                "names symmetric and asymmetric algorithms: a public key would be a secret",
            ));
        }
        if auth.secret().is_none_or(|secret| secret.expose_secret().len() < LEAST_SECRET) {
            return Err(Error::config(FIELD, "needs a client secret of at least 32 bytes"));
        }
        Ok(())
    }

    pub(crate) fn origins(&self) -> Result<Vec<Origin>, Error> {
        let origin = |text: &String| match Url::parse(text) {
            Ok(url) if url.origin().is_tuple() && url.path() == "/" && url.query().is_none() => {
                Ok(url.origin())
            }
            _ => Err(Error::config(
                "endpoint_origins",
                "holds what is no origin, such as https://login.example.com",
            )),
        };
        self.endpoint_origins.iter().map(origin).collect()
    }
}

impl fmt::Debug for OpenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let issuer = match &self.from {
            From::Issuer(issuer) => issuer,
            From::Document(_) => "of its metadata",
        };
        f.debug_struct("OpenId")
            .field("issuer", &issuer)
            .field("quirks", &self.quirks)
            .finish_non_exhaustive()
    }
}
