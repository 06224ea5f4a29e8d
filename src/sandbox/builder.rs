//! The way to a running sandbox.

#[cfg(feature = "openid")]
mod openid;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::Sandbox;
use super::server::listener::Port;
use super::state::clock::Clock;
#[cfg(feature = "openid")]
use super::state::provider::Provider;
use super::state::random;
use super::state::settings::{Client, Settings};
use super::state::shared::Shared;
use super::state::totp::{Attempts, Codes};
use super::state::user::{TotpSource, User};
use super::state::world::{Account, Device, World};
use crate::ApiRoutes;

/// Collects what the server should be like. Start it with [`start`](Self::start).
#[derive(Clone)]
#[must_use = "a builder does nothing until it is started"]
pub struct SandboxBuilder {
    settings: Settings,
    users: Vec<User>,
    issuer: Option<String>,
    address: SocketAddr,
    /// Clients and their JWKs, not yet read.
    #[cfg(feature = "openid")]
    client_keys: Vec<(String, String)>,
}

impl SandboxBuilder {
    pub(crate) fn new() -> Self {
        Self {
            settings: Settings {
                routes: ApiRoutes::Workspace,
                oauth: false,
                #[cfg(feature = "openid")]
                openid: false,
                clients: Vec::new(),
                workspaces: Vec::new(),
                resources: Vec::new(),
                allow_unauthenticated_clients: false,
                lifetime: Duration::from_secs(300),
                interval: Duration::from_secs(5),
                rate_limit: None,
                keep_log: true,
                keep_alive: None,
                issuer: String::new(),
            },
            users: Vec::new(),
            issuer: None,
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            #[cfg(feature = "openid")]
            client_keys: Vec::new(),
        }
    }

    /// Which server is imitated (section 1): one that has these routes. [`ApiRoutes::OAuth`] is the newest server, as
    /// [`ApiRoutes::Workspace`] is, with [`oauth`](Self::oauth) switched on. Default: [`ApiRoutes::Workspace`].
    pub fn routes(mut self, routes: ApiRoutes) -> Self {
        self.settings.routes = routes;
        self.settings.oauth |= routes == ApiRoutes::OAuth;
        self
    }

    /// Turns `XAA_CIBA` on: `/oauth/bc-authorize` and the CIBA grant of `/oauth/token`, their metadata, and
    /// one-hour tokens on the workspace plane. Only on the newest server. Default: off, which is the
    /// real server's default, too.
    pub fn oauth(mut self, on: bool) -> Self {
        self.settings.oauth = on;
        self
    }

    /// Adds a user. Without this call there is `user@example.com`, who has a device and an authenticator.
    pub fn user(mut self, user: User) -> Self {
        self.users.push(user);
        self
    }

    /// Adds a client with an approved registration. The older tenant plane knows clients by UUIDs only
    /// (section 2.1); one without a secret cannot authenticate (section 4).
    ///
    /// Without any approved client named, there is one: `client-id` with the secret `client-secret`; on the older routes a
    /// fixed UUID without a secret. [`Sandbox::client_id`] tells.
    pub fn client(mut self, id: impl Into<String>, secret: Option<&str>) -> Self {
        self.settings.clients.push(Client::new(id, secret, true));
        self
    }

    /// Adds a client that can authenticate but is approved nowhere: `invalid_client` on a 400. It does not take the place
    /// of the one that is there without any approved client named, unless it has its id.
    pub fn unapproved_client(mut self, id: impl Into<String>, secret: Option<&str>) -> Self {
        self.settings.clients.push(Client::new(id, secret, false));
        self
    }

    /// Adds a known workspace id. Without this call there is one with a random UUID
    /// ([`Sandbox::workspace_id`]).
    pub fn workspace(mut self, id: impl Into<String>) -> Self {
        self.settings.workspaces.push(id.into());
        self
    }

    /// Adds a resource server that every approved client may use (section 2.1). With several of them a
    /// request has to name one; without any, naming one is an error.
    pub fn resource(mut self, uri: impl Into<String>) -> Self {
        self.settings.resources.push(uri.into());
        self
    }

    /// Turns `CIBA_ALLOW_UNAUTHENTICATED_CLIENTS` on: on the workspace plane a bare `client_id` is enough
    /// (section 4), and at the OpenID provider (the method `none`). A credential that is sent is still checked. Default: off.
    pub fn allow_unauthenticated_clients(mut self, allow: bool) -> Self {
        self.settings.allow_unauthenticated_clients = allow;
        self
    }

