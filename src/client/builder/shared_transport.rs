use std::sync::Arc;

use url::Url;

use crate::client::Inner;
use crate::error::Error;
use crate::transport::{Places, Transport};

/// What several clients of one server use together.
pub(in crate::client) struct SharedTransport {
    transport: Arc<dyn Transport>,
    places: Places,
    origin: url::Origin,
}

impl SharedTransport {
    pub(super) fn of(other: &Inner) -> Self {
        Self {
            transport: Arc::clone(&other.transport),
            places: other.places.clone(),
            origin: other.profile.poll_target().url.origin(),
        }
    }

    /// Its parts, for a client of this address. `set_here`: a setting of the connections, if there is one.
    ///
    /// # Errors
    ///
    /// What would silently count for nothing is refused.
    pub(super) fn parts(
        &self,
        base_url: &Url,
        set_here: Option<&'static str>,
    ) -> Result<(Arc<dyn Transport>, Places), Error> {
        if base_url.origin() != self.origin {
            return Err(Error::config(
                "base_url",
                "is of another origin than that of the client whose transport it shares",
            ));
        }
        if let Some(field) = set_here {
            return Err(Error::config(field, "is set by the client whose transport this one shares"));
        }
        Ok((Arc::clone(&self.transport), self.places.clone()))
    }
}
