// The first definition of a link wins. A repository page takes those at the README's end; rustdoc, which has no `docs/`
// beside its pages, takes these: the diagrams as data, the guide and the items as its own pages.
#![cfg_attr(doc, doc = include_str!("../docs/images/inline.md"))]
#![cfg_attr(doc, doc = include_str!("../docs/links.md"))]
#![cfg_attr(feature = "sandbox", doc = "[testing]: sandbox/index.html#testing-your-login")]
#![cfg_attr(not(feature = "sandbox"), doc = "[testing]: guide/index.html")]
#![doc = ""]
#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod address;
mod answer;
mod attempts;
mod authsec;
mod client;
mod clock;
mod error;
mod evidence;
mod expiring;
#[cfg(feature = "openid")]
mod form;
#[cfg(any(doc, doctest))]
pub mod guide;
#[cfg(any(authsec_bench, fuzzing))]
#[doc(hidden)]
pub mod internals;
#[cfg(feature = "openid")]
mod jose;
#[cfg(feature = "openid")]
mod openid;
mod outcome;
mod poll;
mod profile;
mod push_guard;
mod registry;
mod request;
#[cfg(feature = "sandbox")]
pub mod sandbox;
#[cfg(feature = "ticket")]
mod seal;
mod secret;
mod sync;
mod trace;
mod transport;
mod types;

pub use answer::ErrorCode;
pub use attempts::TotpLockout;
pub use authsec::ApiRoutes;
pub use client::{CibaClient, CibaClientBuilder, OutgoingRequest, RequestKind, Usage};
pub use error::{Error, ErrorKind};
#[cfg(feature = "openid")]
pub use jose::{Alg, Signer, SigningError, SigningKey};
#[cfg(feature = "openid")]
pub use openid::{AssertionAudience, BindingMessageRule, ClientAuth, Hint, OpenId, Quirks};
#[cfg(feature = "openid")]
pub use outcome::IdToken;
pub use outcome::{
    Approval, ApprovalOutcome, CancelReason, Cancellation, LockedBy, NotApproved, NotVerified, PollStatus,
    SignInError, TotpOutcome, Verified,
};
pub use poll::{ApprovalTask, PollPolicy, Progress};
pub use push_guard::PushGuard;
pub use request::{BoxFuture, InitiateApproval, PendingApproval, PollForApproval};
#[cfg(feature = "ticket")]
pub use seal::SealingKey;
pub use secret::AccessToken;
#[cfg(feature = "openid")]
pub use secret::RefreshToken;
pub use trace::FlowId;
#[cfg(feature = "ticket")]
pub use types::ApprovalTicket;
pub use types::{AuthReqId, BindingMessage, Email, EmailKey, MatchCode, PersonKey};
