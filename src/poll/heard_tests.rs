//! Who answered, if anybody did (B-24, B-82): behind a server that does not answer at all, polls leave the queue.

use super::Heard;
use crate::CibaClient;
use crate::answer::Asked;
use crate::evidence::{Evidence, Purpose, Server};
use crate::transport::script::{Line, Script};
use crate::transport::{FaultKind, Target};
use crate::types::Email;

fn is_answer(line: Line) -> bool {
    let target = Target::new(url::Url::parse("https://auth.example.com/token").expect("a URL"));
    let email = Email::new("user@example.com").expect("an email").key();
    let evidence = Evidence {
        server: Server::AuthSec,
        purpose: Purpose::Approval,
        target: &target,
        authorization: None,
        headers: None,
        secrets: &[],
        more_secrets: &[],
    };
    let inner = CibaClient::builder().base_url("https://auth.example.com").client_id("client");
    let profile = inner.into_inner(Box::new(Script::default())).expect("valid").profile;
    Heard::of(line.reply, &profile, &Asked { auth_req_id: "id-1", email: &email }, &evidence).is_answer()
}

#[test]
fn b82_a_server_that_says_anything_answers() {
    for line in [
        Line::pending(),
        Line::approved(),
        Line::json(503, "<html>"),
        Line::json(404, ""),
        Line::cut(200, r#"{"access_tok"#),
        Line::cut(503, ""),
    ] {
        assert!(is_answer(line));
    }
}

#[test]
fn b82_a_fault_is_no_answer() {
    for fault in [
        FaultKind::NameMissing,
        FaultKind::NotConnected,
        FaultKind::Tls,
        FaultKind::Broken,
        FaultKind::TimedOut,
        FaultKind::Garbled,
    ] {
        assert!(!is_answer(Line::fault(fault)), "{fault:?}");
    }
}
