//! N12, N14, and what else can be wrong with the frame around an answer.

use authsec_ciba::{ErrorKind, Usage};
use tokio::time::Instant;

use crate::support::wire::{ACK, APPROVED, Act, EXPIRED, PENDING, Wire, answer, ok};
use crate::support::{
    EMAIL, an_id, chain, child, initiate_through, json, poll_through, seconds, totp_through, with_header,
};

/// Polls until it is decided; gives the status or the kind, and the number of requests.
async fn polled(acts: impl IntoIterator<Item = Act>) -> (Result<&'static str, ErrorKind>, usize) {
    let wire = Wire::new(acts).await;
    let client = wire.client();
    let result = client.poll_for_approval(EMAIL, &an_id()).timeout(seconds(60)).await;
    assert_eq!(client.usage().live_polls, 0);
    (result.map(|outcome| outcome.status()).map_err(|error| error.kind()), wire.requests())
}

/// An answer that nobody can read, and then a good one.
async fn is_polled_past(bytes: Vec<u8>) {
    let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(120)]).into_owned();
    let acts = [Act::Close(bytes.clone()), Act::Say(ok(APPROVED))];
    assert_eq!(polled(acts).await, (Ok("approved"), 2), "{shown:?}");
    // The other calls do not repeat it.
    let wire = Wire::new([Act::Close(bytes)]).await;
    let client = wire.client();
    let initiate = client.initiate_app_approval(EMAIL).await.expect_err(&shown);
    let totp = client.verify_totp(EMAIL, "123456").await.expect_err(&shown);
    for error in [&initiate, &totp] {
        assert!(matches!(error.kind(), ErrorKind::Protocol | ErrorKind::Network), "{shown:?}: {error:?}");
        assert!(error.may_have_reached_server(), "{shown:?}");
    }
    assert_eq!(wire.requests(), 2, "{shown:?}");
}

fn bytes(head: &str, body: &str) -> Vec<u8> {
    format!("{head}\r\n\r\n{body}").into_bytes()
}

