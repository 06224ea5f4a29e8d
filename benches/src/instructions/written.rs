//! What people write: reqwest as its front page shows it.

use reqwest::Client;

use super::batch::Batch;
use super::inputs::{
    CLIENT_ID, CODE, INITIATE, Initiate, Initiated, Judged, MESSAGE, PAUSE, POLL, Poll, Polled, TOTP, Totp,
    emails, ended_after, ids,
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

pub(crate) fn waiting() -> Batch {
    let client = |base: &str| (Client::new(), base.to_owned());
    Batch::long(client, async move |(client, base), polls| {
        let id = ended_after(polls);
        loop {
            let body = Poll { auth_req_id: &id, client_id: CLIENT_ID };
            let response = client.post(format!("{base}{POLL}")).json(&body).send().await.expect("an answer");
            if response.json::<Polled>().await.expect("an object").is_denied() {
                break;
            }
            tokio::time::sleep(PAUSE).await;
        }
    })
}

pub(crate) fn initiate() -> Batch {
    let emails = emails();
    let client = |base: &str| (Client::new(), base.to_owned());
    Batch::warm(client, async move |(client, base), number| {
        let body = Initiate { client_id: CLIENT_ID, email: &emails[number], binding_message: MESSAGE };
        let response = client.post(format!("{base}{INITIATE}")).json(&body).send().await.expect("an answer");
        response.json::<Initiated>().await.expect("an object").check();
    })
}
