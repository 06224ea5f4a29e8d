//! No secret in a log, a `Debug`, a `Display` or an error chain.

use std::time::Duration;

use authsec_ciba::sandbox::{Call, Fault, Reaction};
use tracing::instrument::WithSubscriber as _;

use crate::capture::Captured;
use crate::support::{EMAIL, Plane, SECRET, start};

/// An error with everything behind it, in both forms.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = format!("{error:?} {error}");
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(&format!(" | {error:?} {error}"));
        source = error.source();
    }
    text
}

#[tokio::test(start_paused = true)]
async fn b70_secrets_stand_in_no_log_and_no_value() {
    let captured = Captured::default();
    let mut shown = String::new();
    let mut secrets = vec![SECRET.to_owned(), EMAIL.to_owned()];
    async {
        for fault in [Fault::Pass, Fault::ResetAfter, Fault::CutBody { keep: 30 }, Fault::json_array()] {
            let (sandbox, client) = start().await;
            sandbox.phone(EMAIL).react(Reaction::Approve);
            sandbox.faults().next(Call::Poll, fault.clone());
            let pending = client.initiate_app_approval(EMAIL).await.expect("pushed");
            shown.push_str(&format!("{client:?} {pending:?} {:?}", client.initiate_app_approval(EMAIL)));
            shown.push_str(&format!("{:?} {:?}", pending.auth_req_id(), pending.wait()));
            secrets.push(pending.auth_req_id().expose_secret().to_owned());
            match pending.wait().await {
                Ok(outcome) => shown.push_str(&format!("{outcome:?}")),
                Err(error) => shown.push_str(&chain(&error)),
            }
            secrets.extend(sandbox.issued().requests.into_iter().filter_map(|request| request.token));
            let admin =
                Plane::MAIN.client(&sandbox).workspace_id(sandbox.workspace_id()).build().expect("valid");
            for code in [sandbox.authenticator(EMAIL).wrong_code(), sandbox.authenticator(EMAIL).code()] {
                sandbox.faults().next(Call::Totp, fault.clone());
                match admin.verify_totp(EMAIL, &code).await {
                    Ok(outcome) => shown.push_str(&format!("{outcome:?}")),
                    Err(error) => shown.push_str(&chain(&error)),
                }
                secrets.push(code);
            }
            secrets.extend(sandbox.issued().totp_tokens.into_iter().map(|(_, token)| token));
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
    .with_subscriber(captured.subscriber())
    .await;
    let log = captured.text();
    assert!(
        log.contains("authsec.poll") && log.contains("hyper"),
        "the HTTP stack's own events are captured too"
    );
    for secret in secrets {
        // A code of six digits may stand in a port or a duration by accident; in quotes or after `=` it may not.
        let six = secret.len() == 6;
        for (place, text) in [("log", &log), ("value", &shown)] {
            let found = if six {
                [format!("\"{secret}\""), format!("={secret}")].iter().any(|form| text.contains(form))
            } else {
                text.contains(&secret)
            };
            let line = text.lines().find(|line| line.contains(&secret)).unwrap_or_default();
            assert!(!found, "{secret:?} stands in a {place}: {line}");
        }
    }
}
