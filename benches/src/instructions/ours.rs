//! This crate.

use authsec_ciba::{AuthReqId, CibaClient, PollPolicy, PollStatus};

use super::batch::Batch;
use super::inputs::{CLIENT_ID, CODE, EMAIL, PAUSE, emails, ended_after, ids};

pub(crate) fn verify_totp() -> Batch {
    let emails = emails();
    Batch::warm(client, async move |client, number| {
        let outcome = client.verify_totp(&emails[number], CODE).await.expect("judged");
        assert!(outcome.verified().is_ok());
    })
}

pub(crate) fn poll() -> Batch {
    let emails = emails();
    let ids: Vec<_> = ids().into_iter().map(|id| AuthReqId::new(id).expect("an id")).collect();
    Batch::warm(client, async move |client, number| {
        let look = client.poll_for_approval(&emails[number], &ids[number]).once().await.expect("answered");
        assert!(matches!(look, PollStatus::Pending { .. }));
    })
}

/// A wait that goes on until the server ends it.
pub(crate) fn waiting() -> Batch {
    Batch::long(client, async move |client, polls| {
        let id = AuthReqId::new(ended_after(polls)).expect("an id");
        let outcome = client.poll_for_approval(EMAIL, &id).policy(floor()).interval(PAUSE).await;
        assert_eq!(outcome.expect("an outcome").status(), "access_denied");
    })
}

fn floor() -> PollPolicy {
    PollPolicy::default().minimum_interval(PAUSE)
}

pub(crate) fn initiate() -> Batch {
    let emails = emails();
    Batch::warm(client, async move |client, number| {
        let pending = client.initiate_app_approval(&emails[number]).await.expect("acknowledged");
        assert!(pending.interval().as_secs() == 5);
    })
}

fn client(base: &str) -> CibaClient {
    CibaClient::builder().base_url(base).client_id(CLIENT_ID).build().expect("a client")
}
