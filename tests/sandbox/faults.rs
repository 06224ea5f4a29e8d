//! Faults, as they look on the wire.

use std::io::ErrorKind;
use std::time::Duration;

use authsec_ciba::sandbox::{Call, Fault, RequestState, Sandbox};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use crate::support::{
    CLIENT, Http, USER, claimed_length, drain, initiate, plain, poll, raw_post, seconds, split,
};

const TOKEN: &str = "/authsec/uflow/auth/ciba/token";

/// A sandbox with one approved request.
async fn approved() -> (Sandbox, Http, String) {
    let sandbox = plain().await;
    let http = Http::to(&sandbox);
    let id = initiate(&http).await;
    sandbox.phone(USER).approve().await;
    (sandbox, http, id)
}

async fn raw_poll(sandbox: &Sandbox, id: &str) -> TcpStream {
    raw_post(sandbox, TOKEN, &json!({ "auth_req_id": id, "client_id": CLIENT })).await
}

fn state(sandbox: &Sandbox, id: &str) -> RequestState {
    sandbox.issued().request(id).unwrap().state
}

#[tokio::test]
async fn a_reset_is_a_reset_and_knows_before_from_after() {
    for (fault, then) in
        [(Fault::ResetBefore, RequestState::Approved), (Fault::ResetAfter, RequestState::Consumed)]
    {
        let (sandbox, _http, id) = approved().await;
        sandbox.faults().next(Call::Poll, fault.clone());
        let (text, end) = drain(&mut raw_poll(&sandbox, &id).await).await;
        assert_eq!((text.as_str(), end.unwrap_err().kind()), ("", ErrorKind::ConnectionReset));
        assert_eq!(state(&sandbox, &id), then);
        let polls = sandbox.polls_of_request(&id);
        assert_eq!((polls[0].status, polls[0].fault), (None, Some(fault.name())));
        assert!(polls[0].answered_at.is_some());
    }
}

#[tokio::test]
async fn a_close_is_a_clean_end_without_a_byte() {
    for (fault, then) in
        [(Fault::CloseBefore, RequestState::Approved), (Fault::CloseAfter, RequestState::Consumed)]
    {
        let (sandbox, _http, id) = approved().await;
        sandbox.faults().next(Call::Poll, fault);
        let (text, end) = drain(&mut raw_poll(&sandbox, &id).await).await;
        assert_eq!(text, "");
        end.unwrap();
        assert_eq!(state(&sandbox, &id), then);
    }
}

#[tokio::test]
async fn a_cut_body_keeps_its_promise_of_length_and_breaks_it() {
    let (sandbox, http, id) = approved().await;
    sandbox.faults().next(Call::Poll, Fault::CutBody { keep: 17 });
    let (text, end) = drain(&mut raw_poll(&sandbox, &id).await).await;
    end.unwrap();
    let (head, body) = split(&text);
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    assert_eq!(body.len(), 17);
    assert!(claimed_length(head) > 100);
    assert_eq!(poll(&http, &id).await.code(), (400, "expired_token".into()), "the token is lost");
    assert!(sandbox.issued().request(&id).unwrap().token.is_some());
}

#[tokio::test]
async fn a_complete_body_under_a_length_too_large() {
    let (sandbox, _http, id) = approved().await;
    sandbox.faults().next(Call::Poll, Fault::CutAfterCompleteJson);
    let (text, end) = drain(&mut raw_poll(&sandbox, &id).await).await;
    end.unwrap();
    let (head, body) = split(&text);
    assert_eq!(claimed_length(head), body.len() + 64);
    let json: Value = serde_json::from_str(body).unwrap();
    assert_eq!(json["access_token"].as_str(), sandbox.issued().request(&id).unwrap().token.as_deref());
}

