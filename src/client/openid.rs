use std::sync::Arc;
use std::time::Duration;

use url::Url;
use zeroize::Zeroizing;

use super::{CibaClient, CibaClientBuilder};
use crate::authsec::ApiRoutes;
use crate::error::Error;
use crate::openid::{ClientAuth, Fetcher, Keys, KeysAt, OpenId, discover, issuer};
use crate::profile::{OpenIdProvider, Plan, Profile};
use crate::push_guard::PushGuard;
use crate::secret::ClientSecret;
use crate::transport::{HttpTransport, Origins, Places, Target, Transport};

/// A provider may hold an answer back until the person has answered (OpenID CIBA Core, section 10.1).
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// So many documents are fetched at once.
const FETCHES: usize = 2;

impl CibaClientBuilder {
    /// Any OpenID provider with CIBA, in the place of AuthSec: it excludes [`base_url`](Self::base_url),
    /// [`routes`](Self::routes), [`admin`](Self::admin) and [`workspace_id`](Self::workspace_id).
    ///
    /// Say who the client is by [`client_id`](Self::client_id) and [`client_auth`](Self::client_auth), and end with
    /// [`discover`](Self::discover), or with [`build`](Self::build) where the metadata or the endpoints are set by hand. See
    /// [the guide](crate::guide::providers).
    pub fn openid(mut self, provider: OpenId) -> Self {
        self.openid = Some(provider);
        self
    }

    /// How the client says who it is. [`client_secret`](Self::client_secret) is the same as
    /// [`ClientAuth::secret_basic`], the only one that AuthSec's own routes take, but for [`ApiRoutes::OAuth`]. Those take
    /// [`ClientAuth::private_key_jwt`] and [`ClientAuth::signer`], too, with RS, PS or ES 256 to 512, and each assertion is for
    /// the token endpoint, wherever it goes; and [`ClientAuth::svid`].
    pub fn client_auth(mut self, auth: ClientAuth) -> Self {
        self.client_auth = Some(auth);
        self
    }

    /// Checks the settings, reads the provider's metadata and its keys, checks those, and builds the client: nothing is fetched
    /// for settings that cannot work. Call it once and clone the client.
    ///
    /// The metadata is read where OpenID Connect Discovery 1.0, section 4 puts it, and where that is not found (404), where RFC
    /// 8414, section 3 does. No redirect is followed, and no credential is sent. Where
    /// [the metadata is given](OpenId::from_metadata), only the keys are read.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) with the field that is wrong: a setting, a member of the metadata, the
    /// `issuer` where nothing was found or another provider answered, `jwks_uri` where no key was found.
    /// [`ErrorKind::Network`](crate::ErrorKind::Network), [`ErrorKind::Tls`](crate::ErrorKind::Tls),
    /// [`ErrorKind::Server`](crate::ErrorKind::Server), [`ErrorKind::RateLimited`](crate::ErrorKind::RateLimited): the documents
    /// could not be had. It is not repeated by itself.
    ///
    /// # Cancel safety
    ///
    /// Dropping it leaves nothing behind.
    pub async fn discover(self) -> Result<CibaClient, Error> {
        crate::clock::check_runtime()?;
        let Some(provider) = &self.openid else {
            return Err(Error::config(
                "openid",
                "is not set: AuthSec's own routes are not discovered, call build()",
            ));
        };
        let fetched = match provider.to_discover() {
            Some(at) => {
                self.check_openid(provider)?;
                let issuer = issuer(at, self.plain_http_to.as_deref())?;
                self.check_identity(&issuer)?;
                Some(discover(&self.fetcher(&issuer)?, &issuer).await?)
            }
            None => None,
        };
        let client = self.build_openid(fetched.as_deref().map(Vec::as_slice))?;
        if let Profile::OpenId(provider) = &client.inner.profile
            && let Some(keys) = provider.keys()
        {
            keys.load().await?;
        }
        Ok(client)
    }

    /// AuthSec's own routes take an id and a secret; those of the standard take assertions, too.
    pub(super) fn take_client_auth(&mut self) -> Result<(), Error> {
        let Some(auth) = &self.client_auth else { return Ok(()) };
        self.check_one_credential()?;
        if let Some(secret) = auth.basic_secret() {
            (self.client_secret, self.client_auth) = (Some(secret), None);
            return Ok(());
        }
        if !auth.is_svid() && auth.private_key_alg().is_none() {
            return Err(Error::config(
                "client_auth",
                "is one that AuthSec's own routes do not take: secret_basic is, and at ApiRoutes::OAuth private_key_jwt, signer \
                 and svid",
            ));
        }
        if self.routes != ApiRoutes::OAuth {
            return Err(Error::config(
                "client_auth",
                "is an assertion, which AuthSec takes at ApiRoutes::OAuth alone",
            ));
        }
        Ok(())
    }