fn chunked(extra: &str, pieces: &[&str], end: &str) -> Vec<u8> {
    let pieces: String = pieces.iter().map(|piece| format!("{:x}\r\n{piece}\r\n", piece.len())).collect();
    bytes(&format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked{extra}"), &format!("{pieces}{end}"))
}

/// Does nothing unless the test below starts it.
#[test]
fn inner_measures_memory() {
    if !child::is_inner() {
        return;
    }
    let resident = || -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("there");
        line.split_whitespace().nth(1).expect("a number").parse().expect("a number")
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    runtime.expect("a runtime").block_on(async {
        let (sandbox, client) = crate::support::start().await;
        sandbox.faults().always(authsec_ciba::sandbox::Call::Any, authsec_ciba::sandbox::Fault::EndlessBody);
        let ask = async || {
            let error = client.verify_totp(EMAIL, "123456").await.expect_err("too long");
            assert_eq!(error.kind(), ErrorKind::Protocol);
            client.cancel_approval(EMAIL).await.expect("reset");
        };
        for _ in 0..5 {
            ask().await;
        }
        let before = resident();
        for _ in 0..20 {
            ask().await;
        }
        println!("grown: {}", resident().saturating_sub(before));
        tokio::time::sleep(seconds(1)).await;
        assert_eq!(sandbox.connections().open, 0, "closed, not read to the end");
    });
}

#[cfg(target_os = "linux")]
#[test]
fn n12_a_body_without_end() {
    let said = child::run("framing::inner_measures_memory", &[]);
    let grown = said.lines().find_map(|line| line.strip_prefix("grown: ")).expect("measured");
    assert!(grown.parse::<u64>().expect("KiB") < 1024, "{grown} KiB");
}

#[tokio::test(start_paused = true)]
async fn n12_a_body_that_says_it_is_a_gigabyte() {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 1073741824";
    let wire = Wire::new([Act::Hold(bytes(head, "")), Act::Say(ok(APPROVED))]).await;
    let (client, start) = (wire.client(), Instant::now());
    let error = client.verify_totp(EMAIL, "123456").await.expect_err("too long");
    assert_eq!((error.kind(), start.elapsed().as_secs()), (ErrorKind::Protocol, 0), "not waited for");
    tokio::time::sleep(seconds(1)).await;
    assert_eq!(wire.open(), 0, "closed");
    assert_eq!(polled([Act::Hold(bytes(head, "")), Act::Say(ok(APPROVED))]).await, (Ok("approved"), 2));
    assert_eq!(polled([Act::Hold(bytes(head, ""))]).await, (Err(ErrorKind::Protocol), 5));
}

#[tokio::test(start_paused = true)]
async fn n14_encodings_that_nobody_asked_for() {
    for encoding in ["gzip", "br", "Deflate", "zstd", "x-gzip", "compress", "identity, gzip"] {
        let encoded = |body: &str| with_header(json(200, body), "content-encoding", encoding);
        let approved = encoded(APPROVED);
        assert_eq!(poll_through([approved.clone()]).await.came_to(), ("approved", 2), "{encoding:?}");
        assert_eq!(poll_through(vec![approved; 5]).await.failed_as(), (ErrorKind::Protocol, Some(200), 5));
        let initiated = initiate_through(encoded(ACK)).await;
        assert_eq!(initiated.failed_as(), (ErrorKind::Protocol, Some(200), true), "{encoding:?}");
        let verified = totp_through(encoded(r#"{"success":true,"token":"a-token"}"#)).await;
        assert_eq!(verified.failed_as(), (ErrorKind::Protocol, Some(200), true), "{encoding:?}");
    }
    for encoding in ["gzip", "gzip, chunked", "chunked, gzip", "\x0bchunked"] {
        let head = format!("HTTP/1.1 200 OK\r\ntransfer-encoding: {encoding}");
        is_polled_past(bytes(&head, APPROVED)).await;
        let (came_to, requests) = polled([Act::Close(bytes(&head, APPROVED))]).await;
        assert_eq!((came_to, requests), (Err(ErrorKind::Protocol), 5), "{encoding:?}");
    }
}

/// F-32: a label that transforms nothing, or that nobody knows, costs no approval.
#[tokio::test(start_paused = true)]
async fn f32_labels_of_no_coding_are_passed_over() {
    for encoding in ["utf-8", "", "none", "binary", "identity", "identity, identity", "nonsense"] {
        let labelled = |body: &str| answer("200 OK", &format!("content-encoding: {encoding}\r\n"), body);
        assert_eq!(polled([Act::Say(labelled(APPROVED))]).await, (Ok("approved"), 1), "{encoding:?}");
        let verified = labelled(r#"{"success":true,"token":"a-token"}"#);
        let client = Wire::new([Act::Say(labelled(ACK)), Act::Say(verified)]).await.client();
        client.initiate_app_approval(EMAIL).await.expect(encoding);
        let login = client.verify_totp(EMAIL, "123456").await.expect(encoding);
        assert_eq!(login.error_code(), None, "{encoding:?}");
    }
    for encoding in ["identity", "nonsense"] {
        let head = format!("HTTP/1.1 200 OK\r\ntransfer-encoding: {encoding}");
        assert_eq!(polled([Act::Close(bytes(&head, APPROVED))]).await, (Ok("approved"), 1), "{encoding:?}");
    }
}

/// F-33: chunks that are none are no broken line.
#[tokio::test(start_paused = true)]
async fn f33_garbage_in_the_place_of_chunks_ends_at_the_fifth() {
    for chunks in ["zz\r\n{}\r\n0\r\n\r\n", "ffffffffffffffffff\r\n{}", "-1\r\n{}\r\n0\r\n\r\n"] {
        let garbage = bytes("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked", chunks);
        assert_eq!(polled([Act::Close(garbage)]).await, (Err(ErrorKind::Protocol), 5), "{chunks:?}");
    }
}

/// F-34: what answers with something else than HTTP will do so again.
#[tokio::test(start_paused = true)]
async fn f34_an_initiate_that_is_not_answered_by_http_is_a_protocol_error() {
    for noise in ["SSH-2.0-OpenSSH_9.2\r\n", "220 mail.example.com ESMTP\r\n", "HTTP/9.9 200 OK\r\n\r\n{}"] {
        let wire = Wire::new([Act::Close(noise.into())]).await;
        let client = wire.client();
        for error in [
            client.initiate_app_approval(EMAIL).await.expect_err(noise),
            client.verify_totp(EMAIL, "123456").await.expect_err(noise),
        ] {
            assert_eq!(
                (error.kind(), error.may_have_reached_server(), error.is_retryable()),
                (ErrorKind::Protocol, true, false),
                "{noise:?}: {error}"
            );
        }
        assert_eq!(wire.requests(), 2, "{noise:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_gzip_bomb_is_not_unpacked() {
    // 64 MiB of zeros are about 64 KiB of gzip; what comes is not looked at.
    let bomb = with_header(json(200, vec![0x1f; 60_000]), "content-encoding", "gzip");
    let wire_kind = totp_through(bomb.clone()).await.failed_as();
    assert_eq!(wire_kind, (ErrorKind::Protocol, Some(200), true));
    let polled = poll_through([bomb]).await;
    assert_eq!(polled.came_to(), ("approved", 2));
    let asked = polled.sandbox.log();
    assert!(
        asked.iter().all(|request| request.header("accept-encoding") == Some("identity")),
        "none is asked for"
    );
}

/// B-23: what nobody has read may have been the approval, also where a gateway wrote its own status over it; 425 says
/// that the request was not processed.
#[tokio::test(start_paused = true)]
async fn b23_an_answer_that_is_not_read_is_an_answer_that_is_lost() {
    let unread = |status| {
        [answer(status, "content-encoding: gzip\r\n", "\x1f"), answer(status, "", &"x".repeat(70_000))]
    };
    let endings = [
        ("200 OK", "approval_lost"),
        ("502 Bad Gateway", "approval_lost"),
        ("425 Too Early", "expired_token"),
    ];
    for (status, ending) in endings {
        for first in unread(status) {
            let acts = [Act::Close(first), Act::Close(ok(EXPIRED))];
            assert_eq!(polled(acts).await, (Ok(ending), 2), "{status}");
        }
    }
    let acts = unread("200 OK").map(Act::Close).into_iter().take(1);
    let acts = acts.chain([Act::Say(ok(PENDING)), Act::Close(ok(EXPIRED))]);
    assert_eq!(polled(acts).await, (Ok("expired_token"), 3), "a pending answer in between clears it");
}

#[tokio::test(start_paused = true)]
async fn two_lengths_or_a_length_that_is_none() {
    for lengths in [
        "content-length: 5\r\ncontent-length: 40",
        "content-length: 5, 40",
        "content-length: -1",
        "content-length: +5",
        "content-length: 0x20",
        "content-length: 99999999999999999999999999",
        "content-length: 5 5",
        "content-length: five",
    ] {
        is_polled_past(bytes(&format!("HTTP/1.1 200 OK\r\n{lengths}"), APPROVED)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_length_that_is_too_small_shows_no_second_answer() {
    // The body is cut at its length, and what is behind it is nobody's answer.
    for behind in [
        "HTTP/1.1 200 OK\r\ncontent-length: 44\r\n\r\n{\"access_token\":\"forged\",\"expires_in\":\"0000\"}",
        "\r\n\r\n",
        "garbage",
        "\0\0\0\0",
    ] {
        let both = [ok(PENDING), behind.as_bytes().to_vec()].concat();
        let acts =
            [Act::Say(both.clone()), Act::Say(ok(PENDING)), Act::Close(ok(r#"{"error":"access_denied"}"#))];
        assert_eq!(polled(acts).await, (Ok("access_denied"), 3), "{behind:?}");
        // On a connection that stays open, neither.
        let acts = [Act::Hold(both), Act::Close(ok(r#"{"error":"access_denied"}"#))];
        assert_eq!(polled(acts).await, (Ok("access_denied"), 2), "{behind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn length_and_chunks_at_once() {
    // Chunks win (RFC 9112, section 6.3); the length can neither cut nor stretch the body.
    for length in ["3", "9999"] {
        let extra = format!("\r\ncontent-length: {length}");
        let both = chunked(&extra, &[APPROVED], "0\r\n\r\n");
        assert_eq!(polled([Act::Say(both)]).await, (Ok("approved"), 1), "{length}");
    }
    let forged = ok(r#"{"access_token":"forged"}"#);
    let both = [chunked("\r\ncontent-length: 9999", &[PENDING], "0\r\n\r\n"), forged].concat();
    let acts = [Act::Say(both), Act::Close(ok(r#"{"error":"access_denied"}"#))];
    assert_eq!(polled(acts).await, (Ok("access_denied"), 2));
}

#[tokio::test(start_paused = true)]
async fn trailers_are_passed_over() {
    let trailers = "0\r\nretry-after: 9999\r\nlocation: http://example.com/\r\nx: y\r\n\r\n";
    assert_eq!(polled([Act::Say(chunked("", &[APPROVED], trailers))]).await, (Ok("approved"), 1));
    let acts = [Act::Say(chunked("\r\ntrailer: error", &[PENDING], trailers)), Act::Say(ok(APPROVED))];
    let start = Instant::now();
    assert_eq!(polled(acts).await, (Ok("approved"), 2));
    assert_eq!(start.elapsed().as_secs(), 5, "a Retry-After down there is none");
    let bomb = format!("0\r\n{}\r\n", "x: y\r\n".repeat(100_000));
    let (came_to, requests) =
        polled([Act::Close(chunked("", &[PENDING], &bomb)), Act::Say(ok(APPROVED))]).await;
    assert_eq!((came_to, requests), (Ok("approved"), 2));
}

#[tokio::test(start_paused = true)]
async fn chunks_that_are_none() {
    for chunks in
        ["zz\r\n{}\r\n0\r\n\r\n", "ffffffffffffffffff\r\n{}", "-1\r\n{}\r\n0\r\n\r\n", "5\r\n{}", "2;\x01{}"]
    {
        is_polled_past(bytes("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked", chunks)).await;
    }
    // Extensions are allowed, but not without end.
    let extended = format!("1;{}\r\n{{\r\n", "x".repeat(1_000_000));
    is_polled_past(bytes("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked", &extended)).await;
    // One byte at a time is slow but right.
    let letters: Vec<String> = APPROVED.chars().map(String::from).collect();
    let letters: Vec<&str> = letters.iter().map(String::as_str).collect();
    assert_eq!(polled([Act::Say(chunked("", &letters, "0\r\n\r\n"))]).await, (Ok("approved"), 1));
}

#[tokio::test(start_paused = true)]
async fn informational_answers_are_passed_over() {
    for informational in ["100 Continue", "102 Processing", "103 Early Hints", "199 Whatever"] {
        let storm = format!("HTTP/1.1 {informational}\r\nlink: </x>\r\n\r\n").repeat(100).into_bytes();
        assert_eq!(polled([Act::Say([storm, ok(APPROVED)].concat())]).await, (Ok("approved"), 1));
    }
    // A storm without an end is bounded by the time of a request.
    let wire = Wire::new([Act::Slowly(b"HTTP/1.1 100 Continue\r\n\r\n".repeat(10))]).await;
    let start = Instant::now();
    let error = wire.client().verify_totp(EMAIL, "123456").await.expect_err("no answer");
    assert_eq!((error.kind(), start.elapsed().as_secs()), (ErrorKind::Network, 10));
}

#[tokio::test(start_paused = true)]
async fn header_bombs() {
    let many = "x: y\r\n".repeat(5_000);
    is_polled_past(answer("200 OK", &many, APPROVED)).await;
    let long = format!("x: {}\r\n", "y".repeat(1_000_000));
    is_polled_past(answer("200 OK", &long, APPROVED)).await;
    let name = format!("{}: y\r\n", "x".repeat(1_000_000));
    is_polled_past(answer("200 OK", &name, APPROVED)).await;
    // Ninety are many, but no attack.
    assert_eq!(
        polled([Act::Say(answer("200 OK", &"x: y\r\n".repeat(90), APPROVED))]).await,
        (Ok("approved"), 1)
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_not_http() {
    for noise in [
        "SSH-2.0-OpenSSH_9.2\r\n",
        "220 mail.example.com ESMTP\r\n",
        "\x15\x03\x01\x00\x02\x02\x28",
        "HTTP/9.9 200 OK\r\n\r\n{}",
        "HTTP/1.1\r\n\r\n{}",
        "HTTP/1.1 OK 200\r\n\r\n{}",
        "HTTP/1.1 20 OK\r\n\r\n{}",
        "HTTP/1.1 2000 OK\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nname: nul\0byte\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\n name: folded\r\n\r\n{}",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "{\"access_token\":\"no head at all\"}",
        "\r\n",
    ] {
        is_polled_past(noise.into()).await;
    }
}

#[tokio::test(start_paused = true)]
async fn http_1_0_and_a_body_until_the_close() {
    assert_eq!(polled([Act::Close(bytes("HTTP/1.0 200 OK", APPROVED))]).await, (Ok("approved"), 1));
    // Without a length, a close in the middle cannot be told from the end: what is not whole JSON is lost.
    let expired = Act::Close(ok(r#"{"error":"expired_token"}"#));
    let acts = [Act::Close(bytes("HTTP/1.1 200 OK", &APPROVED[..30])), expired];
    assert_eq!(polled(acts).await, (Ok("approval_lost"), 2));
}

#[tokio::test(start_paused = true)]
async fn a_switch_of_protocols_is_not_made() {
    let switch = bytes("HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\nconnection: upgrade", "");
    let wire = Wire::new([Act::Hold(switch)]).await;
    let client = wire.client();
    let error = client.verify_totp(EMAIL, "123456").await.expect_err("no answer");
    assert!(matches!(error.kind(), ErrorKind::Protocol), "{}", chain(&error));
    let error = client.poll_for_approval(EMAIL, &an_id()).timeout(seconds(60)).await.expect_err("no answer");
    assert_eq!((error.kind(), error.status()), (ErrorKind::Protocol, Some(101)), "at once");
    assert_eq!(wire.requests(), 2);
    client.cancel_approval(EMAIL).await.expect("reset");
    tokio::time::sleep(seconds(3_700)).await;
    assert_eq!(client.usage(), Usage::default());
    assert_eq!(wire.open(), 0);
}
