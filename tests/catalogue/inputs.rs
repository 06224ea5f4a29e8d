//! I1 to I19: what a caller hands over.

use std::time::Duration;

use authsec_ciba::sandbox::{Call, Reaction, Sandbox, User};
use authsec_ciba::{
    AuthReqId, BindingMessage, CibaClient, Email, ErrorCode, ErrorKind, PollStatus, TotpLockout, Usage,
};
use tokio::time::Instant;

use crate::support::{
    CLIENT, EMAIL, SECRET, an_id, chain, configured, json, leaves_nothing, sandbox, seconds, start,
};

/// Every call refuses this address, and the server hears nothing.
async fn is_refused(sandbox: &Sandbox, client: &CibaClient, email: &str) {
    let shown: String = email.chars().take(40).collect();
    let errors = [
        client.initiate_app_approval(email).await.expect_err(&shown),
        client.poll_for_approval(email, &an_id()).await.expect_err(&shown),
        client.poll_for_approval(email, &an_id()).once().await.expect_err(&shown),
        client.poll_for_approval(email, &an_id()).spawn().await.expect_err(&shown),
        client.verify_totp(email, "123456").await.expect_err(&shown),
        client.cancel_approval(email).await.expect_err(&shown),
        Email::new(email).expect_err(&shown),
    ];
    for error in &errors {
        assert_eq!((error.kind(), error.field()), (ErrorKind::Input, Some("email")), "{shown:?}");
        assert!(!error.may_have_reached_server() && !error.is_retryable());
        assert!(email.trim().len() < 4 || !chain(error).contains(email), "{shown:?} is not repeated");
    }
    assert_eq!((sandbox.connections().accepted, client.usage()), (0, Usage::default()), "{shown:?}");
}

/// Initiates for this address, and gives the one that was sent.
async fn sent(address: &str) -> String {
    let (sandbox, client) = start().await;
    let _ = client.initiate_app_approval(address).await;
    let log = sandbox.log();
    assert_eq!(log.len(), 1, "{address:?}");
    let member = if crate::ROUTES == authsec_ciba::ApiRoutes::OAuth { "login_hint" } else { "email" };
    log[0].body.field(member).expect("an address").to_owned()
}

#[tokio::test(start_paused = true)]
async fn i01_empty_or_blank_email() {
    let (sandbox, client) = start().await;
    for email in ["", " ", "\t", "\r\n", "\u{a0}\u{3000}"] {
        is_refused(&sandbox, &client, email).await;
    }
}

#[tokio::test(start_paused = true)]
async fn i02_one_at_with_text_on_both_sides() {
    let (sandbox, client) = start().await;
    for email in ["user", "user@", "@example.com", "@", "user@@example.com", "a@b@c", " @ ", "user@ "] {
        is_refused(&sandbox, &client, email).await;
    }
    // The check is light: dots are the server's business.
    for email in [".user@example.com", "user.@example.com", "user@.example.com", "user@example.com.", "u@e"] {
        assert_eq!(sent(email).await, email);
    }
}

#[tokio::test(start_paused = true)]
async fn i03_spaces_around_are_trimmed() {
    for email in
        [" user@example.com", "user@example.com ", "\tuser@example.com\r\n", "\u{3000}user@example.com"]
    {
        assert_eq!(sent(email).await, "user@example.com");
        assert_eq!(Email::new(email).expect("valid").as_str(), EMAIL);
    }
    let (sandbox, client) = start().await;
    let task = client.initiate_app_approval(" user@example.com ").await.expect("pushed").wait().spawn();
    assert_eq!(client.cancel_approval(EMAIL).await.expect("cancelled").polls_stopped(), 1, "one key");
    assert_eq!(task.await.expect("an outcome").status(), "cancelled");
    leaves_nothing(&sandbox, &client).await;
}

#[tokio::test(start_paused = true)]
async fn i04_capitals() {
    assert_eq!(sent("User@EXAMPLE.com").await, "User@EXAMPLE.com", "sent as given");
    let (sandbox, client) = start().await;
    let task = client.initiate_app_approval("USER@example.com").await.expect("pushed").wait().spawn();
    assert_eq!(client.cancel_approval("user@EXAMPLE.COM").await.expect("cancelled").polls_stopped(), 1);
    assert_eq!(task.await.expect("an outcome").status(), "cancelled");
    for (email, remaining) in [("user@example.com", 2), ("USER@EXAMPLE.COM", 1), ("uSeR@example.com", 0)] {
        let wrong = sandbox.authenticator(EMAIL).wrong_code();
        assert_eq!(client.verify_totp(email, &wrong).await.expect("judged").remaining(), remaining);
    }
    leaves_nothing(&sandbox, &client).await;
}

