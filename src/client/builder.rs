use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::task::TaskTracker;
use url::Url;
use zeroize::Zeroizing;

use super::config_file::ConfigFile;
use super::environment::{self, Environment};
use super::headers::{HeaderFunction, Headers, OutgoingRequest};
use super::{CibaClient, Inner, origin};
use crate::attempts::{Attempts, TotpLockout};
use crate::authsec::{ApiRoutes, Plane};
use crate::error::Error;
#[cfg(feature = "openid")]
use crate::openid::{ClientAuth, OpenId};
use crate::poll::PollPolicy;
use crate::profile::{AuthSec, Profile};
use crate::push_guard::{PushGuard, PushLedger};
use crate::registry::Registry;
use crate::secret::ClientSecret;
use crate::transport::{Authorization, HttpOptions, HttpTransport, Places, Transport};

/// AuthSec's own cloud, as the newest official SDK names it (`docs/wire.md`, section 1).
const CLOUD: &str = "https://prod.api.authsec.ai";

/// The server sends the push inside the request, up to 30 s per device (`docs/wire.md`, section 3.8).
const SHORTEST_INITIATE: Duration = Duration::from_secs(35);

/// Configures a [`CibaClient`]. Nothing is read from the environment or from a file unless you ask for it, but for the
/// proxy variables that [`proxy`](Self::proxy) names.
///
/// Two things have no default, because a wrong guess would send secrets to a stranger: where AuthSec is
/// ([`base_url`](Self::base_url) or [`authsec_cloud`](Self::authsec_cloud)), and for whom to ask
/// ([`client_id`](Self::client_id) or [`admin`](Self::admin)).
///
/// ```
/// use std::time::Duration;
/// use authsec_ciba::{ApiRoutes, CibaClient, PollPolicy};
///
/// # fn main() -> Result<(), authsec_ciba::Error> {
/// let client = CibaClient::builder()
///     .base_url("https://authsec.example.com")
///     .client_id("my-client")
///     .client_secret("its secret")
///     .routes(ApiRoutes::Workspace)
///     .poll_policy(PollPolicy::default().timeout(Duration::from_secs(120)))
///     .build()?;
/// # let _ = client;
/// # Ok(())
/// # }
/// ```
#[must_use = "call `build`"]
pub struct CibaClientBuilder {
    pub(super) base_url: Option<String>,
    pub(super) routes: ApiRoutes,
    pub(super) admin: bool,
    pub(super) client_id: Option<String>,
    pub(super) client_secret: Option<ClientSecret>,
    pub(super) workspace_id: Option<String>,
    poll_policy: PollPolicy,
    request_timeout: Option<Duration>,
    connect_timeout: Duration,
    initiate_timeout: Duration,
    totp_lockout: TotpLockout,
    totp_lock_duration: Duration,
    pub(super) push_guard: Option<PushGuard>,
    concurrent_approvals: bool,
    pub(super) max_in_flight: usize,
    pub(super) plain_http_to: Option<String>,
    pub(super) transport_of: Option<SharedTransport>,
    proxy: Option<String>,
    root_certificates: Vec<Vec<u8>>,
    pub(super) client_certificate: Option<Zeroizing<Vec<u8>>>,
    headers: Vec<(String, ClientSecret)>,
    header_function: Option<Box<HeaderFunction>>,
    user_agent: Option<String>,
    #[cfg(feature = "http2")]
    pub(super) http2_prior_knowledge: bool,
    /// The settings that the environment has set, and the variables of it that nobody reads.
    pub(super) from_env: Vec<&'static str>,
    unread: Vec<String>,
    #[cfg(feature = "openid")]
    pub(super) openid: Option<OpenId>,
    #[cfg(feature = "openid")]
    pub(super) client_auth: Option<ClientAuth>,
}

/// What several clients of one server use together.
pub(super) struct SharedTransport {
    transport: Arc<dyn Transport>,
    places: Places,
    origin: url::Origin,
}

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

const MAX_IN_FLIGHT: usize = 512;

const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

