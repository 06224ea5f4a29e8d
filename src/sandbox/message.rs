//! A request that has arrived, the tables that it may change, and its answer: what every imitated server works with. Uses
//! `state`.

pub(crate) mod arrived;
pub(crate) mod exchange;
pub(crate) mod reply;
