//! Start, stop, outage, and tokio's paused clock.

use std::io::ErrorKind;

use authsec_ciba::sandbox::{Reaction, Sandbox, User};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use crate::support::{As, Body, CLIENT, Http, USER, drain, initiate, plain, poll, seconds};

#[tokio::test(start_paused = true)]
async fn a_reaction_comes_exactly_when_it_was_announced() {
    let sandbox = plain().await;
    let http = Http::to(&sandbox);
    sandbox.phone(USER).react(Reaction::ApproveAfter(seconds(3)));
    let id = initiate(&http).await;
    let pushed = Instant::now();
    sleep(seconds(3) - std::time::Duration::from_millis(1)).await;
    assert_eq!(poll(&http, &id).await.code().1, "authorization_pending");
    sleep(std::time::Duration::from_millis(2)).await;
    assert_eq!(poll(&http, &id).await.status, 200);
    assert_eq!(pushed.elapsed().as_secs(), 3, "no time passes while bytes travel");
}

#[tokio::test(start_paused = true)]
async fn phones_react_as_told() {
    for (reaction, status) in
        [(Reaction::Approve, 200), (Reaction::Deny, 403), (Reaction::DenyAfter(seconds(2)), 403)]
    {
        let user = User::new(USER).reaction(reaction);
        let sandbox = Sandbox::builder().user(user).client(CLIENT, None).start().await.unwrap();
        let http = Http::to(&sandbox);
        let id = initiate(&http).await;
        if reaction == Reaction::DenyAfter(seconds(2)) {
            sleep(seconds(3)).await;
        }
        let answer = poll(&http, &id).await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.json().get("access_token").is_some(), status == 200);
    }
}

#[tokio::test(start_paused = true)]
async fn a_phone_can_wait_for_its_push() {
    let sandbox = plain().await;
    let http = Http::to(&sandbox);
    let phone = sandbox.phone("USER@example.com ");
    let waiting = tokio::spawn(async move { phone.deny().await });
    sleep(seconds(60)).await;
    assert!(!waiting.is_finished());
    let id = initiate(&http).await;
    assert_eq!(waiting.await.unwrap(), id);
    assert_eq!(poll(&http, &id).await.status, 403);
    assert!(sandbox.phone(USER).approve_id(&id).is_err());
}

#[tokio::test(start_paused = true)]
async fn the_servers_clock_runs_with_tokios() {
    let sandbox = plain().await;
    let http = Http::to(&sandbox);
    let id = initiate(&http).await;
    sleep(seconds(300)).await;
    assert_eq!(poll(&http, &id).await.code().1, "authorization_pending");
    sleep(seconds(1)).await;
    assert_eq!(poll(&http, &id).await.code().1, "expired_token");
}

#[tokio::test]
async fn stopping_closes_the_port_and_the_connections() {
    let sandbox = plain().await;
    let address = sandbox.address();
    let mut idle = TcpStream::connect(address).await.unwrap();
    initiate(&Http::to(&sandbox)).await;
    sandbox.stop().await;
    assert_eq!(TcpStream::connect(address).await.unwrap_err().kind(), ErrorKind::ConnectionRefused);
    drain(&mut idle).await.1.unwrap();
}

