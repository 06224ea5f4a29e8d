//! The readers and writers of the contract, each test named after the promise or the fault that it proves.

mod codes;
mod encoders;
mod fixtures;
mod initiate;
mod meaning;
mod never_opens;
mod numbers;
mod paths;
mod poll;
mod reason;
mod strictness;
mod totp;

use std::time::Duration;

use super::{Acknowledgement, Answer, PollAnswer, TotpAnswer, read_initiate, read_poll, read_totp};
use crate::Error;

fn answer(status: u16, body: &[u8]) -> Answer<'_> {
    Answer { status, retry_after: None, body: Some(body) }
}

fn poll(status: u16, body: impl AsRef<[u8]>) -> PollAnswer {
    read_poll(&answer(status, body.as_ref()))
}

fn initiate(status: u16, body: impl AsRef<[u8]>) -> Result<Acknowledgement, Error> {
    read_initiate(&answer(status, body.as_ref()))
}

fn totp(status: u16, body: impl AsRef<[u8]>) -> TotpAnswer {
    read_totp(&answer(status, body.as_ref()))
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

const A_WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);
