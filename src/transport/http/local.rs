//! What this machine, and not the server, is out of. It heals.

use std::io::{Error, ErrorKind};

/// What is missing, as a sentence.
pub(super) fn missing(error: &Error) -> Option<&'static str> {
    if error.kind() == ErrorKind::AddrNotAvailable {
        return Some("this machine has no local port or address free for another connection");
    }
    // The standard library has no kind for it: ENFILE and EMFILE are these on every Unix, WSAEMFILE on Windows.
    let files = if cfg!(windows) { [10_024, 10_024] } else { [23, 24] };
    if error.raw_os_error().is_some_and(|code| files.contains(&code)) {
        return Some("this machine has no file descriptor free for another connection");
    }
    (error.kind() == ErrorKind::OutOfMemory).then_some("this machine has no memory for another connection")
}

pub(super) fn is_local(error: &Error) -> bool {
    missing(error).is_some()
}
