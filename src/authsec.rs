//! AuthSec's own words, both ways: routes, bodies, readers (`docs/wire.md`). Pure: no clock, no network; it never meets
//! `transport`.

mod body;
mod initiate;
mod oauth;
mod poll;
mod routes;
mod totp;

pub(crate) use initiate::{read_initiate, write_initiate};
pub(crate) use oauth::{off_the_routes, write_poll_form, write_start_form};
pub(crate) use poll::{PollBody, read_poll};
pub use routes::ApiRoutes;
pub(crate) use routes::{Paths, Plane};
pub(crate) use totp::{TotpAnswer, TotpBody, read_totp};

#[cfg(test)]
mod tests;
