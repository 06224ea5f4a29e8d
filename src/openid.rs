//! OpenID CIBA at any provider: what its bytes mean, both ways. It knows nothing of AuthSec's own routes, but that they take
//! one credential more.

mod acknowledgement;
mod assertion_audience;
mod authenticator;
mod client_auth;
mod discover;
mod endpoint;
mod fetch;
mod hint;
mod id_token;
mod key_set;
mod keys;
mod metadata;
mod poll_answer;
mod provider;
mod quirks;
mod refusal;
mod start;
mod svid;
mod token;

pub(crate) use acknowledgement::read_start;
pub use assertion_audience::AssertionAudience;
pub(crate) use authenticator::{Authenticator, Identity};
pub use client_auth::ClientAuth;
pub(crate) use discover::discover;
pub(crate) use endpoint::{Endpoints, issuer};
pub(crate) use fetch::{Fetcher, KeysAt};
pub use hint::Hint;
pub(crate) use hint::Named;
pub(crate) use id_token::{About, Rules, Unverified, failed};
#[cfg(fuzzing)]
pub(crate) use key_set::KeySet;
pub(crate) use keys::Keys;
pub(crate) use metadata::{Addresses, Metadata};
pub(crate) use poll_answer::read_poll;
pub use provider::OpenId;
pub use quirks::{BindingMessageRule, Quirks};
pub(crate) use refusal::Challenge;
pub(crate) use start::{Limits, Wishes};
pub(crate) use token::poll_form;

#[cfg(test)]
mod tests;
