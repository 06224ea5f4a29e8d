//! The poll engine: when to ask and when to leave (pure), and the loop that does it.

pub(crate) mod driver;
mod exchange;
mod heard;
#[cfg(test)]
mod last_look_simulation;
mod life;
mod millis;
mod pace;
mod policy;
mod progress;
mod schedule;
mod task;
mod wait;

pub(crate) use life::Life;
pub(crate) use millis::Millis;
pub(crate) use pace::{Event, Pace, Verdict};
pub use policy::PollPolicy;
pub(crate) use policy::{Jitter, LONGEST_WAIT};
pub use progress::Progress;
pub(crate) use progress::{Listener, Tell, Telling};
pub(crate) use schedule::{Deadline, Decision, Schedule, UnderWay, View};
pub use task::ApprovalTask;
pub(crate) use wait::Wait;
