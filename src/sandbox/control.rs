//! The phone page and its JSON API under `/_sandbox/`. Uses `phone`, `message` and `state`.

pub(crate) mod api;
pub(crate) mod spelling;
