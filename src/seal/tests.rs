//! What is sealed, and what an attacker does to it (B-102, B-127; ).

#![allow(clippy::arithmetic_side_effects, reason = "a test's own numbers")]

mod envelope;
mod ticket;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{Audience, Carried, Sealer, SealingKey};
use crate::trace::FlowId;
use crate::types::{ApprovalTicket, AuthReqId, Email, PersonKey, Started, Whom};
use crate::{Error, ErrorKind};

fn key(byte: u8) -> SealingKey {
    SealingKey::new([byte; 32]).expect("32 bytes")
}

fn audience() -> Audience {
    Audience::new(&["authsec", "https://authsec.example", "client", "my-client", ""])
}

fn sealer() -> Sealer {
    Sealer::new(key(1), Vec::new(), audience())
}

fn at(millis: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(millis)
}

fn carried() -> Carried {
    Carried {
        whom: Email::new("user@example.com").expect("an address").into(),
        id: AuthReqId::new("id-1").expect("an id"),
        flow: FlowId::from_number(7),
        interval: Duration::from_secs(5),
        expires_in: Duration::from_secs(300),
        push: Duration::from_millis(120),
        ends_at: at(1_800_000_000_000),
        resource: None,
        started: None,
    }
}

fn refused(sealer: &Sealer, ticket: &str) -> Error {
    let error = match ticket.parse::<ApprovalTicket>() {
        Ok(ticket) => sealer.open_ticket(&ticket).expect_err("a ticket that is none"),
        Err(error) => error,
    };
    assert_eq!((error.kind(), error.field()), (ErrorKind::Input, Some("ticket")), "{error}");
    assert!(!error.may_have_reached_server());
    error
}
