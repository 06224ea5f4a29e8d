use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::end::End;
use super::request::Request;
use crate::trace::{FlowId, MaskedEmail};
use crate::types::PersonKey;

/// What has to be dropped and told once no lock is held: it runs foreign code.
#[must_use = "what waits is not told until this is dropped without a lock"]
#[derive(Default)]
pub(crate) struct Aftermath {
    pub(super) request: Option<Arc<Request>>,
    pub(super) token: Option<CancellationToken>,
    pub(super) end: Option<End>,
    /// Whose, for the log.
    pub(super) of: Option<(FlowId, PersonKey)>,
}

impl Drop for Aftermath {
    fn drop(&mut self) {
        if matches!(&self.end, Some(End::Approved(kept)) if !kept.is_received()) {
            let (flow, person) = self.of.take().unzip();
            tracing::warn!(
                flow = flow.map(tracing::field::display),
                email = person.as_ref().map(|person| tracing::field::display(MaskedEmail(person.as_str()))),
                "an approval was dropped: it was cancelled before anybody had received it"
            );
        }
        if let Some(token) = self.token.take() {
            token.cancel();
        }
        if let Some(request) = self.request.take() {
            request.end();
        }
    }
}
