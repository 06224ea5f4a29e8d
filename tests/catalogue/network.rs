//! N1 to N10, N34, N38, N40: connections that fail, stall or break.

use authsec_ciba::sandbox::{Call, Fault, Reaction};
use authsec_ciba::{ErrorKind, Usage};
use tokio::time::Instant;

use crate::support::wire::{ACK, APPROVED, Act, EXPIRED, Greeting, PENDING, Wire, answer, ok};
use crate::support::{
    EMAIL, an_id, chain, initiate_through, leaves_nothing, poll_through, poll_with, respond, seconds, start,
    totp_through,
};

/// `Content-Length` promises more than there is.
fn short_of(body: &str, missing: usize) -> Vec<u8> {
    let length = body.len() + missing;
    format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}").into_bytes()
}

#[tokio::test(start_paused = true)]
async fn n01_connection_refused() {
    let (sandbox, client) = start().await;
    sandbox.go_down().await.expect("down");
    let error = client.initiate_app_approval(EMAIL).await.expect_err("refused");
    assert_eq!((error.kind(), error.may_have_reached_server()), (ErrorKind::Network, false));
    assert_eq!(error.attempts(), 3, "two retries");
    let error = client.verify_totp(EMAIL, "123456").await.expect_err("refused");
    assert_eq!((error.kind(), error.may_have_reached_server()), (ErrorKind::Network, false));
    assert_eq!(client.usage(), Usage::default(), "the attempt and the push were given back");

    sandbox.come_back().await.expect("back");
    let pending = client.initiate_app_approval(EMAIL).await.expect("pushed");
    sandbox.go_down().await.expect("down");
    let task = pending.wait().spawn();
    tokio::time::sleep(seconds(40)).await;
    assert!(!task.is_finished(), "it polls on");
    sandbox.come_back().await.expect("back");
    sandbox.phone(EMAIL).approve().await;
    assert_eq!(task.await.expect("an outcome").status(), "approved");
    assert_eq!(sandbox.calls(Call::Poll).len(), 1);
    leaves_nothing(&sandbox, &client).await;
}

#[tokio::test(start_paused = true)]
async fn n02_reset_before_the_request_is_written() {
    // The client cannot see that the server read nothing: it counts as maybe sent, which forbids a repeat.
    let wire = Wire::greeting(Greeting::Reset, []).await;
    let client = wire.client();
    let error = client.initiate_app_approval(EMAIL).await.expect_err("reset");
    assert_eq!((error.kind(), error.may_have_reached_server()), (ErrorKind::Network, true));
    assert_eq!((wire.accepted(), wire.requests()), (1, 0), "no second connection");
    let error = client.verify_totp(EMAIL, "123456").await.expect_err("reset");
    assert_eq!((error.kind(), wire.accepted()), (ErrorKind::Network, 2));
    let error = client.poll_for_approval(EMAIL, &an_id()).timeout(seconds(60)).await.expect_err("reset");
    assert_eq!(error.kind(), ErrorKind::Network);
    assert_eq!(error.attempts() as usize, wire.accepted() - 2, "it polled on until its deadline");
    assert!(error.attempts() > 3);
    assert_eq!(wire.open(), 0);
}

#[tokio::test(start_paused = true)]
async fn n03_reset_after_the_request_before_the_headers() {
    for (fault, pushes) in [(Fault::ResetBefore, 0), (Fault::ResetAfter, 1), (Fault::CloseAfter, 1)] {
        let initiated = initiate_through(fault.clone()).await;
        assert_eq!(initiated.failed_as(), (ErrorKind::Network, None, true), "{fault:?}");
        assert_eq!((initiated.requests, initiated.pushes), (1, pushes), "{fault:?}");
        assert!(initiated.error().to_string().contains("a push may be on the phone"), "{fault:?}");
        assert_eq!(
            totp_through(fault.clone()).await.failed_as(),
            (ErrorKind::Network, None, true),
            "{fault:?}"
        );
    }
    assert_eq!(poll_through([Fault::ResetBefore]).await.came_to(), ("approved", 2));
    assert_eq!(poll_through([Fault::ResetAfter]).await.came_to(), ("approval_lost", 2), "it was remembered");
    // A readable pending answer in between clears the suspicion.
    let cleared = [Fault::ResetBefore, crate::support::pending(), crate::support::code(400, "expired_token")];
    assert_eq!(poll_through(cleared).await.came_to(), ("expired_token", 3));
}