#[tokio::test]
async fn dropping_closes_the_port_and_the_connections() {
    let sandbox = plain().await;
    let address = sandbox.address();
    let mut idle = TcpStream::connect(address).await.unwrap();
    while sandbox.connections().open == 0 {
        tokio::task::yield_now().await;
    }
    drop(sandbox);
    drain(&mut idle).await.1.unwrap();
    assert_eq!(TcpStream::connect(address).await.unwrap_err().kind(), ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn a_server_that_is_down_refuses_and_comes_back_with_its_state() {
    let sandbox = plain().await;
    let http = Http::to(&sandbox);
    let id = initiate(&http).await;
    for _ in 0..3 {
        sandbox.go_down().await.unwrap();
        assert_eq!(sandbox.connections().open, 0);
        let refused = TcpStream::connect(sandbox.address()).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
        sandbox.come_back().await.unwrap();
        assert_eq!(poll(&http, &id).await.code().1, "authorization_pending");
    }
    sandbox.come_back().await.unwrap();
}

#[tokio::test]
async fn lifetime_and_interval_are_what_acknowledgements_say() {
    let sandbox = Sandbox::builder()
        .user(User::new(USER))
        .lifetime(seconds(30))
        .interval(seconds(2))
        .start()
        .await
        .unwrap();
    let http = Http::to(&sandbox);
    let body = json!({ "login_hint": USER, "workspace_id": sandbox.workspace_id() });
    let answer = http.post("/authsec/uflow/auth/ciba/initiate", body).await.json();
    assert_eq!((&answer["expires_in"], &answer["interval"]), (&json!(30), &json!(2)));
    let pending = sandbox.phone(USER).pending();
    assert_eq!(pending[0].expires_at.duration_since(pending[0].created_at).unwrap(), seconds(30));
    sandbox.clock().advance(seconds(31));
    assert!(sandbox.phone(USER).pending().is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_rate_limit_counts_requests_in_a_sliding_minute() {
    let sandbox = Sandbox::builder().user(User::new(USER)).rate_limit(Some(3)).start().await.unwrap();
    let http = Http::to(&sandbox);
    let ask = || http.send("GET", "/anything", As::Nobody, Body::None);
    for _ in 0..3 {
        assert_eq!(ask().await.status, 404);
    }
    let limited = ask().await;
    assert_eq!((limited.status, limited.header("retry-after")), (429, ""));
    let mut body = limited.json();
    assert!(body.as_object_mut().unwrap().remove("message").unwrap().is_string());
    assert_eq!(body, json!({ "error": "Rate limit exceeded", "limit": 3, "window": "1m0s" }));
    sandbox.clock().advance(seconds(60));
    assert_eq!(ask().await.status, 404);
}

#[tokio::test]
async fn two_users_of_one_name_are_refused() {
    let twice = Sandbox::builder().user(User::new(USER)).user(User::new("User@Example.com")).start().await;
    assert_eq!(twice.unwrap_err().kind(), ErrorKind::InvalidInput);
}

/// Paused time runs on when nothing is ready; bytes between two sockets of one thread are always ready first.
#[tokio::test(start_paused = true)]
async fn no_request_times_out_while_the_clock_is_paused() {
    let sandbox = plain().await;
    let http = Http::to(&sandbox);
    let id = initiate(&http).await;
    let url = format!("{}/authsec/uflow/auth/ciba/token", sandbox.base_url());
    let client = crate::support::client();
    let started = Instant::now();
    for _ in 0..200 {
        let body = json!({ "auth_req_id": id, "client_id": CLIENT }).to_string();
        let request = client.post(&url).body(body).timeout(seconds(1));
        assert_eq!(request.send().await.unwrap().status().as_u16(), 200);
    }
    assert!(started.elapsed() < seconds(1), "{:?}", started.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_approval_gives_one_token_whoever_asks_at_the_same_time() {
    let sandbox = plain().await;
    let http = std::sync::Arc::new(Http::to(&sandbox));
    let id = initiate(&http).await;
    sandbox.phone(USER).approve().await;
    let polls: Vec<_> = (0..50)
        .map(|_| {
            let (http, id) = (std::sync::Arc::clone(&http), id.clone());
            tokio::spawn(async move { poll(&http, &id).await.status })
        })
        .collect();
    let mut tokens = 0;
    for poll in polls {
        tokens += usize::from(poll.await.unwrap() == 200);
    }
    assert_eq!((tokens, sandbox.polls_of_request(&id).len()), (1, 50));
}

#[tokio::test]
async fn a_sandbox_without_a_log_has_none() {
    let sandbox =
        Sandbox::builder().user(User::new(USER)).client(CLIENT, None).keep_log(false).start().await.unwrap();
    let http = Http::to(&sandbox);
    let id = initiate(&http).await;
    assert_eq!(poll(&http, &id).await.status, 200);
    assert!(sandbox.log().is_empty());
    assert_eq!(sandbox.issued().pushes(), 1);
}

#[tokio::test(start_paused = true)]
async fn f68_an_idle_connection_is_closed_after_its_time() {
    let sandbox = Sandbox::builder().client(CLIENT, None).keep_alive(seconds(5)).start().await.unwrap();
    let mut stream = TcpStream::connect(sandbox.address()).await.unwrap();
    for pause in [0, 4, 4] {
        sleep(seconds(pause)).await;
        let request = "GET /_sandbox/pending HTTP/1.1\r\nhost: localhost\r\n\r\n";
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut read = Vec::new();
        while !read.ends_with(b"}") {
            assert_ne!(stream.read_buf(&mut read).await.unwrap(), 0, "the connection was in use");
        }
    }
    let answered = Instant::now();
    assert_eq!(stream.read(&mut [0; 64]).await.unwrap(), 0, "closed without a word");
    assert_eq!(answered.elapsed().as_secs(), 5);
}
