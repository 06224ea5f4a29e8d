//! The values a caller hands in, each checked once, at its own door.

mod auth_req_id;
mod binding_message;
mod characters;
mod email;
mod email_key;
mod match_code;
mod totp_code;

pub use auth_req_id::AuthReqId;
pub use binding_message::BindingMessage;
pub(crate) use characters::is_visible_ascii;
pub use email::Email;
pub use email_key::EmailKey;
pub use match_code::MatchCode;
pub(crate) use totp_code::TotpCode;

#[cfg(test)]
mod tests;