#[tokio::test(start_paused = true)]
async fn i05_unicode_is_sent_as_it_is() {
    for email in ["jürgen@example.com", "user@bücher.example", "用户@例子.广告", "e\u{301}@example.com"]
    {
        assert_eq!(sent(email).await, email);
    }
    // For the key they are folded, as servers fold them.
    let (sandbox, client) = start().await;
    for (polled, cancelled) in
        [("İ@example.com", "i@EXAMPLE.com"), ("jürgen@example.com", "JU\u{308}RGEN@example.com")]
    {
        let id = AuthReqId::new(format!("an-id-of-{}", polled.len())).expect("valid");
        let task = client.poll_for_approval(polled, &id).spawn();
        assert_eq!(
            client.cancel_approval(cancelled).await.expect("cancelled").polls_stopped(),
            1,
            "{polled}"
        );
        assert_eq!(task.await.expect("an outcome").status(), "cancelled");
    }
    leaves_nothing(&sandbox, &client).await;
}

#[tokio::test(start_paused = true)]
async fn f38_b60_look_alikes_that_a_server_folds_share_their_guards() {
    let forms = [
        "kim@example.com",
        "\u{212a}im@example.com",
        "k\u{130}m@example.com",
        "ＫＩＭ@example.com",
        "ki\u{307}m@EXAMPLE.com",
    ];
    let sandbox = sandbox().await;
    let client = configured(&sandbox).totp_lockout(TotpLockout::Strict).build().expect("valid");
    let ack = r#"{"auth_req_id":"id","expires_in":300,"interval":5}"#;
    sandbox.faults().always(Call::Initiate, json(200, ack));
    sandbox.faults().always(Call::Totp, json(401, r#"{"success":false,"message":"Invalid TOTP code"}"#));
    let mut pushed = 0;
    for n in 0..20 {
        match client.initiate_app_approval(forms[n % forms.len()]).await {
            Ok(_) => pushed += 1,
            Err(error) => assert_eq!(error.kind(), ErrorKind::TooManyPushes),
        }
    }
    assert_eq!((pushed, sandbox.calls(Call::Initiate).len()), (5, 5), "pushes on one phone");
    for n in 0..12 {
        let outcome = client.verify_totp(forms[n % forms.len()], "123456").await.expect("an outcome");
        assert_eq!(
            outcome.error_code(),
            Some(if n < 3 { "invalid_code" } else { "too_many_retries" }),
            "{n}"
        );
        client.cancel_approval(forms[(n + 1) % forms.len()]).await.expect("cancelled");
    }
    assert_eq!(sandbox.calls(Call::Totp).len(), 3, "wrong codes of one person");
    leaves_nothing(&sandbox, &client).await;
}

#[tokio::test(start_paused = true)]
async fn i06_letters_that_look_alike() {
    let look_alike = "us\u{435}r@example.com";
    assert_eq!(sent(look_alike).await, look_alike, "sent as it is");
    let (sandbox, client) = start().await;
    let task = client.initiate_app_approval(EMAIL).await.expect("pushed").wait().spawn();
    assert_eq!(
        client.cancel_approval(look_alike).await.expect("cancelled").polls_stopped(),
        0,
        "another key"
    );
    assert_eq!(
        client.initiate_app_approval(look_alike).await.expect_err("no").kind(),
        ErrorKind::UserNotFound
    );
    assert!(!task.is_finished());
    drop(task);
    leaves_nothing(&sandbox, &client).await;
}

#[tokio::test(start_paused = true)]
async fn i09_line_breaks_and_controls() {
    let (sandbox, client) = start().await;
    for email in [
        "user@example.com\r\nX-Admin: 1",
        "user\n@example.com",
        "user@exam\rple.com",
        "us\0er@example.com",
        "us\u{1b}[31mer@example.com",
        "user\u{2028}@example.com",
        "user\u{85}@example.com",
    ] {
        is_refused(&sandbox, &client, email).await;
    }
    for text in ["two\nlines", "two\r\nlines", "a\u{2029}b", "nul\0", "bell\u{7}", "tab\there"] {
        let error = BindingMessage::new(text).expect_err(text);
        assert_eq!((error.kind(), error.field()), (ErrorKind::Input, Some("binding_message")), "{text:?}");
    }
    // What looks like an escape is text, and arrives as it was.
    let text = r#"a \r\n "quoted" \u000a {"error":"x"} </script>"#;
    let message = BindingMessage::new(text).expect("printable");
    client.initiate_app_approval(EMAIL).binding_message(message).await.expect("pushed");
    assert_eq!(sandbox.log()[0].body.field("binding_message"), Some(text));
    assert_eq!(sandbox.log()[0].headers.len(), 7, "and no header: {:?}", sandbox.log()[0].headers);
    leaves_nothing(&sandbox, &client).await;
}

#[tokio::test(start_paused = true)]
async fn characters_that_cannot_be_seen() {
    let (sandbox, client) = start().await;
    for hidden in
        ['\u{202e}', '\u{2066}', '\u{200f}', '\u{200b}', '\u{200d}', '\u{feff}', '\u{ad}', '\u{3164}']
    {
        is_refused(&sandbox, &client, &format!("us{hidden}er@example.com")).await;
        is_refused(&sandbox, &client, &format!("user@exam{hidden}ple.com")).await;
    }
}

#[tokio::test(start_paused = true)]
async fn i10_an_address_of_ten_megabytes() {
    let (sandbox, client) = start().await;
    is_refused(&sandbox, &client, &format!("{}@example.com", "x".repeat(10 * 1024 * 1024))).await;
    is_refused(&sandbox, &client, &format!("{}@example.com", "x".repeat(243))).await;
    let longest = format!("{}@example.com", "x".repeat(242));
    assert_eq!((longest.len(), sent(&longest).await), (254, longest));
}

#[tokio::test(start_paused = true)]
async fn i11_tags_and_dots_are_not_folded() {
    let (sandbox, client) = start().await;
    let task = client.initiate_app_approval(EMAIL).await.expect("pushed").wait().spawn();
    for email in ["user+tag@example.com", "u.ser@example.com", "user@EXAMPLE.org"] {
        assert_eq!(sent(email).await, email);
        assert_eq!(client.cancel_approval(email).await.expect("cancelled").polls_stopped(), 0, "{email}");
    }
    assert!(!task.is_finished());
    drop(task);
    leaves_nothing(&sandbox, &client).await;
}

#[tokio::test(start_paused = true)]
async fn i12_binding_messages() {
    let longest = "x".repeat(255);
    for text in ["ok", "Zahle 5 €", "👩‍💻 Sign in ❤️", "日本語", longest.as_str(), "\"quoted\" & <b>"]
    {
        let (sandbox, client) = start().await;
        let message = BindingMessage::new(text).expect(text);
        client.initiate_app_approval(EMAIL).binding_message(message).await.expect("pushed");
        assert_eq!(sandbox.phone(EMAIL).pending()[0].binding_message.as_deref(), Some(text));
    }
    let (too_long, emoji) = ("x".repeat(256), "👍".repeat(256));
    for text in
        ["", "   ", too_long.as_str(), emoji.as_str(), "a\u{202e}b", "a\u{2067}b", "a\u{200b}b", "a\nb"]
    {
        let error = BindingMessage::new(text).expect_err("refused");
        assert_eq!((error.kind(), error.field()), (ErrorKind::Input, Some("binding_message")));
    }
    // The server's own refusal is kept.
    let refused =
        crate::support::initiate_through(crate::support::code(400, "invalid_binding_message")).await;
    assert_eq!(refused.error().code().map(ErrorCode::as_str), Some("invalid_binding_message"));
}

/// Codes that are none: refused here, with no request and no attempt used.
async fn are_no_codes(codes: &[&str]) {
    let (sandbox, client) = start().await;
    for code in codes {
        let error = client.verify_totp(EMAIL, code).await.expect_err(code);
        assert_eq!((error.kind(), error.field()), (ErrorKind::Input, Some("code")), "{code:?}");
        assert!(code.trim().is_empty() || !chain(&error).contains(code), "{code:?} is not repeated");
        assert_eq!(client.usage(), Usage::default(), "{code:?}");
    }
    assert_eq!(sandbox.connections().accepted, 0);
    let right = client.verify_totp(EMAIL, &sandbox.authenticator(EMAIL).code()).await.expect("judged");
    assert_eq!(right.error_code(), None, "none of them locked anything");
}

#[tokio::test(start_paused = true)]
async fn i13_codes_with_spaces_or_dashes() {
    are_no_codes(&["123 456", "123-456", " 123456", "123456 ", "123456\n", "12 345"]).await;
}

#[tokio::test(start_paused = true)]
async fn i14_codes_that_are_none() {
    are_no_codes(&[
        "12345",
        "1234567",
        "abcdef",
        "",
        "+12345",
        "-12345",
        "1e5   ",
        "0x1234",
        "12345.",
        "12345\0",
        "NaN   ",
        "١٢٣٤٥٦",
        "１２３",
        "１２３４５６",
        "1२345",
        "²²²",
    ])
    .await;
}

#[tokio::test(start_paused = true)]
async fn i16_leading_zeros() {
    for code in ["000000", "000001", "012345"] {
        let (sandbox, client) = start().await;
        let _ = client.verify_totp(EMAIL, code).await.expect("judged");
        let body = sandbox.log()[0].body.clone();
        assert_eq!(body.field("totp_code"), Some(code), "a string, as it is");
    }
}

#[tokio::test(start_paused = true)]
async fn i18_ids() {
    let long = "i".repeat(1_048_576);
    for id in ["", " ", "two words", "line\nbreak", "nul\0", "ünicode", long.as_str(), "\u{202e}x"] {
        let error = AuthReqId::new(id).expect_err("refused");
        assert_eq!((error.kind(), error.field()), (ErrorKind::Input, Some("auth_req_id")));
        assert!(id.trim().is_empty() || !chain(&error).contains(id));
    }
    // Another client's: the server's refusal, typed, and no approval.
    let sandbox = Sandbox::builder()
        .routes(crate::ROUTES)
        .user(User::new(EMAIL).reaction(Reaction::Approve))
        .client(CLIENT, Some(SECRET))
        .client("another", Some(SECRET))
        .start()
        .await
        .expect("a free port");
    let client = configured(&sandbox).build().expect("valid");
    let another = configured(&sandbox).client_id("another").build().expect("valid");
    let pending = client.initiate_app_approval(EMAIL).await.expect("pushed");
    let error = another.poll_for_approval(EMAIL, pending.auth_req_id()).await.expect_err("another's");
    assert_eq!((error.kind(), error.code()), (ErrorKind::Refused, Some(&ErrorCode::InvalidGrant)));
    assert_eq!(another.poll_for_approval(EMAIL, &an_id()).await.expect("unknown").status(), "expired_token");
    assert_eq!(pending.wait().await.expect("its own").status(), "approved");
}

#[tokio::test(start_paused = true)]
async fn i19_intervals_and_timeouts_of_the_caller() {
    // Zero: one look where it is allowed, and no sleep.
    let (sandbox, client) = start().await;
    let pending = client.initiate_app_approval(EMAIL).await.expect("pushed");
    let start_of_all = Instant::now();
    let early = pending.wait().timeout(Duration::ZERO).await.expect("an outcome");
    assert_eq!((early.status(), sandbox.calls(Call::Poll).len()), ("timeout", 0), "before the floor: none");
    tokio::time::sleep(seconds(5)).await;
    for _ in 0..3 {
        let now = Instant::now();
        assert_eq!(pending.wait().timeout(Duration::ZERO).await.expect("an outcome").status(), "timeout");
        assert_eq!(now.elapsed(), Duration::ZERO, "no sleep behind it");
    }
    assert_eq!(sandbox.calls(Call::Poll).len(), 1, "one look per floor");
    let looked = client.poll_for_approval(EMAIL, pending.auth_req_id()).once().await.expect("a look");
    assert!(
        matches!(looked, PollStatus::Pending { next_poll_in, .. } if next_poll_in == seconds(5)),
        "{looked:?}"
    );
    // The interval of the caller cannot undercut the server's, nor run the loop hot.
    let outcome = pending.wait().interval(Duration::ZERO).timeout(seconds(20)).await.expect("an outcome");
    assert_eq!((outcome.status(), sandbox.calls(Call::Poll).len()), ("timeout", 5));
    // An interval beyond the timeout: one look, at the end.
    let polls = sandbox.calls(Call::Poll).len();
    let outcome = pending.wait().interval(seconds(900)).timeout(seconds(30)).await.expect("an outcome");
    assert_eq!((outcome.status(), sandbox.calls(Call::Poll).len()), ("timeout", polls + 1));
    assert_eq!(start_of_all.elapsed(), seconds(55));
    // As long as there is time: the server's lifetime ends it.
    let outcome = pending.wait().interval(Duration::MAX).timeout(Duration::MAX).await.expect("an outcome");
    assert_eq!(outcome.status(), "expired_token");
    assert_eq!(start_of_all.elapsed(), seconds(300));
    drop(pending);
    leaves_nothing(&sandbox, &client).await;
}

#[tokio::test(start_paused = true)]
async fn i19_an_unknown_id_without_an_end_ends_after_a_week() {
    let (sandbox, client) = start().await;
    sandbox.faults().always(Call::Poll, crate::support::pending());
    let begun = Instant::now();
    let poll = client.poll_for_approval(EMAIL, &an_id()).interval(seconds(86_400)).timeout(Duration::MAX);
    assert_eq!(poll.await.expect("an outcome").status(), "timeout");
    assert_eq!(begun.elapsed(), seconds(7 * 86_400));
    assert!(sandbox.calls(Call::Poll).len() <= 8, "B-17");
    leaves_nothing(&sandbox, &client).await;
}
