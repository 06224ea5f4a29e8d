mod assembly;
mod checks;
mod connection;
mod shared_transport;

use std::fmt;
use std::path::Path;
use std::time::Duration;

use connection::Connection;
use shared_transport::SharedTransport;
use zeroize::Zeroizing;

use super::CibaClient;
use super::config_file::ConfigFile;
use super::environment::Environment;
use super::headers::{HeaderFunction, OutgoingRequest};
use crate::attempts::TotpLockout;
use crate::authsec::ApiRoutes;
use crate::error::Error;
#[cfg(feature = "openid")]
use crate::openid::{ClientAuth, OpenId};
use crate::poll::PollPolicy;
use crate::push_guard::PushGuard;
#[cfg(feature = "ticket")]
use crate::seal::SealingKey;
use crate::secret::ClientSecret;
use crate::transport::HttpTransport;

/// AuthSec's own cloud, as the newest official SDK names it (`docs/wire.md`, section 1).
const CLOUD: &str = "https://prod.api.authsec.ai";

const MAX_IN_FLIGHT: usize = 512;

const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// Configures a [`CibaClient`]. Nothing is read from the environment or from a file unless you ask for it, but for the
/// proxy variables that [`proxy`](Self::proxy) names.
///
/// Two things have no default, because a wrong guess would send secrets to a stranger: where AuthSec is
/// ([`base_url`](Self::base_url) or [`authsec_cloud`](Self::authsec_cloud)), and for whom to ask
/// ([`client_id`](Self::client_id) or [`admin`](Self::admin)). For another provider than AuthSec's it is `openid`, a `client_id` and
/// `client_auth`.
///
/// ```
/// use std::time::Duration;
/// use authsec_ciba::{ApiRoutes, CibaClient, PollPolicy, TotpLockout};
///
/// # fn main() -> Result<(), authsec_ciba::Error> {
/// let client = CibaClient::builder()
///     .base_url("https://authsec.example.com")
///     .client_id("my-client")
///     .client_secret("its secret")
///     .routes(ApiRoutes::Workspace)
///     .totp_lockout(TotpLockout::Strict) // behind a web page: no Cancel gives new guesses at a code
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
    initiate_timeout: Duration,
    totp_lockout: TotpLockout,
    totp_lock_duration: Duration,
    pub(super) push_guard: Option<PushGuard>,
    concurrent_approvals: bool,
    pub(super) max_in_flight: usize,
    pub(super) plain_http_to: Option<String>,
    pub(super) transport_of: Option<SharedTransport>,
    connection: Connection,
    pub(super) client_certificate: Option<Zeroizing<Vec<u8>>>,
    headers: Vec<(String, ClientSecret)>,
    header_function: Option<Box<HeaderFunction>>,
    /// The settings that the environment has set, and the variables of it that nobody reads.
    pub(super) from_env: Vec<&'static str>,
    unread: Vec<String>,
    #[cfg(feature = "openid")]
    pub(super) openid: Option<OpenId>,
    #[cfg(feature = "openid")]
    pub(super) client_auth: Option<ClientAuth>,
    #[cfg(feature = "ticket")]
    pub(super) sealing_key: Option<SealingKey>,
    #[cfg(feature = "ticket")]
    pub(super) also_opens: Vec<SealingKey>,
}

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
            initiate_timeout: Duration::from_secs(60),
            totp_lockout: TotpLockout::default(),
            totp_lock_duration: Duration::from_secs(15 * 60),
            push_guard: None,
            concurrent_approvals: false,
            max_in_flight: MAX_IN_FLIGHT,
            plain_http_to: None,
            transport_of: None,
            connection: Connection::new(),
            client_certificate: None,
            headers: Vec::new(),
            header_function: None,
            from_env: Vec::new(),
            unread: Vec::new(),
            #[cfg(feature = "openid")]
            openid: None,
            #[cfg(feature = "openid")]
            client_auth: None,
            #[cfg(feature = "ticket")]
            sealing_key: None,
            #[cfg(feature = "ticket")]
            also_opens: Vec::new(),
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
        self.connection.connect_timeout = Some(timeout);
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
        self.connection.proxy = Some(url.into());
        self
    }

    /// A certificate authority to trust besides the platform's, in PEM; a bundle may hold several. May be called several
    /// times.
    ///
    /// The platform's are those of the operating system; on Linux and other Unixes except Apple's those of the usual files,
    /// or those that `SSL_CERT_FILE` and `SSL_CERT_DIR` name in their place; a file that is named there and cannot be read is
    /// an error of [`build`](Self::build). With the feature `webpki-roots` they are
    /// Mozilla's, compiled in, and no variable is read.
    pub fn root_certificate(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.connection.root_certificates.push(pem.into());
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
        self.connection.user_agent = Some(text.into());
        self
    }

    /// Speaks HTTP/2 without asking, also over plain http. Default: `false`; over TLS it is negotiated anyway.
    #[cfg(feature = "http2")]
    pub fn http2_prior_knowledge(mut self, on: bool) -> Self {
        self.connection.http2_prior_knowledge = on;
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
        self.transport_of = Some(SharedTransport::of(&other.inner));
        self
    }

    /// The key that seals tickets, [`PendingApproval::ticket`](crate::PendingApproval::ticket), and opens them: the same in
    /// every process that is to go on with what another one has begun. Default: none, and there are no tickets.
    ///
    /// ```
    /// use authsec_ciba::{CibaClient, SealingKey};
    ///
    /// # fn main() -> Result<(), authsec_ciba::Error> {
    /// # let (key, older) = (vec![0x5a; 32], vec![0x3c; 32]);
    /// let client = CibaClient::builder()
    ///     .base_url("https://authsec.example.com")
    ///     .client_id("my-client")
    ///     .sealing_key(SealingKey::new(key)?)
    ///     .also_opens(SealingKey::new(older)?)
    ///     .build()?;
    /// # let _ = client;
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "ticket")]
    pub fn sealing_key(mut self, key: SealingKey) -> Self {
        self.sealing_key = Some(key);
        self
    }

    /// A key whose tickets are opened besides those of the [`sealing_key`](Self::sealing_key), and that seals none; may be called
    /// several times. So a key is changed without losing a ticket: every process takes the new one here; then each seals with it
    /// and takes the old one here; when the last ticket of the old one is over, it goes.
    #[cfg(feature = "ticket")]
    pub fn also_opens(mut self, key: SealingKey) -> Self {
        self.also_opens.push(key);
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
            let (transport, places) = shared.parts(&base_url, self.first_connection_setting())?;
            return Ok(CibaClient::from_inner(self.into_inner_of(transport, places)?));
        }
        let options = self.http_options(base_url, self.client_certificate.clone(), self.max_in_flight);
        let transport = HttpTransport::new(&options)?;
        Ok(CibaClient::from_inner(self.into_inner(Box::new(transport))?))
    }

    /// Of this setting the environment says nothing any more.
    fn is_set_here(&mut self, field: &str) {
        self.from_env.retain(|it| *it != field);
    }
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
