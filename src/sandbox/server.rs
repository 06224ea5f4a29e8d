//! Sockets and HTTP, and the faults on the way. Uses the other rooms, and none uses it.

pub(crate) mod body;
pub(crate) mod connection;
pub(crate) mod delivery;
pub(crate) mod found;
pub(crate) mod listener;
pub(crate) mod service;
