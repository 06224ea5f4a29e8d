//! The locks of this crate, in one place so that they can be swapped for a model checker's (`tests/model/run`).

use std::sync::PoisonError;

#[cfg(all(test, authsec_model))]
pub(crate) use loom::sync::{Mutex, MutexGuard, atomic::AtomicBool};
#[cfg(not(all(test, authsec_model)))]
pub(crate) use std::sync::{Mutex, MutexGuard, atomic::AtomicBool};

/// Locks. Nothing of ours panics under a lock, and what a lock guards is valid after every statement; so a poisoned
/// one is used as it is.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
