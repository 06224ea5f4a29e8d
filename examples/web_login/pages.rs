//! The pages. The template engine escapes whatever it puts into them.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};

use crate::app::{App, Demo};
use crate::events::seconds_until;
use crate::session::Session;
use crate::stage::{Notice, Stage};

/// What stands around every page of a session.
struct Frame<'a> {
    csrf: &'a str,
    demo: Option<&'a Demo>,
}

#[derive(Template)]
#[template(path = "start.html")]
struct Start<'a> {
    frame: Frame<'a>,
    typed: &'a str,
    notice: Option<Notice>,
}

#[derive(Template)]
#[template(path = "waiting.html")]
struct Waiting<'a> {
    frame: Frame<'a>,
    email: &'a str,
    code: &'a str,
    left: u64,
    wait: u64,
    reachable: bool,
}

#[derive(Template)]
#[template(path = "code.html")]
struct Code<'a> {
    frame: Frame<'a>,
    email: &'a str,
    notice: Option<Notice>,
}

#[derive(Template)]
#[template(path = "home.html")]
struct Home<'a> {
    frame: Frame<'a>,
    email: &'a str,
    token_length: usize,
}

#[derive(Template)]
#[template(path = "refused.html")]
struct Refused<'a> {
    why: &'a str,
}

/// The page of this session's stage.
pub fn render(app: &App, session: &Session) -> Response {
    let frame = Frame { csrf: session.csrf(), demo: app.demo.as_ref() };
    session.read(|stage| match stage {
        Stage::Start { typed, notice } => html(&Start { frame, typed, notice: *notice }),
        Stage::Waiting { email, code, until } => html(&Waiting {
            frame,
            email: email.as_str(),
            code: code.as_str(),
            left: seconds_until(*until),
            wait: app.wait.as_secs(),
            reachable: app.reachable.now(),
        }),
        Stage::Code { email, notice } => html(&Code { frame, email: email.as_str(), notice: *notice }),
        Stage::SignedIn { email, token, .. } => {
            // A real website calls its services with the token here. This one shows that it has it.
            html(&Home { frame, email: email.as_str(), token_length: token.expose_secret().len() })
        }
    })
}

pub fn refused(why: &str) -> Response {
    html(&Refused { why })
}

fn html(page: &impl Template) -> Response {
    match page.render() {
        Ok(text) => Html(text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
