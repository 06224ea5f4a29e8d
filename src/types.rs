//! The values a caller hands in, each checked once, at its own door.

mod auth_req_id;
mod binding_message;
mod characters;
mod email;
mod match_code;
mod person_key;
mod started;
#[cfg(feature = "ticket")]
mod ticket;
mod totp_code;
mod whom;
mod wish;

pub use auth_req_id::AuthReqId;
pub use binding_message::BindingMessage;
pub(crate) use characters::is_visible_ascii;
pub use email::Email;
pub use match_code::MatchCode;
pub use person_key::PersonKey;
pub(crate) use started::Started;
#[cfg(feature = "ticket")]
pub use ticket::ApprovalTicket;
pub(crate) use totp_code::TotpCode;
pub(crate) use whom::Whom;
pub(crate) use wish::Wish;

/// [`PersonKey`] by its older name, from when every person was named by an address.
pub type EmailKey = PersonKey;

#[cfg(test)]
mod tests;