#[tokio::test(start_paused = true)]
async fn n04_reset_in_the_middle_of_a_pending_answer() {
    let cut = short_of(&PENDING[..12], 21);
    let wire = Wire::new([Act::Reset(cut), Act::Say(ok(PENDING)), Act::Say(ok(APPROVED))]).await;
    let outcome = wire.client().poll_for_approval(EMAIL, &an_id()).await.expect("an outcome");
    assert_eq!((outcome.status(), wire.requests()), ("approved", 3));
    // The same with a FIN, by the sandbox: the request was still pending, so nothing was lost.
    let polled = poll_with(Reaction::ApproveAfter(seconds(8)), [Fault::CutBody { keep: 12 }]).await;
    assert_eq!(polled.came_to(), ("approved", 2));
}

#[tokio::test(start_paused = true)]
async fn n05_reset_in_the_middle_of_a_200() {
    // Complete JSON that was read is salvaged.
    let wire = Wire::new([Act::Reset(short_of(APPROVED, 9))]).await;
    let outcome = wire.client().poll_for_approval(EMAIL, &an_id()).await.expect("an outcome");
    assert_eq!((outcome.status(), wire.requests()), ("approved", 1));
    // Incomplete JSON: one more look, one floor and a backoff later, learns that the approval is lost.
    for last in [EXPIRED, r#"{"error":"invalid_grant"}"#] {
        let wire = Wire::new([Act::Reset(short_of(&APPROVED[..30], 99)), Act::Say(ok(last))]).await;
        let (client, start) = (wire.client(), Instant::now());
        let outcome = client.poll_for_approval(EMAIL, &an_id()).await.expect("an outcome");
        assert_eq!((outcome.status(), wire.requests()), ("approval_lost", 2), "{last}");
        let waited = start.elapsed();
        assert!((seconds(5)..seconds(7)).contains(&waited), "{waited:?}");
    }
    assert_eq!(poll_through([Fault::CutBody { keep: 40 }]).await.came_to(), ("approval_lost", 2));
}

