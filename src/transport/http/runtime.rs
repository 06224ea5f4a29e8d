use std::any::Any;
use std::collections::VecDeque;
use std::net::{Ipv4Addr, UdpSocket};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use tokio::runtime::{Handle, Id, RuntimeFlavor};

use crate::sync::{Mutex, lock};

/// So many runtimes are known at once; the one seen first is forgotten first, and asked again.
const KNOWN: usize = 16;

/// The runtimes that are known to have sockets.
#[derive(Default)]
pub(super) struct Runtimes(Mutex<VecDeque<Id>>);

impl Runtimes {
    /// Whether the runtime that we are on has sockets. Tokio cannot be asked: it panics when the first is made, so one is
    /// made, once for each runtime, and a program that aborts on panics ends here.
    pub(super) fn has_io(&self, id: Id) -> bool {
        if lock(&self.0).contains(&id) {
            return true;
        }
        let Some(made) = make_a_socket() else { return false };
        if made {
            let mut known = lock(&self.0);
            if known.len() >= KNOWN {
                known.pop_front();
            }
            known.push_back(id);
        }
        true
    }
}

/// Whether tasks of the runtime that we are on run one after the other.
pub(super) fn has_one_thread() -> bool {
    Handle::current().runtime_flavor() == RuntimeFlavor::CurrentThread
}

/// `None` where the runtime cannot; `false` where the machine has no socket to spare, which says nothing of the runtime.
fn make_a_socket() -> Option<bool> {
    let Ok(socket) = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)) else { return Some(false) };
    if socket.set_nonblocking(true).is_err() {
        return Some(false);
    }
    match catch_unwind(AssertUnwindSafe(|| tokio::net::UdpSocket::from_std(socket))) {
        Ok(made) => Some(made.is_ok()),
        Err(panic) if is_of_tokio(&*panic) => None,
        Err(panic) => resume_unwind(panic),
    }
}

fn is_of_tokio(panic: &(dyn Any + Send)) -> bool {
    let text = match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => text,
        (None, Some(text)) => text.as_str(),
        (None, None) => return false,
    };
    text.contains("enable_io")
}
