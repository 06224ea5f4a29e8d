use axum::extract::Path;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;

use crate::guard::Refusal;

/// What the pages are made of besides text: part of the program.
pub async fn asset(Path(name): Path<String>) -> Result<impl IntoResponse, Refusal> {
    let (kind, content) = match name.as_str() {
        "style.css" => ("text/css; charset=utf-8", include_str!("assets/style.css")),
        "waiting.js" => ("text/javascript; charset=utf-8", include_str!("assets/waiting.js")),
        "icon.svg" => ("image/svg+xml", include_str!("assets/icon.svg")),
        _ => return Err(Refusal::NotFound),
    };
    Ok(([(CONTENT_TYPE, kind)], content))
}
