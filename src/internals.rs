//! What this repository's own tools reach behind the public calls. Only under their cfgs; no part of the published API.

#[cfg(authsec_bench)]
pub mod benching;
#[cfg(fuzzing)]
pub mod fuzzing;
