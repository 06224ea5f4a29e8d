//! Texts that leave the process and come back: sealed, so that nobody else can read, make or alter them.

mod audience;
mod envelope;
mod key;
mod record;
mod ticket;

pub(crate) use audience::Audience;
pub(crate) use envelope::Sealer;
pub use key::SealingKey;
pub(crate) use ticket::Carried;

#[cfg(test)]
mod tests;
