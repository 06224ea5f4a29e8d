//! Clients over a script, for the tests of the calls.

mod building;
mod configuring;
#[cfg(feature = "openid")]
pub(crate) mod openid;

use crate::client::CibaClientBuilder;
use crate::transport::script::Script;
use crate::{CibaClient, PendingApproval};

/// A client of the workspace flow over a script, without jitter.
pub(crate) fn scripted(script: &Script) -> CibaClient {
    scripted_with(script, |builder| builder)
}

pub(crate) fn scripted_with(
    script: &Script,
    configure: impl FnOnce(CibaClientBuilder) -> CibaClientBuilder,
) -> CibaClient {
    let builder = configure(CibaClient::builder().base_url("https://authsec.example").client_id("client"));
    let mut inner = builder.into_inner(Box::new(script.clone())).expect("a valid configuration");
    inner.fixed_jitter = Some(0);
    CibaClient::from_inner(inner)
}

pub(crate) async fn initiate(client: &CibaClient) -> PendingApproval {
    client.initiate_app_approval("user@example.com").await.expect("an acknowledgement")
}
