//! From settings that are right to what every request needs.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::task::TaskTracker;
use url::Url;
use zeroize::Zeroizing;

use super::{CibaClientBuilder, REQUEST_TIMEOUT};
use crate::attempts::Attempts;
use crate::authsec::Plane;
use crate::client::credential::authorization;
use crate::client::headers::Headers;
use crate::client::{Inner, origin};
use crate::error::Error;
use crate::profile::{AuthSec, Profile};
use crate::push_guard::{PushGuard, PushLedger};
use crate::registry::Registry;
#[cfg(feature = "ticket")]
use crate::seal::Sealer;
use crate::transport::{HttpOptions, Places, Transport};

impl CibaClientBuilder {
    /// For the connections to this address; `identity` is what is presented there, if anything is.
    pub(in crate::client) fn http_options(
        &self,
        base_url: Url,
        identity: Option<Zeroizing<Vec<u8>>>,
        max_in_flight: usize,
    ) -> HttpOptions {
        #[cfg(feature = "openid")]
        let setting = if self.openid.is_some() { "the provider's address" } else { "base_url" };
        #[cfg(not(feature = "openid"))]
        let setting = "base_url";
        self.connection.options(base_url, setting, identity, max_in_flight)
    }

    /// Everything but the transport, which tests replace.
    pub(crate) fn into_inner(self, transport: Box<dyn Transport>) -> Result<Inner, Error> {
        let places = Places::new(self.max_in_flight);
        self.into_inner_of(Arc::from(transport), places)
    }

    pub(super) fn into_inner_of(self, transport: Arc<dyn Transport>, places: Places) -> Result<Inner, Error> {
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
    pub(in crate::client) fn into_inner_with(
        self,
        transport: Arc<dyn Transport>,
        places: Places,
        profile: Profile,
        request_timeout: Duration,
        push_guard: PushGuard,
    ) -> Result<Inner, Error> {
        let (policy, headers) =
            (self.poll_policy.validated()?, Headers::new(&self.headers, self.header_function)?);
        #[cfg(feature = "ticket")]
        let sealer = self.sealing_key.map(|key| Sealer::new(key, self.also_opens, profile.audience()));
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
            #[cfg(feature = "ticket")]
            sealer,
            fixed_jitter: None,
        })
    }
}
