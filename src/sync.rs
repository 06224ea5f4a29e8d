//! The locks of this crate, in one place so that they can be swapped for a model checker's.

use std::sync::PoisonError;
pub(crate) use std::sync::{Mutex, MutexGuard};

/// Locks. Nothing of ours panics under a lock, and what a lock guards is valid after every statement; so a poisoned
/// one is used as it is.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
