//! A sandbox with one user, and a client for it.

use authsec_ciba::sandbox::{Sandbox, SandboxBuilder, User};
use authsec_ciba::{ApiRoutes, CibaClient, CibaClientBuilder};

pub(crate) const EMAIL: &str = "user@example.com";
/// The older tenant plane knows clients by UUIDs.
pub(crate) const CLIENT: &str = "6f1c1bb4-1d2c-4c52-9d5a-0d1f3f9a7c11";
pub(crate) const SECRET: &str = "client secret: with % and + and ü";

/// Which half of which server is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Plane {
    pub(crate) routes: ApiRoutes,
    pub(crate) admin: bool,
}

impl Plane {
    /// The one that the scenarios go by which are not about the planes themselves.
    pub(crate) const MAIN: Self = Self { routes: crate::ROUTES, admin: false };

    /// The standard knows no administrators without a client.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        [ApiRoutes::Unprefixed, ApiRoutes::Tenant, ApiRoutes::Workspace]
            .into_iter()
            .flat_map(|routes| [true, false].map(|admin| Self { routes, admin }))
            .chain([Self { routes: ApiRoutes::OAuth, admin: false }])
    }

    pub(crate) fn sandbox(self) -> SandboxBuilder {
        Sandbox::builder()
            .routes(self.routes)
            .user(User::new(EMAIL).with_totp())
            .user(User::new("nodevice@example.com").without_device())
            .client(CLIENT, Some(SECRET))
    }

    pub(crate) fn client(self, sandbox: &Sandbox) -> CibaClientBuilder {
        let builder = CibaClient::builder().base_url(sandbox.base_url()).routes(self.routes);
        match (self.routes, self.admin) {
            (ApiRoutes::Workspace, true) => builder.admin().workspace_id(sandbox.workspace_id()),
            (_, true) => builder.admin(),
            (ApiRoutes::Workspace | ApiRoutes::OAuth, false) => {
                builder.client_id(CLIENT).client_secret(SECRET)
            }
            (_, false) => builder.client_id(CLIENT),
        }
    }

    pub(crate) async fn start(self) -> (Sandbox, CibaClient) {
        let sandbox = self.sandbox().start().await.expect("a free port");
        let client = self.client(&sandbox).build().expect("a valid configuration");
        (sandbox, client)
    }
}

/// The newest server, a client's user.
pub(crate) async fn start() -> (Sandbox, CibaClient) {
    Plane::MAIN.start().await
}

/// When an id was polled, in milliseconds since `start`, by the server's own log.
pub(crate) fn polled_at(sandbox: &Sandbox, start: tokio::time::Instant) -> Vec<u128> {
    let polls = sandbox.calls(authsec_ciba::sandbox::Call::Poll);
    polls.iter().map(|poll| poll.received_at.duration_since(start).as_millis()).collect()
}
