//! Claims, cancels and ends in all orders (B-13, B-32, B-40 to B-43, B-61).

mod bounds;
mod cancels;
mod initiates;
mod orders;
mod threads;

use std::sync::Arc;
use std::time::Duration;

use super::{Claim, Look, Registry};
use crate::types::{AuthReqId, Email, EmailKey};
use crate::wire::Acknowledgement;

fn registry() -> Arc<Registry> {
    Arc::new(Registry::new(false))
}

fn side_by_side() -> Arc<Registry> {
    Arc::new(Registry::new(true))
}

fn key(email: &str) -> EmailKey {
    Email::new(email).expect("an email").key()
}

fn user() -> EmailKey {
    key("user@example.com")
}

fn id(text: &str) -> AuthReqId {
    AuthReqId::new(text).expect("an id")
}

fn ack(text: &str) -> Acknowledgement {
    Acknowledgement {
        auth_req_id: id(text),
        expires_in: Duration::from_secs(300),
        interval: Duration::from_secs(5),
    }
}

/// An initiate of the user that succeeds at once.
fn initiate(registry: &Arc<Registry>, text: &str) {
    registry.initiating(user()).acknowledged(&ack(text), None, crate::trace::FlowId::random());
}

fn claim(registry: &Registry, text: &str) -> Claim {
    registry.claim(&user(), &id(text), None)
}

async fn advance(seconds: u64) {
    tokio::time::advance(Duration::from_secs(seconds)).await;
}

/// Whether the poll of a claim is told to stop right now.
async fn is_stopped(claim: &Claim) -> bool {
    tokio::select! {
        biased;
        () = claim.stopped() => true,
        () = std::future::ready(()) => false,
    }
}
