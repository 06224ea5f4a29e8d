//! In the place of `handshake`, where there is none.

use std::error::Error as StdError;

use crate::transport::FaultKind;

pub(super) fn sort(_: &(dyn StdError + 'static)) -> Option<(FaultKind, Option<&'static str>)> {
    None
}

pub(super) fn refuses_us(_: &(dyn StdError + 'static)) -> Option<&'static str> {
    None
}

pub(super) fn is_tls(_: &(dyn StdError + 'static)) -> bool {
    false
}
