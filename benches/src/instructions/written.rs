//! What people write: reqwest as its front page shows it.

use reqwest::Client;

use super::batch::Batch;
use super::inputs::{
    CLIENT_ID, CODE, INITIATE, Initiate, Initiated, Judged, MESSAGE, POLL, Poll, Polled, TOTP, Totp, emails,
    ids,
};

pub(crate) fn verify_totp() -> Batch {
    let emails = emails();
    let client = |base: &str| (Client::new(), base.to_owned());
    Batch::warm(client, async move |(client, base), number| {
        let body = Totp { client_id: CLIENT_ID, email: &emails[number], totp_code: CODE };
        let response = client.post(format!("{base}{TOTP}")).json(&body).send().await.expect("an answer");
        response.json::<Judged>().await.expect("an object").check();
    })
}

pub(crate) fn poll() -> Batch {
    let ids = ids();
    let client = |base: &str| (Client::new(), base.to_owned());
    Batch::warm(client, async move |(client, base), number| {
        let body = Poll { auth_req_id: &ids[number], client_id: CLIENT_ID };
        let response = client.post(format!("{base}{POLL}")).json(&body).send().await.expect("an answer");
        response.json::<Polled>().await.expect("an object").check();
    })
}

/// On a fresh connection, as ours (fault N34): `pool_max_idle_per_host(0)`.
pub(crate) fn initiate() -> Batch {
    initiate_with(|| Client::builder().pool_max_idle_per_host(0).build().expect("a client"))
}

/// On the connection that is there: what a fresh one costs is the difference.
pub(crate) fn initiate_kept_alive() -> Batch {
    initiate_with(Client::new)
}

fn initiate_with(client: fn() -> Client) -> Batch {
    let emails = emails();
    let client = move |base: &str| (client(), base.to_owned());
    Batch::warm(client, async move |(client, base), number| {
        let body = Initiate { client_id: CLIENT_ID, email: &emails[number], binding_message: MESSAGE };
        let response = client.post(format!("{base}{INITIATE}")).json(&body).send().await.expect("an answer");
        response.json::<Initiated>().await.expect("an object").check();
    })
}
