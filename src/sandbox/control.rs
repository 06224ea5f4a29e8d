//! The phone page and its JSON API under `/_sandbox/`. Uses `phone`, `authsec` (for its replies) and `state`.

pub(crate) mod api;
pub(crate) mod spelling;