impl CibaClientBuilder {
    pub(super) fn new() -> Self {
        Self {
            base_url: None,
            routes: ApiRoutes::default(),
            admin: false,
            client_id: None,
            client_secret: None,
            workspace_id: None,
            poll_policy: PollPolicy::default(),
            request_timeout: None,
            connect_timeout: CONNECT_TIMEOUT,
            initiate_timeout: Duration::from_secs(60),
            totp_lockout: TotpLockout::default(),
            totp_lock_duration: Duration::from_secs(15 * 60),
            push_guard: None,
            concurrent_approvals: false,
            max_in_flight: MAX_IN_FLIGHT,
            plain_http_to: None,
            transport_of: None,
            proxy: None,
            root_certificates: Vec::new(),
            client_certificate: None,
            headers: Vec::new(),
            header_function: None,
            user_agent: None,
            #[cfg(feature = "http2")]
            http2_prior_knowledge: false,
            from_env: Vec::new(),
            unread: Vec::new(),
            #[cfg(feature = "openid")]
            openid: None,
            #[cfg(feature = "openid")]
            client_auth: None,
        }
    }

    /// Where AuthSec is: https, or http to a loopback address or `localhost`; a path prefix and trailing slashes are
    /// fine. Every request goes to this origin. There is no default.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.is_set_here("base_url");
        self.base_url = Some(url.into());
        self
    }

    /// AuthSec's own cloud, `https://prod.api.authsec.ai`, as the base URL.
    pub fn authsec_cloud(self) -> Self {
        self.base_url(CLOUD)
    }

    /// Which generation of routes the server has. Default: [`ApiRoutes::Workspace`], the newest. [`ApiRoutes::OAuth`] are the
    /// same server's routes of the standard, where it has them switched on.
    pub fn routes(mut self, routes: ApiRoutes) -> Self {
        self.routes = routes;
        self
    }

    /// The client that asks, for its own users: the workspace or tenant routes.
    pub fn client_id(mut self, id: impl Into<String>) -> Self {
        self.is_set_here("client_id");
        self.client_id = Some(id.into());
        self
    }

    /// Asks for AuthSec's administrators, on the admin routes, which take no client. The newest server wants a
    /// [`workspace_id`](Self::workspace_id) there.
    pub fn admin(mut self) -> Self {
        self.admin = true;
        self
    }

    /// The client's secret, sent as HTTP Basic with initiates and polls; the newest server requires it on workspace routes
    /// (`docs/wire.md`, section 4). TOTP logins go without: their routes have no client authentication. Needs a
    /// `client_id`. [`CibaClient::set_client_secret`] changes it later.
    pub fn client_secret(mut self, secret: impl Into<String>) -> Self {
        self.is_set_here("client_secret");
        self.client_secret = Some(ClientSecret::new(secret.into()));
        self
    }

    /// The workspace. The newest server needs it on the admin routes; with it, TOTP logins go by the admin route also
    /// where a `client_id` is set, the only one on which they can succeed there (`docs/wire.md`, section 2.6).
    pub fn workspace_id(mut self, id: impl Into<String>) -> Self {
        self.is_set_here("workspace_id");
        self.workspace_id = Some(id.into());
        self
    }

    /// When to poll, and how long to go on when things break.
    pub fn poll_policy(mut self, policy: PollPolicy) -> Self {
        self.poll_policy = policy;
        self
    }

    /// How long a poll or a TOTP login may take, from the connection to the last byte. Default: 10 s; at an OpenID provider 30 s,
    /// which may hold an answer back until the person has answered. A login that has to wait for its place among
    /// [`max_in_flight`](Self::max_in_flight) requests does so for as long as that, too, before.
    pub fn request_timeout(mut self, timeout: Duration) -> Self {
        self.request_timeout = Some(timeout);
        self
    }

    /// How long a connection may take to be made, name look-up and TLS included. Default: 5 s.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long an initiate may take. Default: 60 s; at least 35 s, because the server sends the push inside it. Where it has to
    /// wait for its place among [`max_in_flight`](Self::max_in_flight) requests it does so for as long as that, too, before.
    pub fn initiate_timeout(mut self, timeout: Duration) -> Self {
        self.initiate_timeout = timeout;
        self
    }

    /// Who can end the lock that three wrong TOTP codes bring. Default: time, and `cancel_approval`, as the API reference
    /// says. Behind a web page take [`TotpLockout::Strict`](crate::TotpLockout::Strict): there anybody can type any address,
    /// and a Cancel button would renew the guesses, fifteen in five rounds at a server that has no lock of its own.
    pub fn totp_lockout(mut self, lockout: TotpLockout) -> Self {
        self.totp_lockout = lockout;
        self
    }

    /// How long that lock lasts, counted from the last wrong code. Default: 15 minutes. Must not be zero.
    pub fn totp_lock_duration(mut self, duration: Duration) -> Self {
        self.totp_lock_duration = duration;
        self
    }

    /// How many pushes one email may get from this client. Default: 5 in 5 minutes.
    pub fn push_guard(mut self, guard: PushGuard) -> Self {
        self.push_guard = Some(guard);
        self
    }

    /// Lets several approvals of one email run side by side. `cancel_approval` then stops them all. Default: `false`,
    /// the newest ends the others.
    pub fn concurrent_approvals(mut self, allowed: bool) -> Self {
        self.concurrent_approvals = allowed;
        self
    }

    /// How many requests may be under way at once: polls, TOTP logins and initiates together. Further ones wait their turn,
    /// first come, first served, which makes them late and never early. Initiates, which are slow because the server sends
    /// the push inside them, have at most half; of the places that come free while several wait, every second one goes to
    /// whoever is no waiting poll. Must not be zero.
    ///
    /// It bounds the sockets of a runtime, those in use and idle ones together; over HTTP/2 it bounds the streams of one
    /// connection, and the sockets until the server has said that it speaks HTTP/2. On top of it come sockets that are just
    /// being closed (of a request that was cancelled, or an idle one that made room), idle ones of a runtime that nobody
    /// drives any more, and one for each further runtime that finds every place held by others. A process with 1,024 file
    /// descriptors can stay at the default.
    ///
    /// Default: 512. It must be at least polls per second times round trip in seconds: people waiting ÷ interval × round
    /// trip. 512 carry 25,000 people at an interval of 5 s over a round trip of 100 ms; let it grow with the crowd. A poll
    /// that has waited for its turn says so in a `tracing` event (`waited_ms`); what did not get it in time ends in an error
    /// that names this setting, a wait in its `Timeout`.
    pub fn max_in_flight(mut self, requests: usize) -> Self {
        self.max_in_flight = requests;
        self
    }

    /// A proxy for all requests, as a URL (`http://` or `https://`; a host and port alone are plain http). A loopback base
    /// URL is never proxied.
    ///
    /// Default: what the environment names when [`build`](Self::build) is called. For an https base URL that is the first
    /// of `HTTPS_PROXY`, `https_proxy`, `ALL_PROXY` and `all_proxy` that is not empty; for a plain http one (see
    /// [`danger_unencrypted_http_to`](Self::danger_unencrypted_http_to)) the first of `HTTP_PROXY`, `http_proxy`,
    /// `ALL_PROXY` and `all_proxy`. `NO_PROXY`, or else `no_proxy`, lists hosts that are asked directly. Where
    /// `REQUEST_METHOD` is set (CGI) none of them counts. One that is not a proxy's URL is an error of `build`, which names
    /// the variable and never its value, also where `NO_PROXY` exempts the server.
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.proxy = Some(url.into());
        self
    }

    /// A certificate authority to trust besides the platform's, in PEM; a bundle may hold several. May be called several
    /// times.
    ///
    /// The platform's are those of the operating system; on Linux and other Unixes except Apple's those of the usual files,
    /// or those that `SSL_CERT_FILE` and `SSL_CERT_DIR` name in their place. With the feature `webpki-roots` they are
    /// Mozilla's, compiled in, and no variable is read.
    pub fn root_certificate(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.root_certificates.push(pem.into());
        self
    }

    /// The certificate by which this client proves who it is to the server (mutual TLS), with the chain behind it and its
    /// private key, all in PEM. The server's operator says whether it wants one.
    ///
    /// The key is as secret as the client's secret, and TLS holds it for as long as the client lives.
    pub fn client_certificate(mut self, pem_chain_and_key: impl Into<Vec<u8>>) -> Self {
        self.client_certificate = Some(Zeroizing::new(pem_chain_and_key.into()));
        self
    }

    /// A header for each request of this client, such as one that a gateway wants. Its value is treated as a secret. May be
    /// called several times; of one name the last counts.
    ///
    /// What the crate sets itself (`Authorization`, `Content-Type`, `Host`, `Accept`, `User-Agent` and what belongs to the
    /// connection) is refused by [`build`](Self::build).
    ///
    /// ```
    /// # fn main() -> Result<(), authsec_ciba::Error> {
    /// let client = authsec_ciba::CibaClient::builder()
    ///     .base_url("https://gateway.example.com/authsec")
    ///     .client_id("my-client")
    ///     .header("x-api-key", "the gateway's key")
    ///     .build()?;
    /// # let _ = client;
    /// # Ok(())
    /// # }
    /// ```
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), ClientSecret::new(value.into())));
        self
    }

    /// Headers by a function, which is asked before each request is sent and told what it is for, such as a `traceparent`.
    /// It runs inside the call's `tracing` span, where anybody records it, and replaces a [`header`](Self::header) of the
    /// same name. Called again, it takes the former's place.
    ///
    /// It must not block. What cannot be sent, or is the crate's own, is left out, and so is everything if it panics; the
    /// first time a warning says so.
    ///
    /// ```
    /// use authsec_ciba::{CibaClient, RequestKind};
    ///
    /// /// The ids of your tracing: with `tracing-opentelemetry`, those of `span.context()`. Never a constant: a trace is one
    /// /// sign-in.
    /// type Ids = fn(&tracing::Span) -> Option<(u128, u64)>;
    ///
    /// /// As W3C Trace Context writes it.
    /// fn traceparent(ids: Ids) -> Option<String> {
    ///     let (trace_id, span_id) = ids(&tracing::Span::current())?;
    ///     Some(format!("00-{trace_id:032x}-{span_id:016x}-01"))
    /// }
    ///
    /// # fn main() -> Result<(), authsec_ciba::Error> {
    /// # let ids_of_your_tracing: Ids = |_| None;
    /// let client = CibaClient::builder()
    ///     .base_url("https://authsec.example.com")
    ///     .client_id("my-client")
    ///     .headers_with(move |request| {
    ///         let mut headers = vec![("x-flow".to_owned(), request.flow_id().to_string())];
    ///         if request.kind() != RequestKind::Check {
    ///             headers.extend(traceparent(ids_of_your_tracing).map(|it| ("traceparent".to_owned(), it)));
    ///         }
    ///         headers
    ///     })
    ///     .build()?;
    /// # let _ = client;
    /// # Ok(())
    /// # }
    /// ```
    pub fn headers_with<F>(mut self, function: F) -> Self
    where
        F: Fn(&OutgoingRequest) -> Vec<(String, String)> + Send + Sync + 'static,
    {
        self.header_function = Some(Box::new(function));
        self
    }

    /// The `User-Agent` to send. Default: `authsec-ciba/` and the version.
    pub fn user_agent(mut self, text: impl Into<String>) -> Self {
        self.user_agent = Some(text.into());
        self
    }

    /// Speaks HTTP/2 without asking, also over plain http. Default: `false`; over TLS it is negotiated anyway.
    #[cfg(feature = "http2")]
    pub fn http2_prior_knowledge(mut self, on: bool) -> Self {
        self.http2_prior_knowledge = on;
        self
    }

    /// Uses the connections of another client, and its places among the requests under way: for the clients of many
    /// `client_id`s of one server, of which each would else have a pool, a trust store and a
    /// [`max_in_flight`](Self::max_in_flight) of its own.
    ///
    /// That is all they share: the registry of polls, the count of TOTP attempts, the push guard, secrets and timeouts are
    /// each client's own, and [`shutdown`](CibaClient::shutdown) of one does not end the others. The base URL must be of the
    /// same origin. What belongs to the connections is set at the other client: `connect_timeout`, `max_in_flight`, `proxy`,
    /// `root_certificate`, `client_certificate`, `user_agent` and `http2_prior_knowledge` are refused here.
    ///
    /// ```
    /// use authsec_ciba::CibaClient;
    ///
    /// # fn main() -> Result<(), authsec_ciba::Error> {
    /// # let base_url = "http://localhost:7468";
    /// let one = CibaClient::builder().base_url(base_url).client_id("one").build()?;
    /// let other = CibaClient::builder().base_url(base_url).client_id("other").share_transport_of(&one).build()?;
    /// # let _ = other;
    /// # Ok(())
    /// # }
    /// ```
    pub fn share_transport_of(mut self, other: &CibaClient) -> Self {
        self.transport_of = Some(SharedTransport {
            transport: Arc::clone(&other.inner.transport),
            places: other.inner.places.clone(),
            origin: other.inner.profile.poll_target().url.origin(),
        });
        self
    }

    /// Allows a base URL of plain http to this one host of a private network, such as a service inside a compose network or
    /// behind a mesh that encrypts by itself. Everything goes unencrypted: client secret, addresses, codes and tokens can be
    /// read and changed by whoever is on the way, and nothing proves that the answer is the server's. A public IP address
    /// is refused; that a name is one of a private network cannot be checked.
    ///
    /// It names the host as the base URL does, without scheme and port, and changes nothing for any other.
    ///
    /// ```
    /// use authsec_ciba::CibaClient;
    ///
    /// # fn main() -> Result<(), authsec_ciba::Error> {
    /// let client = CibaClient::builder()
    ///     .base_url("http://authsec:8080")
    ///     .danger_unencrypted_http_to("authsec")
    ///     .client_id("my-client")
    ///     .build()?;
    /// # let _ = client;
    /// # Ok(())
    /// # }
    /// ```
    pub fn danger_unencrypted_http_to(mut self, host: impl Into<String>) -> Self {
        self.plain_http_to = Some(host.into());
        self
    }

    /// Takes what the environment names: `AUTHSEC_BASE_URL`, `AUTHSEC_CLIENT_ID`, `AUTHSEC_CLIENT_SECRET`,
    /// `AUTHSEC_WORKSPACE_ID` and `AUTHSEC_ROUTES` (see [`CibaClient::from_env`]). Each may be missing or empty, and then
    /// changes nothing. Another `AUTHSEC_*` variable is a warning in the log: most likely it is one of these, mistyped.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) with the field whose variable is not Unicode, or names no routes.
    pub fn env(mut self) -> Result<Self, Error> {
        let read = Environment::read(std::env::vars_os());
        read.warn_of_unknown();
        self.unread = read.unknown;
        if let Some(error) = read.refused {
            return Err(self.explained(error));
        }
        for (field, is_set) in [
            ("base_url", read.base_url.is_some()),
            ("client_id", read.client_id.is_some()),
            ("client_secret", read.client_secret.is_some()),
            ("workspace_id", read.workspace_id.is_some()),
        ] {
            if is_set {
                self.is_set_here(field);
                self.from_env.push(field);
            }
        }
        self.base_url = read.base_url.or(self.base_url);
        self.client_id = read.client_id.or(self.client_id);
        self.client_secret = read.client_secret.or(self.client_secret);
        self.workspace_id = read.workspace_id.or(self.workspace_id);
        if let Some(named) = read.routes {
            (self.routes, self.admin) = (named.routes, named.admin);
        }
        Ok(self)
    }

    /// Takes `client_id` and `ciba_base_url` from a file that an official SDK wrote (`.authsec.json`). What the file
    /// does not name stays as it is.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) with field `config_file` when it cannot be read, is longer than
    /// 64 KiB, or is not such a file.
    pub fn config_file(mut self, path: impl AsRef<Path>) -> Result<Self, Error> {
        let file = ConfigFile::read(path.as_ref())?;
        for (field, is_set) in
            [("client_id", file.client_id.is_some()), ("base_url", file.ciba_base_url.is_some())]
        {
            if is_set {
                self.is_set_here(field);
            }
        }
        self.client_id = file.client_id.or(self.client_id);
        self.base_url = file.ciba_base_url.or(self.base_url);
        Ok(self)
    }

    /// Checks everything and builds the client. Call it once and clone the client: it loads the trust store.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) with the field that is wrong, never its secret value.
    #[cfg_attr(not(feature = "openid"), expect(unused_mut, reason = "there is no other credential"))]
    pub fn build(mut self) -> Result<CibaClient, Error> {
        #[cfg(feature = "openid")]
        {
            if self.openid.is_some() {
                return self.build_openid(None);
            }
            self.take_client_auth().map_err(|error| self.explained(error))?;
        }
        // Before the transport, which loads the trust store.
        self.check()?;
        let base_url = self.origin()?;
        if let Some(shared) = &self.transport_of {
            self.check_shared(shared, &base_url)?;
            let (transport, places) = (Arc::clone(&shared.transport), shared.places.clone());
            return Ok(CibaClient::from_inner(self.into_inner_of(transport, places)?));
        }
        let options = self.http_options(base_url, self.client_certificate.clone(), self.max_in_flight);
        let transport = HttpTransport::new(&options)?;
        Ok(CibaClient::from_inner(self.into_inner(Box::new(transport))?))
    }

    /// For the connections to this address; `identity` is what is presented there, if anything is.
    pub(super) fn http_options(
        &self,
        base_url: Url,
        identity: Option<Zeroizing<Vec<u8>>>,
        max_in_flight: usize,
    ) -> HttpOptions {
        HttpOptions {
            base_url,
            user_agent: self.user_agent.clone(),
            proxy: self.proxy.clone(),
            root_certificates: self.root_certificates.clone(),
            client_certificate: identity,
            connect_timeout: self.connect_timeout,
            max_in_flight,
            #[cfg(feature = "http2")]
            http2_prior_knowledge: self.http2_prior_knowledge,
        }
    }

    /// Everything but the transport, which tests replace.
    pub(crate) fn into_inner(self, transport: Box<dyn Transport>) -> Result<Inner, Error> {
        let places = Places::new(self.max_in_flight);
        self.into_inner_of(Arc::from(transport), places)
    }

    fn into_inner_of(self, transport: Arc<dyn Transport>, places: Places) -> Result<Inner, Error> {
        self.check()?;
        let base_url = self.origin()?;
        let authorization = authorization(self.client_id.as_deref(), self.client_secret.as_ref())?;
        let plane = match self.client_id.clone() {
            Some(client_id) => Plane::Client { client_id, workspace_id: self.workspace_id.clone() },
            None => Plane::Admin { workspace_id: self.workspace_id.clone() },
        };
        let (origin, routes, plane_name) =
            (base_url.origin().ascii_serialization(), self.routes.as_str(), plane.name());
        let targets = origin::join(&base_url, self.routes.paths(&plane));
        let authsec = AuthSec::new(self.routes, plane, targets, authorization);
        #[cfg(feature = "openid")]
        let authsec = match (&self.client_id, &self.client_auth) {
            (Some(id), Some(auth)) => authsec.asserting(id, auth.clone())?,
            _ => authsec,
        };
        let profile = Profile::AuthSec(Box::new(authsec));
        let inner =
            self.into_inner_with(transport, places, profile, REQUEST_TIMEOUT, PushGuard::default())?;
        tracing::info!(origin, routes, plane = plane_name, "a client of AuthSec");
        Ok(inner)
    }

    /// The client behind a protocol; the last two are what holds where nobody has set it.
    pub(super) fn into_inner_with(
        self,
        transport: Arc<dyn Transport>,
        places: Places,
        profile: Profile,
        request_timeout: Duration,
        push_guard: PushGuard,
    ) -> Result<Inner, Error> {
        let (policy, headers) =
            (self.poll_policy.validated()?, Headers::new(&self.headers, self.header_function)?);
        Ok(Inner {
            transport,
            profile,
            policy,
            request_timeout: self.request_timeout.unwrap_or(request_timeout),
            initiate_timeout: self.initiate_timeout,
            places,
            headers,
            registry: Arc::new(Registry::new(self.concurrent_approvals)),
            attempts: Arc::new(Attempts::new(self.totp_lock_duration, self.totp_lockout)),
            pushes: PushLedger::new(self.push_guard.unwrap_or(push_guard)),
            tasks: TaskTracker::new(),
            fixed_jitter: None,
        })
    }

    fn origin(&self) -> Result<Url, Error> {
        match &self.base_url {
            Some(text) => origin::parse(text, self.plain_http_to.as_deref()),
            None => Err(Error::config(
                "base_url",
                format_args!(
                    "is not set: call base_url(..), set {}, or choose authsec_cloud()",
                    environment::BASE_URL
                ),
            )),
        }
    }

    /// What would silently count for nothing is refused.
    fn check_shared(&self, shared: &SharedTransport, base_url: &Url) -> Result<(), Error> {
        if base_url.origin() != shared.origin {
            return Err(Error::config(
                "base_url",
                "is of another origin than that of the client whose transport it shares",
            ));
        }
        #[cfg(feature = "http2")]
        let http2_prior_knowledge = self.http2_prior_knowledge;
        #[cfg(not(feature = "http2"))]
        let http2_prior_knowledge = false;
        let set = [
            ("connect_timeout", self.connect_timeout != CONNECT_TIMEOUT),
            ("max_in_flight", self.max_in_flight != MAX_IN_FLIGHT),
            ("proxy", self.proxy.is_some()),
            ("root_certificate", !self.root_certificates.is_empty()),
            ("client_certificate", self.client_certificate.is_some()),
            ("user_agent", self.user_agent.is_some()),
            ("http2_prior_knowledge", http2_prior_knowledge),
        ];
        match set.into_iter().find(|(_, is_set)| *is_set) {
            Some((field, _)) => {
                Err(Error::config(field, "is set by the client whose transport this one shares"))
            }
            None => Ok(()),
        }
    }

    /// For whom to ask is said, and said once.
    fn check_plane(&self) -> Result<(), Error> {
        if self.routes == ApiRoutes::OAuth {
            if self.admin {
                return Err(Error::config(
                    "routes",
                    "of the standard know no administrators: take admin() away, and name a client",
                ));
            }
            #[cfg(feature = "openid")]
            let asserts = self.client_auth.is_some();
            #[cfg(not(feature = "openid"))]
            let asserts = false;
            if self.client_id.is_some() && self.client_secret.is_none() && !asserts {
                return Err(Error::config(
                    "client_secret",
                    format_args!(
                        "is not set, and the routes of the standard let nobody in without one: call client_secret(..) or set \
                         {}",
                        environment::CLIENT_SECRET
                    ),
                ));
            }
        }
        match (&self.client_id, self.admin) {
            (None, false) => Err(Error::config(
                "client_id",
                format_args!(
                    "is not set: call client_id(..) or set {}; for administrators, who have none, call admin() or set \
                     {}=admin",
                    environment::CLIENT_ID,
                    environment::ROUTES
                ),
            )),
            (Some(_), true) => Err(Error::config(
                "client_id",
                format_args!(
                    "and admin routes exclude each other: take out either {} or {}",
                    environment::CLIENT_ID,
                    environment::ROUTES
                ),
            )),
            _ => Ok(()),
        }
    }

    /// Of this setting the environment says nothing any more.
    fn is_set_here(&mut self, field: &str) {
        self.from_env.retain(|it| *it != field);
    }

    fn check(&self) -> Result<(), Error> {
        self.check_authsec().map_err(|error| self.explained(error))
    }

    /// Names the variables that a refused setting may come from: the one that has set it, and those that nobody reads.
    fn explained(&self, error: Error) -> Error {
        let Some(field) = error.field() else { return error };
        let mut words = error.to_string();
        if self.from_env.contains(&field)
            && let Some(variable) = environment::variable(field)
        {
            words.extend(["; it comes from ", variable]);
        }
        if environment::variable(field).is_some() {
            for name in &self.unread {
                words.extend(["; ", name.as_str(), " is set, and nobody reads it"]);
            }
        }
        error.with_message(words)
    }

    /// What can be said of the settings alone, whoever the server is.
    pub(super) fn check_common(&self) -> Result<(), Error> {
        let a_day = Duration::from_secs(24 * 60 * 60);
        let text = |field, text: &Option<String>| match text {
            Some(text) if text.trim().is_empty() => Err(Error::config(field, "is empty")),
            Some(text) if text.chars().any(char::is_control) => {
                Err(Error::config(field, "holds a control character"))
            }
            Some(text) if text.trim() != text => Err(Error::config(field, "has white space around it")),
            Some(text) if text.starts_with(['"', '\'']) && text.ends_with(['"', '\'']) => {
                Err(Error::config(field, "stands in quotation marks: take them out"))
            }
            _ => Ok(()),
        };
        text("client_id", &self.client_id)?;
        text("workspace_id", &self.workspace_id)?;
        for (field, timeout) in [
            ("request_timeout", self.request_timeout.unwrap_or(REQUEST_TIMEOUT)),
            ("connect_timeout", self.connect_timeout),
            ("initiate_timeout", self.initiate_timeout),
            ("totp_lock_duration", self.totp_lock_duration),
        ] {
            if timeout.is_zero() {
                return Err(Error::config(field, "is zero"));
            }
            if timeout > a_day {
                return Err(Error::config(field, "is longer than a day"));
            }
        }
        if self.initiate_timeout < SHORTEST_INITIATE {
            return Err(Error::config(
                "initiate_timeout",
                "is shorter than the 35 s that the server may need",
            ));
        }
        if self.max_in_flight == 0 {
            return Err(Error::config("max_in_flight", "is zero"));
        }
        Headers::new(&self.headers, None).map(drop)
    }

    fn check_authsec(&self) -> Result<(), Error> {
        self.check_common()?;
        authorization(self.client_id.as_deref(), self.client_secret.as_ref())?;
        let base_url = self.origin()?;
        if self.client_certificate.is_some() && base_url.scheme() == "http" {
            return Err(Error::config("client_certificate", "needs a base_url of https"));
        }
        self.check_plane()
    }
}

