//! The poll engine: what to do next (pure), and the loop that does it.

pub(crate) mod driver;
mod heard;
mod millis;
mod pace;
mod plan;
mod policy;
mod schedule;
mod task;
mod until;
pub(crate) mod watch;

pub(crate) use pace::Pace;
pub(crate) use plan::Plan;
pub use policy::PollPolicy;
pub(crate) use policy::{Jitter, LONGEST_WAIT};
pub(crate) use schedule::{Deadline, Ending, Event, Schedule, Step, Verdict};
pub use task::ApprovalTask;
pub(crate) use until::until;
