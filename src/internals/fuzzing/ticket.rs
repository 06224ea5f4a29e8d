use crate::seal::{Audience, Carried, Sealer, SealingKey};
use crate::types::{ApprovalTicket, Email};

/// Whether a text opens as a ticket of some client.
#[must_use]
#[allow(clippy::expect_used)]
pub fn is_ticket(text: &str) -> bool {
    let key = SealingKey::new([0x5a; 32]).expect("32 bytes");
    let sealer = Sealer::new(key, Vec::new(), Audience::new(&["client"]));
    text.parse::<ApprovalTicket>().is_ok_and(|ticket| sealer.open_ticket(&ticket).is_ok())
}

/// What is in a ticket, as somebody with the key may have sealed it: shown, and written once more. `None` where it is no record.
#[must_use]
pub fn read_record(record: &[u8]) -> Option<(String, Vec<u8>)> {
    let read = Carried::read(record)?;
    let email = read.whom.email.as_ref().map(Email::as_str);
    let shown = format!("{read:?} {email:?} {} {}", read.whom.key, read.id.expose_secret());
    Some((shown, read.record()?.to_vec()))
}