/// Who a client is to the server: checked in the builder, and whenever the secret changes.
pub(super) fn authorization(
    id: Option<&str>,
    secret: Option<&ClientSecret>,
) -> Result<Option<Authorization>, Error> {
    let Some(secret) = secret else { return Ok(None) };
    let Some(id) = id else {
        return Err(Error::config(
            "client_secret",
            format_args!("needs a client_id: call client_id(..) or set {}", environment::CLIENT_ID),
        ));
    };
    if secret.expose_secret().is_empty() {
        return Err(Error::config("client_secret", "is empty"));
    }
    if secret.expose_secret().chars().any(char::is_control) {
        return Err(Error::config("client_secret", "holds a control character"));
    }
    if secret.expose_secret().trim() != secret.expose_secret() {
        return Err(Error::config("client_secret", "has white space around it"));
    }
    if id.contains(':') {
        return Err(Error::config("client_id", "holds a colon, which HTTP Basic cannot carry"));
    }
    Authorization::basic(id, secret).map(Some)
}

impl fmt::Debug for CibaClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CibaClientBuilder")
            .field("routes", &self.routes)
            .field("client_id", &self.client_id)
            .field("client_secret", &self.client_secret)
            .field("workspace_id", &self.workspace_id)
            .field("poll_policy", &self.poll_policy)
            .finish_non_exhaustive()
    }
}
