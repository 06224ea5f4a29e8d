//! Who would get in, or keep somebody out, by bytes that no good provider sends.

use std::time::Duration;

use authsec_ciba::{CibaClient, ErrorKind, OpenId, PendingApproval};
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use tokio::time::Instant;

use crate::op::{Answer, KEYS, Key, Op, TOKEN, now};
use crate::support::{client, polled, started, status, stops, with};

/// The check that an ID Token fails by, for a client that expects ES256.
async fn failed(op: &Op, id_token: &str) -> Option<&'static str> {
    let (outcome, polls) = polled(op, [op.tokens(id_token)]).await;
    let error = outcome.expect_err("nobody is let in");
    assert_eq!((error.kind(), polls.len()), (ErrorKind::IdToken, 1), "{error}");
    assert!(!format!("{error:?} {error}").contains(id_token));
    error.field()
}

#[tokio::test(start_paused = true)]
async fn o61_a_key_that_the_token_brings_is_never_taken() {
    let op = Op::start().await;
    let forger = Key::es256("one");
    let claims = op.claims().to_string();
    let (jwk, at) = (forger.jwk(), format!("{}/forged-keys", op.issuer()));
    op.always("/forged-keys", Answer::json(200, forger.set()));
    for member in [
        format!(r#""jwk":{jwk}"#),
        format!(r#""jku":"{at}""#),
        format!(r#""x5u":"{at}""#),
        r#""x5c":["MIIB"]"#.to_owned(),
        format!(r#""kid":"one","jku":"{at}""#),
        format!(r#""kid":"{at}","jwk":{jwk}"#),
        r#""kid":"../../../../dev/null""#.to_owned(),
        r#""kid":"' OR 1=1 --""#.to_owned(),
        r#""kid":"""#.to_owned(),
    ] {
        let token = forger.sign_with(&format!(r#"{{"alg":"ES256",{member}}}"#), &claims);
        assert_eq!(failed(&op, &token).await, Some("signature"), "{member}");
    }
    assert_eq!(op.requests("/forged-keys").len(), 0, "an address of the token's was asked");
}

#[tokio::test(start_paused = true)]
async fn o61_a_header_that_asks_for_more_is_refused_although_the_signature_is_right() {
    let op = Op::start().await;
    let claims = op.claims().to_string();
    for (header, check) in [
        (r#"{"alg":"ES256","kid":"one","crit":["exp"],"exp":1}"#, "crit"),
        (r#"{"alg":"ES256","kid":"one","crit":["b64"],"b64":false}"#, "crit"),
        (r#"{"alg":"ES256","kid":"one","crit":[]}"#, "crit"),
        (r#"{"alg":"ES256","kid":"one","crit":null}"#, "crit"),
        (r#"{"alg":"ES256","kid":"one","typ":"at+jwt"}"#, "typ"),
        (r#"{"alg":"ES256","kid":"one","typ":"logout+jwt"}"#, "typ"),
        (r#"{"alg":"ES256","kid":["one"]}"#, "kid"),
        (r#"{"alg":"ES256","alg":"none","kid":"one"}"#, "id_token"),
        (r#"{"alg":"none","alg":"ES256","kid":"one"}"#, "id_token"),
        (r#"{"alg":"ES256","\u0061lg":"none","kid":"one"}"#, "id_token"),
        (r#"[{"alg":"ES256","kid":"one"}]"#, "id_token"),
        (r#"{"alg":["ES256"],"kid":"one"}"#, "alg"),
        (r#"{"alg":"es256","kid":"one"}"#, "alg"),
        (r#"{"kid":"one"}"#, "alg"),
    ] {
        let token = op.key().sign_with(header, &claims);
        assert_eq!(failed(&op, &token).await, Some(check), "{header}");
    }
    // An address or a key in the header does no harm where a known key has signed.
    let odd = r#"{"alg":"ES256","kid":"one","typ":"jwt","jku":"https://evil.example/k","jwk":{"kty":"oct","k":"AA"}}"#;
    let token = op.key().sign_with(odd, &claims);
    let (outcome, _) = polled(&op, [op.tokens(&token)]).await;
    assert_eq!(status(&outcome), "approved");
}

#[tokio::test(start_paused = true)]
async fn o60_the_public_key_is_no_secret_whatever_form_it_has() {
    let op = Op::start().await;
    let (jwk, set) = (op.key().jwk(), op.key().set());
    for secret in [jwk.as_bytes(), set.as_bytes(), b"", b"null", &[0; 32]] {
        for alg in ["HS256", "none", "None", "nOnE", ""] {
            let header = format!(r#"{{"alg":"{alg}","kid":"one"}}"#);
            let input = format!(
                "{}.{}",
                URL_SAFE_NO_PAD.encode(header),
                URL_SAFE_NO_PAD.encode(op.claims().to_string())
            );
            let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), input.as_bytes());
            for signature in [URL_SAFE_NO_PAD.encode(signature), String::new()] {
                assert_eq!(failed(&op, &format!("{input}.{signature}")).await, Some("alg"), "{alg}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn o58_a_token_is_written_in_one_way_alone() {
    let op = Op::start().await;
    let good = op.id_token(json!({}));
    let (input, signature) = good.rsplit_once('.').expect("a signature");
    let (header, payload) = input.split_once('.').expect("a payload");
    for token in [
        format!("{header}.{payload}.{signature}="),
        format!("{header}=.{payload}.{signature}"),
        format!("{good}."),
        format!(".{good}"),
        format!("{input}."),
        input.to_owned(),
        format!("{good} "),
        format!("{header}.{payload}.{signature}.e30.e30.e30"),
        format!("{header}.{payload}.{}", &signature[..signature.len() - 4]),
        format!("{header}.{payload}.{signature}AAAA"),
        format!("{header}.{}.{signature}", payload.replace('_', "/").replace('-', "+") + "\\n"),
        // The numbers of the signature as zeros: true for every message at a verifier that does not look (CVE-2022-21449).
        format!("{input}.{}", URL_SAFE_NO_PAD.encode([0; 64])),
        format!("{input}.{}", URL_SAFE_NO_PAD.encode([0xff; 64])),
        "x".repeat(16 * 1024 + 1),
        format!("{}.{payload}.{signature}", URL_SAFE_NO_PAD.encode("[".repeat(6_000))),
        format!("{header}.{}.{signature}", URL_SAFE_NO_PAD.encode("{\"a\":".repeat(2_000))),
    ] {
        let check = failed(&op, &token).await;
        assert!(matches!(check, Some("id_token" | "signature")), "{check:?} {token}");
    }
}

#[tokio::test(start_paused = true)]
async fn o58_claims_that_can_be_read_in_two_ways_are_refused() {
    let op = Op::start().await;
    let issuer = op.issuer();
    let (exp, iat) = (now() + 300, now());
    for claims in [
        format!(
            r#"{{"iss":"{issuer}","sub":"mallory","sub":"alice-1","aud":"checkout","exp":{exp},"iat":{iat}}}"#
        ),
        format!(
            r#"{{"iss":"{issuer}","sub":"alice-1","\u0073ub":"mallory","aud":"checkout","exp":{exp},"iat":{iat}}}"#
        ),
        format!(r#"{{"iss":"{issuer}","sub":"alice-1","aud":"checkout","exp":{exp},"iat":{iat}}} {{}}"#),
        format!(r#"{{"iss":"{issuer}","sub":"alice-1","aud":"checkout","exp":1,"exp":{exp},"iat":{iat}}}"#),
    ] {
        let token = op.key().sign(&claims);
        assert_eq!(failed(&op, &token).await, Some("id_token"), "{claims}");
    }
}

#[tokio::test(start_paused = true)]
async fn o66_the_skew_is_60_s_and_can_be_set_up_to_300() {
    for (skew, late, is_taken) in [
        (None, 30, true),
        (None, 90, false),
        (Some(0), 30, false),
        (Some(300), 270, true),
        (Some(300), 330, false),
    ] {
        let op = Op::start().await;
        op.always(TOKEN, op.tokens(&op.id_token(json!({ "exp": now() - late }))));
        let provider = OpenId::at(op.issuer());
        let provider = match skew {
            Some(seconds) => provider.skew(Duration::from_secs(seconds)),
            None => provider,
        };
        let client = with(provider).discover().await.expect("a client");
        let outcome = started(&client).await.wait().await;
        match outcome {
            Ok(outcome) => assert!(is_taken && outcome.status() == "approved", "{skew:?} {late}"),
            Err(error) => assert!(!is_taken && error.field() == Some("exp"), "{skew:?} {late}: {error}"),
        }
    }
    let op = Op::start().await;
    let longer = OpenId::at(op.issuer()).skew(Duration::from_millis(300_001));
    let error = with(longer).discover().await.expect_err("too long");
    assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some("skew")));
    assert_eq!(op.all_requests().len(), 0, "nothing is fetched");
}

#[tokio::test(start_paused = true)]
async fn o69_a_nonce_says_nothing() {
    let op = Op::start().await;
    for nonce in [json!("n-1"), json!(7), json!({ "a": [] })] {
        op.always(TOKEN, op.tokens(&op.id_token(json!({ "nonce": nonce }))));
        let client = client(&op).await;
        assert_eq!(status(&started(&client).await.wait().await), "approved");
    }
}

#[tokio::test(start_paused = true)]
async fn o27_no_notification_token_is_sent_by_a_client_that_polls() {
    let op = Op::start().await;
    op.always(
        crate::op::DISCOVERY,
        Answer::json(200, op.metadata("").replace(r#"["poll","pull"]"#, r#"["poll","ping","push"]"#)),
    );
    let (outcome, _) = polled(&op, [Answer::pending(), op.approval()]).await;
    assert_eq!(status(&outcome), "approved");
    for request in op.all_requests() {
        assert_eq!(request.field("client_notification_token"), None, "{}", request.path);
    }
}

#[tokio::test(start_paused = true)]
async fn o38_slow_down_by_its_code_on_any_status() {
    for answered in [200, 400, 403, 429, 503] {
        let op = Op::start().await;
        let slow = || Answer::code(answered, "slow_down");
        let (outcome, polls) =
            polled(&op, [Answer::pending(), slow(), slow().header("retry-after", "40"), op.approval()]).await;
        assert_eq!(status(&outcome), "approved", "{answered}");
        // 5 s; 5 + 5; and the larger of 15 and what the provider says.
        assert_eq!(polls, [5_000, 10_000, 20_000, 60_000], "{answered}");
    }
}

#[tokio::test(start_paused = true)]
async fn o39_pending_with_retry_after_waits_for_the_larger() {
    let op = Op::start().await;
    let pending = |seconds: &str| Answer::pending().header("retry-after", seconds);
    let (outcome, polls) = polled(&op, [pending("12"), pending("2"), pending("0"), op.approval()]).await;
    assert_eq!(status(&outcome), "approved");
    assert_eq!(polls, [5_000, 17_000, 22_000, 27_000]);
}

#[tokio::test(start_paused = true)]
async fn o41_a_final_code_ends_every_wait_of_the_id_and_nothing_is_sent_behind_it() {
    for (code, is_outcome) in [
        ("access_denied", true),
        ("expired_token", true),
        ("transaction_failed", false),
        ("invalid_grant", false),
        ("invalid_request", false),
        ("invalid_client", false),
        ("unauthorized_client", false),
        ("unsupported_grant_type", false),
        ("invalid_scope", false),
        ("a_code_of_its_own", false),
    ] {
        let op = Op::start().await;
        op.then(TOKEN, [Answer::pending(), Answer::code(400, code)]);
        let client = client(&op).await;
        let pending = started(&client).await;
        let start = Instant::now();
        let waits: Vec<_> = (0..3).map(|_| pending.wait().spawn()).collect();
        for wait in waits {
            assert_eq!(wait.await.is_ok(), is_outcome, "{code}");
        }
        assert_eq!(op.instants(TOKEN, start), [5_000, 10_000], "{code}");
        stops(&op).await;
    }
}

/// Starts, and is approved at the first poll by a key that is known only to whoever fetches anew, which takes 4 s.
async fn approved_by_a_new_key(op: &Op) -> (CibaClient, PendingApproval) {
    let client = client(op).await;
    let pending = started(&client).await;
    op.rotate("two");
    op.always(KEYS, Answer::json(200, op.key().set()).after(Duration::from_secs(4)));
    op.always(TOKEN, op.approval());
    (client, pending)
}

#[tokio::test(start_paused = true)]
async fn o74_a_cancel_ends_the_wait_for_keys_at_once() {
    let op = Op::start().await;
    let (client, pending) = approved_by_a_new_key(&op).await;
    let start = Instant::now();
    let wait = pending.wait().spawn();
    tokio::time::sleep(Duration::from_secs(7)).await;
    assert_eq!((op.instants(TOKEN, start), op.requests(KEYS).len()), (vec![5_000], 2));
    client.cancel(pending.person());
    assert_eq!(status(&wait.await), "cancelled");
    assert_eq!(start.elapsed().as_millis(), 7_000);
}

/// The person has approved before the deadline, and the grace of 2 s is too short for the keys.
#[tokio::test(start_paused = true)]
async fn o74_the_wait_for_keys_outlives_the_deadline() {
    let op = Op::start().await;
    let (_client, pending) = approved_by_a_new_key(&op).await;
    let start = Instant::now();
    let outcome = pending.wait().timeout(Duration::from_millis(5_500)).await;
    assert_eq!(status(&outcome), "approved");
    assert_eq!(op.instants(TOKEN, start), [5_000]);
    assert_eq!(start.elapsed().as_millis(), 9_000, "1.5 s behind the end of the grace");
}

/// All who wait get the approval, whenever their own time is over, also those of a task.
#[tokio::test(start_paused = true)]
async fn o74_nobody_who_waits_for_the_keys_leaves_before_they_are_there() {
    let op = Op::start().await;
    let (_client, pending) = approved_by_a_new_key(&op).await;
    let start = Instant::now();
    let waits: Vec<_> = [5_000, 5_500, 6_000, 60_000]
        .into_iter()
        .map(|millis| pending.wait().timeout(Duration::from_millis(millis)).spawn())
        .collect();
    for wait in waits {
        assert_eq!(status(&wait.await), "approved");
        assert_eq!(start.elapsed().as_millis(), 9_000);
    }
    assert_eq!(op.instants(TOKEN, start), [5_000]);
}

/// It is not waited for ever: where the keys do not come, the wait ends with that, and nobody is let in.
#[tokio::test(start_paused = true)]
async fn o74_o75_keys_that_never_come_end_the_wait_behind_its_deadline() {
    let op = Op::start().await;
    let (_client, pending) = approved_by_a_new_key(&op).await;
    op.always(KEYS, Answer::json(200, op.key().set()).after(Duration::from_secs(3_600)));
    let start = Instant::now();
    let error = pending.wait().timeout(Duration::from_millis(5_500)).await.expect_err("no key");
    assert_eq!((error.kind(), error.field()), (ErrorKind::IdToken, Some("signature")));
    assert_eq!(start.elapsed().as_millis(), 17_000);
    assert_eq!((op.instants(TOKEN, start), op.requests(KEYS).len()), (vec![5_000], 4));
    // It is over for this id.
    let again = pending.wait().await.expect_err("ended");
    assert_eq!(again.kind(), ErrorKind::IdToken);
    stops(&op).await;
}

/// A look that is made meanwhile goes along.
#[tokio::test(start_paused = true)]
async fn o74_a_look_goes_with_the_check() {
    let op = Op::start().await;
    let (_client, pending) = approved_by_a_new_key(&op).await;
    let start = Instant::now();
    let wait = pending.wait().timeout(Duration::from_millis(5_500)).spawn();
    tokio::time::sleep(Duration::from_millis(8_500)).await;
    let looked = pending.wait().once().await.expect("an approval");
    assert!(matches!(looked, authsec_ciba::PollStatus::Ended(outcome) if outcome.status() == "approved"));
    assert_eq!(start.elapsed().as_millis(), 9_000);
    assert_eq!((status(&wait.await), op.instants(TOKEN, start)), ("approved", vec![5_000]));
}
