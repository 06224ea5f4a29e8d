//! What each address of the website does. Every POST ends in a redirect to the one page, so that a reload repeats nothing.

use std::sync::Arc;

use authsec_ciba::Email;
use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use crate::app::App;
use crate::guard::{Posted, Refusal, Visitor, guard, set_cookie};
use crate::stage::{Notice, Stage};
use crate::{assets, events, pages, sign_in};

pub fn routes(app: Arc<App>) -> Router {
    Router::new()
        .route("/", get(page))
        .route("/events", get(events::events))
        .route("/sign-in", post(begin))
        .route("/cancel", post(cancel))
        .route("/use-code", post(use_code))
        .route("/check-code", post(check_code))
        .route("/sign-out", post(sign_out))
        .route("/assets/{name}", get(assets::asset))
        .fallback(async || Refusal::NotFound)
        .layer(DefaultBodyLimit::max(4096))
        .layer(from_fn_with_state(Arc::clone(&app), guard))
        .with_state(app)
}

/// The one page: what it shows is the stage of the session.
async fn page(State(app): State<Arc<App>>, visitor: Result<Visitor, Refusal>) -> Result<Response, Refusal> {
    if let Ok(Visitor { session, .. }) = visitor {
        return Ok(pages::render(&app, &session));
    }
    let (id, session) = app.sessions.open().ok_or(Refusal::Busy)?;
    Ok((set_cookie(&id), pages::render(&app, &session)).into_response())
}

#[derive(Deserialize)]
struct SignIn {
    email: String,
    by: By,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum By {
    Phone,
    Code,
}

/// Begins a sign-in, in a new session: an id that somebody else planted into this browser is worth nothing from here on.
async fn begin(State(app): State<Arc<App>>, posted: Posted<SignIn>) -> Result<Response, Refusal> {
    let SignIn { email: typed, by } = posted.fields;
    let (id, session) = app.sessions.open().ok_or(Refusal::Busy)?;
    app.sessions.close(&posted.visitor.id);
    match (Email::new(&typed), by) {
        (Err(_), _) => session.enter(Stage::Start { typed, notice: Some(Notice::BadEmail) }),
        (Ok(email), By::Code) => session.enter(Stage::Code { email, notice: None }),
        (Ok(email), By::Phone) => match app.throttle.enter(&email) {
            Ok(()) => sign_in::ask_phone(&app, &session, email).map_err(|_| Refusal::Busy)?,
            Err(wait) => session.enter(Stage::ended(&email, Notice::TooManyRequests { wait })),
        },
    }
    Ok((set_cookie(&id), home()).into_response())
}

/// A form without fields of its own.
#[derive(Deserialize)]
struct Nothing {}

async fn cancel(posted: Posted<Nothing>) -> Redirect {
    let session = posted.visitor.session;
    let typed = session.read(|stage| stage.address().to_owned());
    let start = |notice| Stage::Start { typed: typed.clone(), notice };
    let was_waiting = session.enter_from(Stage::is_waiting, start(Some(Notice::Cancelled)));
    if !was_waiting {
        session.enter_from(Stage::is_code, start(None));
    }
    home()
}

/// A code instead of the phone. The poll ends: one sign-in, one way.
async fn use_code(posted: Posted<Nothing>) -> Redirect {
    let session = posted.visitor.session;
    if let Ok(email) = Email::new(&session.read(|stage| stage.address().to_owned())) {
        session.enter_from(Stage::is_waiting, Stage::Code { email, notice: None });
    }
    home()
}

#[derive(Deserialize)]
struct Code {
    code: String,
}

async fn check_code(State(app): State<Arc<App>>, posted: Posted<Code>) -> Redirect {
    let session = posted.visitor.session;
    let asked = session.read(|stage| stage.is_code().then(|| stage.address().to_owned()));
    if let Some(email) = asked.and_then(|address| Email::new(&address).ok()) {
        // Authenticator apps show a gap in the middle, and people type it.
        let code = posted.fields.code.split_whitespace().collect();
        sign_in::check_code(&app, &session, email, code).await;
    }
    home()
}

async fn sign_out(State(app): State<Arc<App>>, posted: Posted<Nothing>) -> Result<Response, Refusal> {
    app.sessions.close(&posted.visitor.id);
    let (id, session) = app.sessions.open().ok_or(Refusal::Busy)?;
    session.enter(Stage::Start { typed: String::new(), notice: Some(Notice::SignedOut) });
    Ok((set_cookie(&id), home()).into_response())
}

fn home() -> Redirect {
    Redirect::to("/")
}
