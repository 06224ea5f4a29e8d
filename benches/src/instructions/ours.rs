//! This crate.

use authsec_ciba::{AuthReqId, CibaClient, PollStatus};

use super::batch::Batch;
use super::inputs::{CLIENT_ID, CODE, emails, ids};

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
