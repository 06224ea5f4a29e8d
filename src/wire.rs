//! The contract's bytes, both ways. Pure: no clock, no network; it never meets `transport`.

mod answer;
mod code;
mod document;
mod initiate;
mod poll;
mod reason;
mod routes;
mod totp;

pub(crate) use answer::Answer;
pub use code::ErrorCode;
pub(crate) use initiate::{Acknowledgement, InitiateBody, read_initiate};
pub(crate) use poll::{PollAnswer, PollBody, read_poll};
pub(crate) use reason::{is_web_page, reason};
pub use routes::ApiRoutes;
pub(crate) use routes::{Paths, Plane};
pub(crate) use totp::{TotpAnswer, TotpBody, read_totp};

#[cfg(test)]
mod tests;

/// Whether these bytes are one whole, clean JSON object: what was cut off behind it was nothing.
pub(crate) fn is_one_object(body: &[u8]) -> bool {
    document::Document::read(body).is_ok()
}

/// Writes a body. Our own structs of strings cannot fail to be written.
fn encode(body: &impl serde::Serialize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(256);
    if serde_json::to_writer(&mut bytes, body).is_err() {
        bytes.clear();
    }
    bytes
}
