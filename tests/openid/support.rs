//! A client of the provider, and what most tests do with it.

use std::time::Duration;

use authsec_ciba::{
    ApprovalOutcome, CibaClient, CibaClientBuilder, ClientAuth, Error, Hint, OpenId, PendingApproval,
};
use tokio::time::Instant;

use crate::op::{Answer, CLIENT, Op, START, TOKEN};

pub(crate) const SECRET: &str = "secret-0123456789abcdef0123456789abcdef";

pub(crate) fn builder(op: &Op) -> CibaClientBuilder {
    with(OpenId::at(op.issuer()))
}

pub(crate) fn with(provider: OpenId) -> CibaClientBuilder {
    CibaClient::builder().openid(provider).client_id(CLIENT).client_auth(ClientAuth::secret_basic(SECRET))
}

pub(crate) async fn client(op: &Op) -> CibaClient {
    builder(op).discover().await.expect("a client")
}

pub(crate) async fn started(client: &CibaClient) -> PendingApproval {
    client.initiate(Hint::login("alice")).await.expect("an acknowledgement")
}

/// Starts, polls through these answers, and gives what it came to, and when the polls were.
pub(crate) async fn polled(
    op: &Op,
    answers: impl IntoIterator<Item = Answer>,
) -> (Result<ApprovalOutcome, Error>, Vec<u128>) {
    op.then(TOKEN, answers);
    let client = client(op).await;
    let pending = started(&client).await;
    let (start, before) = (Instant::now(), op.requests(TOKEN).len());
    let outcome = pending.wait().await;
    let polls = op.instants(TOKEN, start).split_off(before);
    stops(op).await;
    (outcome, polls)
}

/// No further request in the next 10 s.
pub(crate) async fn stops(op: &Op) {
    let before = op.all_requests().len();
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(op.all_requests().len(), before, "{:#?}", op.all_requests().split_off(before));
}

pub(crate) fn status(outcome: &Result<ApprovalOutcome, Error>) -> &'static str {
    outcome.as_ref().unwrap_or_else(|error| panic!("{error:?}")).status()
}

/// Starts against this answer, and gives the error.
pub(crate) async fn refused_start(op: &Op, answer: Answer) -> Error {
    op.always(START, answer);
    let client = client(op).await;
    let error = client.initiate(Hint::login("alice")).await.expect_err("no acknowledgement");
    stops(op).await;
    assert_eq!(op.requests(TOKEN).len(), 0, "nothing is polled");
    assert_eq!(op.requests(START).len(), 1, "nothing is repeated");
    error
}