#[tokio::test(start_paused = true)]
async fn n06_accepts_and_never_answers() {
    let initiated = initiate_through(Fault::HangAfter).await;
    assert_eq!(initiated.failed_as(), (ErrorKind::Network, None, true));
    assert_eq!((initiated.requests, initiated.pushes), (1, 1));
    assert_eq!(totp_through(Fault::Hang).await.failed_as(), (ErrorKind::Network, None, true));
    let polled = poll_through([Fault::Hang]).await;
    assert_eq!(polled.came_to(), ("approved", 2));
    assert_eq!(polled.at[0], 5_000);
    // 10 s for the request, then the floor and 0.25 to 1 s of backoff.
    assert!((20_250..=21_100).contains(&polled.at[1]), "{:?}", polled.at);
    assert_eq!(poll_through([Fault::HangAfter]).await.came_to(), ("approval_lost", 2));
    // One that does not even read.
    let wire = Wire::greeting(Greeting::Deaf, []).await;
    let start = Instant::now();
    let error = wire.client().verify_totp(EMAIL, "123456").await.expect_err("no answer");
    assert_eq!((error.kind(), error.may_have_reached_server()), (ErrorKind::Network, true));
    assert_eq!(start.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn n07_headers_at_one_byte_per_second() {
    let slow = Fault::SlowHeaders(seconds(1));
    let polled = poll_through([slow.clone()]).await;
    assert_eq!(polled.came_to(), ("approval_lost", 2));
    assert!((20_250..=21_100).contains(&polled.at[1]), "the whole request is timed: {:?}", polled.at);
    assert_eq!(initiate_through(slow.clone()).await.failed_as(), (ErrorKind::Network, None, true));
    assert_eq!(totp_through(slow).await.failed_as(), (ErrorKind::Network, None, true));
}

#[tokio::test(start_paused = true)]
async fn n08_body_at_one_byte_per_second() {
    let slow = Fault::SlowBody(seconds(1));
    let polled = poll_through([slow.clone()]).await;
    assert_eq!(polled.came_to(), ("approval_lost", 2));
    assert!((20_250..=21_100).contains(&polled.at[1]), "the whole request is timed: {:?}", polled.at);
    let initiated = initiate_through(slow.clone()).await;
    assert_eq!(initiated.failed_as(), (ErrorKind::Network, Some(200), true), "not bad JSON");
    assert!(chain(initiated.error()).contains("in time"), "{}", chain(initiated.error()));
    assert_eq!(totp_through(slow).await.failed_as(), (ErrorKind::Network, Some(200), true));
}

#[tokio::test(start_paused = true)]
async fn n09_truncated_body() {
    let cut = Fault::CutBody { keep: 20 };
    assert_eq!(poll_through([cut.clone()]).await.came_to(), ("approval_lost", 2));
    let before = poll_with(Reaction::ApproveAfter(seconds(8)), [cut.clone()]).await;
    assert_eq!(before.came_to(), ("approved", 2), "a pending answer consumes nothing");
    assert_eq!(initiate_through(cut.clone()).await.failed_as(), (ErrorKind::Network, Some(200), true));
    assert_eq!(totp_through(cut).await.failed_as(), (ErrorKind::Network, Some(200), true));
}

#[tokio::test(start_paused = true)]
async fn n10_content_length_too_large_and_the_body_complete() {
    let long = Fault::CutAfterCompleteJson;
    assert_eq!(poll_through([long.clone()]).await.came_to(), ("approved", 1));
    let pending = poll_with(Reaction::ApproveAfter(seconds(8)), [long.clone()]).await;
    assert_eq!(
        (pending.came_to(), &pending.at[..]),
        (("approved", 2), &[5_000, 10_000][..]),
        "no fault at all"
    );
    assert!(initiate_through(long.clone()).await.result.is_ok());
    assert_eq!(totp_through(long).await.error_code(), None);
}

#[tokio::test(start_paused = true)]
async fn n34_an_idle_connection_is_closed_as_we_write() {
    // The server answers once on each connection, and closes it when the next request is on its way.
    let wire = Wire::new([Act::Say(ok(PENDING)), Act::Reset(Vec::new()), Act::Say(ok(APPROVED))]).await;
    let client = wire.client();
    let outcome = client.poll_for_approval(EMAIL, &an_id()).await.expect("an outcome");
    assert_eq!(outcome.status(), "approved");
    let heard: Vec<_> = wire.heard().iter().map(|request| request.connection).collect();
    assert_eq!(heard, [1, 1, 2], "the idle connection was used, and left");
    // An initiate does not take the idle connection.
    let wire = Wire::new([Act::Say(ok(PENDING)), Act::Say(ok(ACK))]).await;
    let client = wire.client();
    let _ = client.poll_for_approval(EMAIL, &an_id()).timeout(seconds(1)).await.expect("an outcome");
    assert_eq!(wire.open(), 1, "idle");
    client.initiate_app_approval(EMAIL).await.expect("an acknowledgement");
    let heard: Vec<_> = wire.heard().iter().map(|request| request.connection).collect();
    assert_eq!(heard, [1, 2]);
}

#[tokio::test(start_paused = true)]
async fn n38_captive_portal() {
    let page = respond(200, "text/html", "<html>Please sign in to the Wi-Fi</html>");
    let network_authentication = respond(511, "text/html", "<html>Please sign in to the Wi-Fi</html>");
    assert_eq!(initiate_through(page.clone()).await.failed_as(), (ErrorKind::Protocol, Some(200), true));
    assert_eq!(totp_through(page.clone()).await.failed_as(), (ErrorKind::Protocol, Some(200), true));
    assert_eq!(poll_through([page.clone(), page.clone()]).await.came_to(), ("approved", 3));
    assert_eq!(poll_through(vec![page; 5]).await.failed_as(), (ErrorKind::Protocol, Some(200), 5));
    let initiated = initiate_through(network_authentication.clone()).await;
    assert_eq!(initiated.failed_as(), (ErrorKind::Server, Some(511), true));
    let verified = totp_through(network_authentication.clone()).await;
    assert_eq!(verified.failed_as(), (ErrorKind::Server, Some(511), true));
    assert_eq!(poll_through(vec![network_authentication; 7]).await.came_to(), ("approved", 8));
}

#[tokio::test(start_paused = true)]
async fn n40_three_in_ten_lost_and_two_seconds_slow() {
    let mut random: u32 = 40;
    let mut polls = 0;
    for _ in 0..10 {
        let faults: Vec<_> = (0..60)
            .map(|_| {
                random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                match random >> 16 & 0xff {
                    0..38 => Fault::Hang,
                    38..77 => Fault::ResetBefore,
                    _ => Fault::Delay(seconds(2)),
                }
            })
            .collect();
        let polled = poll_with(Reaction::ApproveAfter(seconds(90)), faults).await;
        assert_eq!(polled.status(), "approved");
        assert!(polled.at.len() <= 61, "B-17");
        let answered = polled.sandbox.calls(Call::Poll);
        for pair in answered.windows(2) {
            let end = pair[0].answered_at.unwrap_or(pair[0].received_at);
            assert!(pair[1].received_at.duration_since(end) >= seconds(5), "B-10");
        }
        polls += polled.at.len();
    }
    assert!(polls > 60, "the losses were met");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_comes_before_the_request_is_none() {
    let wire = Wire::greeting(
        Greeting::Say(answer("400 Bad Request", "connection: close\r\n", r#"{"error":"user_not_found"}"#)),
        [Act::Close(Vec::new())],
    )
    .await;
    let error = wire.client().initiate_app_approval(EMAIL).await.expect_err("no acknowledgement");
    assert_eq!((error.kind(), error.may_have_reached_server()), (ErrorKind::Network, true));
    assert_eq!((wire.accepted(), wire.requests()), (1, 0), "and nothing is tried again");
}
