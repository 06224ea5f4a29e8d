//! The keys of a provider (O-72 to O-79).

use std::time::Duration;

use authsec_ciba::ErrorKind;
use serde_json::json;

use crate::op::{Answer, KEYS, Key, Op, TOKEN};
use crate::support::{client, polled, started, status};

#[tokio::test(start_paused = true)]
async fn c45_o79_a_rotation_while_a_poll_sleeps_costs_no_approval() {
    let op = Op::start().await;
    let client = client(&op).await;
    let waiting = started(&client).await.wait().spawn();
    tokio::time::sleep(Duration::from_secs(1)).await;
    op.rotate("two");
    op.always(TOKEN, op.approval());
    assert_eq!(status(&waiting.await), "approved");
    assert_eq!((op.requests(KEYS).len(), op.requests(TOKEN).len()), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn c46_o77_a_set_with_junk_is_read_for_what_is_good_in_it() {
    let op = Op::start().await;
    let good = op.key().jwk();
    let set = format!(
        r#"{{"keys":["text",7,null,{{}},{{"kty":"XX","kid":"one"}},{{"kty":"EC","crv":"P-256","kid":3,"x":"","y":""}},
        {{"kty":"RSA","n":"AQAB","e":"AQAB"}},{{"kty":"oct","k":"c2VjcmV0"}},{good},
        {{"kty":"EC","crv":"P-256","use":"enc","x":"AAAA","y":"AAAA"}}],"more":true}}"#
    );
    op.always(KEYS, Answer::json(200, set));
    let (outcome, _) = polled(&op, [op.approval()]).await;
    assert_eq!(status(&outcome), "approved");
}

#[tokio::test(start_paused = true)]
async fn o74_many_forged_tokens_cause_few_fetches() {
    let op = Op::start().await;
    let client = client(&op).await;
    for at in 0..20 {
        let forged = Key::es256(&format!("forged-{at}")).sign(&op.claims().to_string());
        op.always(TOKEN, op.tokens(&forged));
        let pending =
            client.initiate(authsec_ciba::Hint::login(format!("alice-{at}"))).await.expect("started");
        let error = pending.wait().await.expect_err("forged");
        assert_eq!(error.kind(), ErrorKind::IdToken);
    }
    // One at discovery, which counts as well: ten in five minutes.
    assert_eq!(op.requests(KEYS).len(), 10);
}

#[tokio::test(start_paused = true)]
async fn o75_keys_that_cannot_be_fetched_let_nobody_in() {
    let op = Op::start().await;
    let client = client(&op).await;
    let pending = started(&client).await;
    op.rotate("two");
    op.always(KEYS, Answer::json(503, ""));
    op.always(TOKEN, op.approval());
    let error = pending.wait().await.expect_err("no keys");
    assert_eq!(error.kind(), ErrorKind::IdToken);
    assert_eq!(op.requests(TOKEN).len(), 1, "no poll is sent again");
}

#[tokio::test(start_paused = true)]
async fn o78_a_key_that_is_gone_verifies_nothing_any_more() {
    let op = Op::start().await;
    let client = client(&op).await;
    let stolen = op.id_token(json!({}));
    op.rotate("two");
    op.always(TOKEN, op.approval());
    assert_eq!(status(&started(&client).await.wait().await), "approved");
    op.always(TOKEN, op.tokens(&stolen));
    let error = started(&client).await.wait().await.expect_err("by the key that is gone");
    assert_eq!(error.kind(), ErrorKind::IdToken);
}