#[tokio::test(start_paused = true)]
async fn slow_headers_and_slow_bodies_take_their_time_per_byte() {
    let (sandbox, _http, id) = approved().await;
    let started = Instant::now();
    sandbox.faults().next(Call::Poll, Fault::SlowHeaders(seconds(1)));
    let (text, _) = drain(&mut raw_poll(&sandbox, &id).await).await;
    let (head, _) = split(&text);
    assert_eq!(started.elapsed().as_secs(), head.len() as u64 + 4);
    let started = Instant::now();
    sandbox.faults().next(Call::Poll, Fault::SlowBody(seconds(1)));
    let mut stream = raw_poll(&sandbox, &id).await;
    let mut first = [0; 512];
    let read = stream.read(&mut first).await.unwrap();
    assert!(started.elapsed() <= seconds(1), "the head does not wait");
    let (rest, _) = drain(&mut stream).await;
    let text = format!("{}{rest}", String::from_utf8_lossy(&first[..read]));
    assert_eq!(started.elapsed().as_secs(), split(&text).1.len() as u64);
}

#[tokio::test(start_paused = true)]
async fn a_hang_never_answers_and_ends_with_its_client() {
    let (sandbox, _http, id) = approved().await;
    sandbox.faults().next(Call::Poll, Fault::Hang).next(Call::Poll, Fault::Hang.after());
    for then in [RequestState::Approved, RequestState::Consumed] {
        let mut stream = raw_poll(&sandbox, &id).await;
        let open = timeout(seconds(100), drain(&mut stream)).await;
        assert!(open.is_err(), "100 seconds without a byte");
        assert_eq!(state(&sandbox, &id), then);
        let before = sandbox.connections().open;
        drop(stream);
        while sandbox.connections().open == before {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    assert!(sandbox.polls_of_request(&id).iter().all(|poll| poll.answered_at.is_none()));
}

#[tokio::test(start_paused = true)]
async fn a_delay_waits_before_or_after_the_work() {
    for (fault, meanwhile) in [
        (Fault::Delay(seconds(12)), RequestState::Approved),
        (Fault::DelayAfter(seconds(12)), RequestState::Consumed),
    ] {
        let (sandbox, _http, id) = approved().await;
        sandbox.faults().next(Call::Poll, fault);
        let started = Instant::now();
        let mut stream = raw_poll(&sandbox, &id).await;
        let mut byte = [0];
        assert!(timeout(seconds(11), stream.read(&mut byte)).await.is_err());
        assert_eq!(state(&sandbox, &id), meanwhile);
        assert_eq!(stream.read(&mut byte).await.unwrap(), 1);
        assert_eq!(started.elapsed().as_secs(), 12);
        assert_eq!(state(&sandbox, &id), RequestState::Consumed);
    }
}

#[tokio::test]
async fn a_written_answer_comes_as_it_was_written() {
    let (sandbox, http, id) = approved().await;
    let faults = sandbox.faults();
    faults.next(Call::Poll, Fault::html_502()).next(Call::Poll, Fault::html_502().after());
    for then in [RequestState::Approved, RequestState::Consumed] {
        let answer = poll(&http, &id).await;
        assert_eq!((answer.status, answer.header("content-type")), (502, "text/html"));
        assert!(answer.text.starts_with("<html>"));
        assert_eq!(state(&sandbox, &id), then);
    }
    let polls = sandbox.polls_of_request(&id);
    assert_eq!((polls[0].status, polls[1].fault), (Some(502), Some("respond_after")));
}

#[tokio::test]
async fn the_prepared_answers() {
    let (sandbox, http, id) = approved().await;
    let after = |fault| {
        sandbox.faults().next(Call::Poll, fault);
        poll(&http, &id)
    };
    let limited = after(Fault::too_many_requests_429(Some("7"))).await;
    assert_eq!((limited.status, limited.header("retry-after")), (429, "7"));
    assert_eq!(limited.json()["error"], "Rate limit exceeded");
    assert_eq!((&limited.json()["limit"], &limited.json()["window"]), (&json!(100), &json!("1m0s")));
    assert_eq!(after(Fault::too_many_requests_429(None)).await.header("retry-after"), "");
    assert_eq!(after(Fault::unavailable_503(Some("Fri"))).await.header("retry-after"), "Fri");
    assert_eq!(after(Fault::slow_down(400)).await.code(), (400, "slow_down".into()));
    assert_eq!(after(Fault::server_error_200()).await.code(), (200, "server_error".into()));
    assert_eq!(after(Fault::unknown_code()).await.code(), (400, "user_locked".into()));
    let empty = after(Fault::empty_200()).await;
    assert_eq!((empty.status, empty.text.as_str()), (200, ""));
    assert!(after(Fault::json_array()).await.json().is_array());
    let moved = after(Fault::redirect_308("http://elsewhere.example/")).await;
    assert_eq!((moved.status, moved.header("location")), (308, "http://elsewhere.example/"));
    assert_eq!(after(Fault::truncated_gzip()).await.header("content-encoding"), "gzip");
    let extra = after(Fault::extra_members()).await.json();
    assert!(extra["access_token"].is_string() && extra["x_unknown"].is_object(), "{extra}");
}

#[tokio::test]
async fn raw_bytes_replace_the_answer() {
    let (sandbox, _http, id) = approved().await;
    sandbox.faults().next(Call::Poll, Fault::Raw(b"SSH-2.0-nonsense\r\n".to_vec()));
    let (text, end) = drain(&mut raw_poll(&sandbox, &id).await).await;
    assert_eq!((text.as_str(), end.is_ok()), ("SSH-2.0-nonsense\r\n", true));
    assert_eq!(state(&sandbox, &id), RequestState::Approved);
    let framing = vec![("content-length".to_owned(), "3".to_owned())];
    sandbox
        .faults()
        .next(Call::Poll, Fault::Respond { status: 103, headers: framing, body: b"abc".to_vec() });
    let (text, _) = drain(&mut raw_poll(&sandbox, &id).await).await;
    assert!(text.starts_with("HTTP/1.1 103 ") && text.ends_with("\r\n\r\nabc"), "{text}");
    assert_eq!(text.matches("content-length").count(), 1);
}

#[tokio::test]
async fn an_endless_body_goes_on_until_the_client_leaves() {
    let (sandbox, _http, id) = approved().await;
    sandbox.faults().next(Call::Poll, Fault::endless_body());
    let mut stream = raw_poll(&sandbox, &id).await;
    let mut megabyte = vec![0; 1 << 20];
    stream.read_exact(&mut megabyte).await.unwrap();
    assert!(String::from_utf8_lossy(&megabyte[..256]).contains("transfer-encoding: chunked"));
    drop(stream);
    while sandbox.connections().open > 1 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn an_initiate_can_fail_after_its_push() {
    let sandbox = plain().await;
    sandbox.faults().next(Call::Initiate, Fault::ResetAfter);
    let body = json!({ "login_hint": USER, "client_id": CLIENT });
    let mut stream = raw_post(&sandbox, "/authsec/uflow/auth/ciba/initiate", &body).await;
    assert!(drain(&mut stream).await.1.is_err());
    assert_eq!(sandbox.issued().pushes_to("USER@example.com"), 1);
    assert_eq!(sandbox.phone(USER).pending().len(), 1);
}

#[tokio::test]
async fn permanent_faults_stay_until_they_are_cleared() {
    let (sandbox, http, id) = approved().await;
    sandbox.faults().always(Call::Any, Fault::unavailable_503(None)).next(Call::Poll, Fault::slow_down(429));
    assert_eq!(poll(&http, &id).await.status, 429);
    for _ in 0..3 {
        assert_eq!(poll(&http, &id).await.status, 503);
    }
    sandbox.faults().clear();
    assert_eq!(poll(&http, &id).await.status, 200);
}

#[tokio::test]
async fn http2_by_prior_knowledge_meets_the_same_faults() {
    let (sandbox, _http, id) = approved().await;
    let client = reqwest::Client::builder().no_proxy().http2_prior_knowledge().build().unwrap();
    let send = || {
        let body = json!({ "auth_req_id": id, "client_id": CLIENT }).to_string();
        client.post(format!("{}{TOKEN}", sandbox.base_url())).body(body).send()
    };
    let faults = sandbox.faults();
    faults.next(Call::Poll, Fault::html_502()).next(Call::Poll, Fault::ResetBefore);
    faults.next(Call::Poll, Fault::CutBody { keep: 5 });
    let first = send().await.unwrap();
    assert_eq!((first.status().as_u16(), first.version()), (502, reqwest::Version::HTTP_2));
    assert!(send().await.is_err(), "a reset");
    assert_eq!(state(&sandbox, &id), RequestState::Approved);
    let cut = send().await.unwrap();
    assert_eq!(cut.status().as_u16(), 200);
    assert!(cut.bytes().await.is_err(), "a broken body");
    assert_eq!(state(&sandbox, &id), RequestState::Consumed);
}
