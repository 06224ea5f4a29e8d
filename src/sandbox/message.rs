//! A request that has arrived, the tables that it may change, and its answer: what every imitated server works with. Uses
//! `state`.

pub(crate) mod arrived;
pub(crate) mod exchange;
#[cfg(feature = "openid")]
pub(crate) mod jwt;
pub(crate) mod reply;
