//! Asking the phone, and judging codes.

use std::future::pending;
use std::sync::Arc;

use authsec_ciba::{BindingMessage, Email, Error, ErrorKind, MatchCode, TotpOutcome};
use tokio::time::{Instant, sleep_until};

use crate::app::App;
use crate::session::Session;
use crate::stage::{Notice, Stage};

/// Sends a request to the phone of this person, and lets the session wait for the answer.
///
/// The poll belongs to the session, not to the request that started it: the browser can reload, lose its connection and
/// come back. It ends when the session moves on, when nobody looks any more, or with the website.
pub fn ask_phone(app: &Arc<App>, session: &Arc<Session>, email: Email) -> Result<(), Error> {
    let code = MatchCode::generate()?;
    let message = BindingMessage::with_match_code("Sign in to the Demo Shop", &code)?;
    // This website's own patience, the same for everybody: how long the server would wait says who has an account.
    let until = Instant::now() + app.wait;
    session.enter(Stage::Waiting { email: email.clone(), code, until });

    let (app, session) = (Arc::clone(app), Arc::clone(session));
    app.tasks.clone().spawn(async move {
        // Whatever branch is not taken is dropped, and with its last wait the polls end. `cancel_approval` would
        // stop the polls of everybody who typed this address, also those of its owner.
        let stage = tokio::select! {
            biased;
            () = app.stopping.cancelled() => Stage::ended(&email, Notice::Stopping),
            () = session.no_longer_waiting() => return,
            () = session.presence.gone(app.idle) => Stage::ended(&email, Notice::Left),
            // To the moment, whatever a push or a poll takes that only a known address gets.
            () = sleep_until(until) => Stage::ended(&email, Notice::NoAnswer),
            stage = answer(&app, &email, message) => stage,
        };
        session.enter_from(Stage::is_waiting, stage);
    });
    Ok(())
}

/// What the person decides. Where there is nobody to ask, it is never ready: an owner who does not answer.
async fn answer(app: &Arc<App>, email: &Email, message: BindingMessage) -> Stage {
    let request = match app.client.initiate_app_approval(email).binding_message(message).await {
        Ok(request) => request,
        Err(error) if is_stranger(&error) => {
            app.reachable.answered();
            return pending().await;
        }
        Err(error) => return failed(email, &error),
    };
    app.reachable.answered();
    let told = Arc::clone(app);
    match request.wait().on_progress(move |progress| told.reachable.hear(&progress)).await {
        Ok(outcome) => Stage::after(email, outcome),
        Err(error) => failed(email, &error),
    }
}

/// Judges a code. It is awaited in a task of its own, so that a browser that hangs up does not lose the answer.
pub async fn check_code(app: &Arc<App>, session: &Arc<Session>, email: Email, code: String) {
    let (app, session) = (Arc::clone(app), Arc::clone(session));
    let judged = app.tasks.clone().spawn(async move {
        let ask_again = |notice| Stage::Code { email: email.clone(), notice: Some(notice) };
        let stage = match app.client.verify_totp(&email, &code).await {
            Ok(TotpOutcome::Verified(verified)) => Stage::signed_in(&email, verified.into_token(), None),
            Ok(TotpOutcome::InvalidCode { remaining }) => ask_again(Notice::WrongCode { remaining }),
            Ok(TotpOutcome::TooManyRetries { retry_after, .. }) => {
                ask_again(Notice::TooManyCodes { wait: retry_after })
            }
            Err(error) if error.kind() == ErrorKind::Input => ask_again(Notice::BadCode),
            Err(error) if is_stranger(&error) => ask_again(app.decoys.wrong_code(&email)),
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "the code was not judged");
                ask_again(Notice::Failed)
            }
        };
        session.enter_from(Stage::is_code, stage);
    });
    let _ = judged.await;
}

/// There is nobody to ask. The person who typed the address must not learn that.
fn is_stranger(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::UserNotFound | ErrorKind::NoDeviceRegistered)
}

fn failed(email: &Email, error: &Error) -> Stage {
    tracing::warn!(error = error as &dyn std::error::Error, "the sign-in failed");
    Stage::ended(email, Notice::Failed)
}