    /// How long a request lives. Default: 300 s, the real server's only value. A lifetime of whole seconds
    /// is counted in whole seconds, as the real server counts.
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.settings.lifetime = lifetime;
        self
    }

    /// What acknowledgements say about the time between polls. AuthSec's servers do not enforce it; the OpenID provider answers
    /// `slow_down`. Default: 5 s, the real server's only value. Parts of a second are sent as a fraction, which no real server does.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.settings.interval = interval;
        self
    }

    /// At most this many requests in 60 s from one address (section 3.5), and 30 to `/oauth/bc-authorize`.
    /// The real server's number is 100. Default: no limit.
    pub fn rate_limit(mut self, limit: Option<u32>) -> Self {
        self.settings.rate_limit = limit;
        self
    }

    /// Whether to keep a log of all requests; without it [`Sandbox::log`] and everything that reads it stay
    /// empty. For crowds of polls, whose log would take more memory than they do. Default: yes.
    pub fn keep_log(mut self, keep: bool) -> Self {
        self.settings.keep_log = keep;
        self
    }

    /// Closes an HTTP/1 connection that has been idle for this long since its last answer, without a word of it before: no
    /// `Keep-Alive` header is sent. 5 s is the default of several servers and proxies. Default: idle connections stay open.
    pub fn keep_alive(mut self, idle: Duration) -> Self {
        self.settings.keep_alive = Some(idle);
        self
    }

    /// The canonical origin, without a path; requests to `/oauth` and the metadata under another `Host` get
    /// a 308 to it (section 1). The OpenID provider redirects nothing: its metadata and ID Tokens name this origin, which is of use
    /// where a proxy in front of the sandbox has it. Default: [`Sandbox::base_url`].
    pub fn issuer(mut self, origin: impl Into<String>) -> Self {
        self.issuer = Some(origin.into());
        self
    }

    /// Where to listen. Default: a free port of 127.0.0.1.
    pub fn bind(mut self, address: SocketAddr) -> Self {
        self.address = address;
        self
    }

    /// Starts the server on the caller's tokio runtime, which needs its I/O and time drivers.
    ///
    /// # Errors
    ///
    /// The address cannot be bound; the operating system gives no random bytes; or the settings contradict
    /// each other ([`io::ErrorKind::InvalidInput`]): `oauth` with an older generation, a TOTP secret that is
    /// not base32, a key that cannot be read, two users with the same address.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime, or on one without I/O or time.
    pub async fn start(mut self) -> io::Result<Sandbox> {
        if self.settings.oauth && !self.settings.is_new() {
            return Err(invalid("oauth exists in the newest generation only"));
        }
        #[cfg(feature = "openid")]
        openid::register(&mut self.settings, &self.client_keys)?;
        if !self.settings.clients.iter().any(|client| client.approved) {
            let default = default_client(self.settings.is_new());
            if self.settings.client(&default.id).is_none() {
                self.settings.clients.push(default);
            }
        }
        if self.users.is_empty() {
            self.users.push(User::new("user@example.com").with_totp());
        }
        if self.settings.workspaces.is_empty() {
            self.settings.workspaces.push(random::uuid());
        }
        let clock = Clock::start();
        #[cfg_attr(not(feature = "openid"), allow(unused_mut, reason = "only a provider is put in"))]
        let mut world = world(self.users, &clock)?;
        #[cfg(feature = "openid")]
        if self.settings.openid {
            world.provider = Some(Provider::generate()?);
        }
        let port = Port::bind(self.address).map_err(|error| {
            io::Error::new(error.kind(), format!("{} cannot be listened on: {error}", self.address))
        })?;
        let base_url = format!("http://{}", port.address);
        self.settings.issuer = self.issuer.as_deref().unwrap_or(&base_url).trim_end_matches('/').to_owned();
        let shared = Shared::new(self.settings, clock, world);
        port.open(&shared).await?;
        Ok(Sandbox { shared, port })
    }
}

/// Leaves the clients' secrets out.
impl std::fmt::Debug for SandboxBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SandboxBuilder")
            .field("routes", &self.settings.routes)
            .field("oauth", &self.settings.oauth)
            .field("users", &self.users)
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

/// The client where no approved one is named. The older routes know ids that are UUIDs, and no secrets.
fn default_client(is_new: bool) -> Client {
    if is_new {
        Client::new("client-id", Some("client-secret"), true)
    } else {
        Client::new("3f2b8c1e-6d4a-4f0b-9a57-2c8e51d0b7a4", None, true)
    }
}

fn invalid(why: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, why.into())
}

fn world(users: Vec<User>, clock: &Clock) -> io::Result<World> {
    let mut world = World::default();
    for user in users {
        let codes = match &user.totp {
            TotpSource::None => None,
            TotpSource::Random => Some(Codes::from_bytes(&random::bytes::<20>()?)),
            TotpSource::Base32(secret) => {
                Some(Codes::from_base32(secret).ok_or_else(|| invalid("a TOTP secret is not base32"))?)
            }
        };
        let device = user.device.then(|| Device {
            id: random::uuid(),
            token: format!("ExponentPushToken[{}]", random::uuid()),
            name: String::new(),
            platform: "ios".to_owned(),
            model: String::new(),
            app_version: String::new(),
            os_version: String::new(),
            created_at: clock.now(),
        });
        let account = Account {
            id: random::uuid(),
            email: user.email,
            active: user.active,
            devices: device.into_iter().collect(),
            codes,
            scopes: user.scopes,
            reaction: user.reaction,
            attempts: Attempts::default(),
        };
        if !world.add_account(account) {
            return Err(invalid("two users have the same address"));
        }
    }
    Ok(world)
}
