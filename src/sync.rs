//! The locks of this crate, in one place so that they can be swapped for a model checker's (`tests/model/run`).

use std::sync::PoisonError;

#[cfg(all(test, authsec_model))]
pub(crate) use loom::sync::{Mutex, MutexGuard, atomic::AtomicBool};
#[cfg(not(all(test, authsec_model)))]
pub(crate) use std::sync::{Mutex, MutexGuard, atomic::AtomicBool};

/// Locks. Nothing of ours panics under a lock, and what a lock guards is valid after every statement; so a poisoned
/// one is used as it is.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    #[cfg(test)]
    LOCKS.set(LOCKS.get().wrapping_add(1));
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
thread_local! {
    static LOCKS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// How often this thread has locked anything: a measure of work that depends on no machine's speed.
#[cfg(all(test, not(authsec_model)))]
pub(crate) fn locks() -> usize {
    LOCKS.get()
}

/// Locks, unless somebody else has.
#[cfg(not(all(test, authsec_model)))]
pub(crate) fn try_lock<T>(mutex: &Mutex<T>) -> Option<MutexGuard<'_, T>> {
    match mutex.try_lock() {
        Ok(guard) => Some(guard),
        Err(std::sync::TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(std::sync::TryLockError::WouldBlock) => None,
    }
}

/// loom's own does not keep others from locking: here it waits, which is one of the orders that are walked through.
#[cfg(all(test, authsec_model))]
pub(crate) fn try_lock<T>(mutex: &Mutex<T>) -> Option<MutexGuard<'_, T>> {
    Some(lock(mutex))
}