    fn check_one_credential(&self) -> Result<(), Error> {
        if self.client_auth.is_some() && self.client_secret.is_some() {
            return Err(Error::config(
                "client_secret",
                "is set beside client_auth(..), and they exclude each other",
            ));
        }
        Ok(())
    }

    /// What excludes each other, what is missing, and what can be said of a setting alone.
    fn check_openid(&self, provider: &OpenId) -> Result<(), Error> {
        let excluded = [
            ("base_url", self.base_url.is_some()),
            ("routes", self.routes != ApiRoutes::default()),
            ("workspace_id", self.workspace_id.is_some()),
            ("share_transport_of", self.transport_of.is_some()),
        ];
        if let Some((field, _)) = excluded.into_iter().find(|(_, is_set)| *is_set) {
            return Err(Error::config(field, "is set beside openid(..), and they exclude each other"));
        }
        if self.admin || self.client_id.is_none() {
            return Err(Error::config(
                "client_id",
                "is not set: every OpenID provider wants one, and knows no admin()",
            ));
        }
        self.check_one_credential()?;
        if self.client_auth.is_none() && self.client_secret.is_none() {
            return Err(Error::config(
                "client_auth",
                "is not set: say how the client proves who it is, or ClientAuth::none()",
            ));
        }
        self.check_common()?;
        provider.check(&self.auth())
    }

    /// Whether the certificate can be presented, if one is set: to any host of https, the only ones that are shown it.
    fn check_identity(&self, issuer: &Url) -> Result<(), Error> {
        let Some(identity) = self.identity(&self.auth()) else { return Ok(()) };
        let mut host = issuer.clone();
        // Of the two schemes that an issuer may have each can become the other.
        let _ = host.set_scheme("https");
        HttpTransport::new(&self.http_options(host, Some(identity), 1)).map(drop)
    }

    /// The certificate that is presented, and its key.
    fn identity(&self, auth: &ClientAuth) -> Option<Zeroizing<Vec<u8>>> {
        auth.identity().or_else(|| self.client_certificate.clone())
    }

    fn auth(&self) -> ClientAuth {
        let secret = || self.client_secret.as_ref().map(ClientSecret::expose_secret);
        self.client_auth
            .clone()
            .or_else(|| secret().map(ClientAuth::secret_basic))
            .unwrap_or_else(ClientAuth::none)
    }

    /// Fetches public documents of one origin: no certificate, no credential.
    fn fetcher(&self, url: &Url) -> Result<Fetcher, Error> {
        let transport = HttpTransport::new(&self.http_options(url.clone(), None, FETCHES))?;
        Ok(Fetcher { transport: Box::new(transport), places: Places::new(FETCHES) })
    }

    /// `fetched`: the metadata of the issuer, where it was to be discovered.
    pub(super) fn build_openid(self, fetched: Option<&[u8]>) -> Result<CibaClient, Error> {
        let Some(settings) = self.openid.clone() else {
            return Err(Error::config("openid", "is not set"));
        };
        self.check_openid(&settings)?;
        let auth = self.auth();
        let identity = self.identity(&auth);
        let plan = Plan::new(settings, fetched, self.plain_http_to.as_deref(), identity.is_some())?;
        if identity.is_some()
            && (plan.addresses.start.scheme() == "http" || plan.addresses.token.scheme() == "http")
        {
            return Err(Error::config("client_certificate", "needs endpoints of https"));
        }
        let keys = match &plan.addresses.keys {
            Some(url) => {
                let source = KeysAt { fetcher: self.fetcher(url)?, target: Target::new(url.clone()) };
                Some(Arc::new(Keys::new(Box::new(source))))
            }
            None => None,
        };
        let guard = plan.quirks().pushes_per_minute.map_or_else(PushGuard::default, |pushes| {
            PushGuard::at_most(pushes).per(Duration::from_secs(60))
        });
        let transport =
            self.transport_to(&[&plan.addresses.start, &plan.addresses.token], identity.as_ref())?;
        let provider = OpenIdProvider::new(plan, self.client_id.as_deref().unwrap_or_default(), auth, keys)?;
        tracing::info!(
            origin = provider.poll_target().url.origin().ascii_serialization(),
            "a client of an OpenID provider"
        );
        let places = Places::new(self.max_in_flight);
        let profile = Profile::OpenId(Box::new(provider));
        let inner = self.into_inner_with(transport, places, profile, REQUEST_TIMEOUT, guard)?;
        Ok(CibaClient::from_inner(inner))
    }

    /// A transport for each origin of these addresses, and for no other.
    fn transport_to(
        &self,
        urls: &[&Url],
        identity: Option<&Zeroizing<Vec<u8>>>,
    ) -> Result<Arc<dyn Transport>, Error> {
        let mut origins = Origins::default();
        for url in urls {
            if !origins.knows(url) {
                let options = self.http_options((*url).clone(), identity.cloned(), self.max_in_flight);
                origins.add(url, Box::new(HttpTransport::new(&options)?));
            }
        }
        Ok(Arc::new(origins))
    }
}
