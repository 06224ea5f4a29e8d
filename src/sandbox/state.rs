//! What the server knows and what it is told to break: users, requests, settings, faults, the log. Uses no other room.

pub(crate) mod clock;
pub(crate) mod fault;
pub(crate) mod fault_script;
pub(crate) mod issued;
pub(crate) mod ledger;
pub(crate) mod log;
pub(crate) mod random;
pub(crate) mod script;
pub(crate) mod settings;
pub(crate) mod shared;
pub(crate) mod totp;
pub(crate) mod user;
pub(crate) mod users;
pub(crate) mod world;
