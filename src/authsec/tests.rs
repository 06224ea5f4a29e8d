//! The readers and writers of the contract, each test named after the promise or the fault that it proves.

mod codes;
mod encoders;
mod fixtures;
mod hidden;
mod initiate;
mod meaning;
mod names;
mod never_opens;
mod numbers;
mod paths;
mod poll;
mod reason;
mod strictness;
mod totp;

use std::time::Duration;

use super::{TotpAnswer, read_initiate, read_totp};
use crate::answer::{Acknowledgement, Answer, Asked, PollAnswer};
use crate::types::{Email, PersonKey};
use crate::{Error, ErrorKind};

/// The request and the person that all tests ask for.
const ID: &str = "id-1";
const EMAIL: &str = "User@Example.com";

fn key() -> PersonKey {
    Email::new(EMAIL).expect("an address").key()
}

fn answer(status: u16, body: &[u8]) -> Answer<'_> {
    Answer { status, retry_after: None, body: Some(body) }
}

fn read_poll(answer: &Answer<'_>) -> PollAnswer {
    super::read_poll(answer, &Asked { auth_req_id: ID, email: &key() })
}

fn poll(status: u16, body: impl AsRef<[u8]>) -> PollAnswer {
    read_poll(&answer(status, body.as_ref()))
}

fn initiate(status: u16, body: impl AsRef<[u8]>) -> Result<Acknowledgement, Error> {
    read_initiate(&answer(status, body.as_ref()), &key())
}

fn totp(status: u16, body: impl AsRef<[u8]>) -> TotpAnswer {
    read_totp(&answer(status, body.as_ref()), &key())
}

/// An answer that counts towards the five in a row, and that may stand where an approval stood.
#[track_caller]
fn may_hide_an_approval(read: PollAnswer, about: &str) -> Error {
    match read {
        PollAnswer::Unreadable { error, may_have_approved: true, .. } => error,
        other => panic!("{about}: {other:?}"),
    }
}

/// A poll that ends at once, by an answer that is none.
#[track_caller]
fn is_protocol(read: PollAnswer, about: &str) -> Error {
    match read {
        PollAnswer::Fatal(error) if error.kind() == ErrorKind::Protocol => error,
        other => panic!("{about}: {other:?}"),
    }
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

const A_WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);
