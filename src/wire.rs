//! The contract's bytes, both ways. Pure: no clock, no network; it never meets `transport`.

mod answer;
mod asked;
mod body;
mod code;
mod document;
mod initiate;
mod number;
mod poll;
mod reason;
mod routes;
mod totp;

pub(crate) use answer::Answer;
pub(crate) use asked::Asked;
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
    document::Document::read(body).is_some()
}
