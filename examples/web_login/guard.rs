//! Who may ask: the session behind a cookie, and proof that a POST comes from one of its own pages.

use std::sync::Arc;

use axum::Form;
use axum::extract::{FromRequest, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::app::App;
use crate::pages::refused;
use crate::session::Session;

/// Behind https, call it `__Host-web_login` and add `Secure` to it.
const COOKIE: &str = "web_login";

/// Scripts and styles come from this website only, nothing is framed, nothing is sent elsewhere.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
    form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// `same-origin`, and not `no-referrer`: with that, browsers send `Origin: null` with forms.
const HEADERS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "same-origin"),
    (header::CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// Around every request: refuses what another website can cause, and says how the answer may be used.
pub async fn guard(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let mut response = match check_source(&app, request.method(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    };
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// No foreign name that leads to this machine, and no POST from elsewhere. A website in the open compares with its own
/// name and https here.
fn check_source(app: &App, method: &Method, headers: &HeaderMap) -> Result<(), Refusal> {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let host = text(header::HOST).unwrap_or_default();
    let own = [format!("127.0.0.1:{}", app.port), format!("localhost:{}", app.port)];
    if !own.iter().any(|name| name == host) {
        return Err(Refusal::Elsewhere);
    }
    if method == Method::GET || method == Method::HEAD {
        return Ok(());
    }
    // Every browser of today sends both. Whatever sends none is no browser, and has no business here.
    let site = text(HeaderName::from_static("sec-fetch-site"));
    let origin = text(header::ORIGIN);
    let is_own_site = site.is_none_or(|site| site == "same-origin");
    let is_own_origin = origin.is_some_and(|origin| origin.strip_prefix("http://") == Some(host));
    if is_own_site && is_own_origin { Ok(()) } else { Err(Refusal::Elsewhere) }
}

/// The browser that asks. Asking shows that it is still there.
pub struct Visitor {
    pub id: String,
    pub session: Arc<Session>,
}

impl FromRequestParts<Arc<App>> for Visitor {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Refusal> {
        let id = cookie(&parts.headers).ok_or(Refusal::NoSession)?;
        let session = app.sessions.find(id).ok_or(Refusal::NoSession)?;
        session.presence.touch();
        Ok(Self { id: id.to_owned(), session })
    }
}

/// A form that stood on a page of this visitor: the only way for a handler to get at the fields.
pub struct Posted<T> {
    pub visitor: Visitor,
    pub fields: T,
}

#[derive(Deserialize)]
struct WithToken<T> {
    csrf: String,
    #[serde(flatten)]
    fields: T,
}

impl<T: DeserializeOwned> FromRequest<Arc<App>> for Posted<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Refusal> {
        let (mut parts, body) = request.into_parts();
        let visitor = Visitor::from_request_parts(&mut parts, app).await?;
        let form = Form::<WithToken<T>>::from_request(Request::from_parts(parts, body), app).await;
        let Form(WithToken { csrf, fields }) = form.map_err(|_| Refusal::BadForm)?;
        if visitor.session.is_csrf(&csrf) { Ok(Self { visitor, fields }) } else { Err(Refusal::OldPage) }
    }
}

/// The `Set-Cookie` of a session. No script sees it, and no other website's form brings it along.
pub fn set_cookie(id: &str) -> [(HeaderName, String); 1] {
    [(header::SET_COOKIE, format!("{COOKIE}={id}; Path=/; HttpOnly; SameSite=Lax"))]
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    let lines = headers.get_all(header::COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).map(|(_, value)| value)
}

/// Why a request got no page.
#[derive(Clone, Copy)]
pub enum Refusal {
    Elsewhere,
    NoSession,
    OldPage,
    BadForm,
    NotFound,
    Busy,
}

impl Refusal {
    fn status(self) -> StatusCode {
        match self {
            Self::Elsewhere | Self::NoSession | Self::OldPage => StatusCode::FORBIDDEN,
            Self::BadForm => StatusCode::UNPROCESSABLE_ENTITY,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Elsewhere => "This request did not come from this website.",
            Self::NoSession => "This page is too old, or your browser does not keep cookies.",
            Self::OldPage => "This page is too old: you went on in another tab.",
            Self::BadForm => "This form is not complete.",
            Self::NotFound => "There is no such page.",
            Self::Busy => "Too many people are here right now. Please try again in a moment.",
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status(), refused(self.text())).into_response()
    }
}
