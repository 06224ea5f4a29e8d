//! Whom a sandbox knows.

use super::world::World;

/// The addresses of a sandbox's users, as they are stored.
#[derive(Clone)]
pub(crate) struct Users(Vec<String>);

impl Users {
    pub(crate) fn of(world: &World) -> Self {
        Self(world.accounts().iter().map(|account| account.email.clone()).collect())
    }

    /// Panics if there is no such user. A test that asks for somebody who is not there has a slip in it.
    #[track_caller]
    #[allow(clippy::panic, reason = "an assertion for tests")]
    pub(crate) fn must_have(&self, email: &str) {
        let wanted = email.trim().to_lowercase();
        if !self.0.iter().any(|known| known.to_lowercase() == wanted) {
            panic!(
                "the sandbox has no user {email:?}; it has {:?}: name them with SandboxBuilder::user",
                self.0
            );
        }
    }
}
