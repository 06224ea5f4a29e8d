//! The keys of a sandbox that is an OpenID provider.

use std::io;
use std::sync::MutexGuard;

use super::Sandbox;
use super::state::world::World;

impl Sandbox {
    /// Signs with a new key from now on. The key set shows it first, and those before it behind: tokens that they have signed stay
    /// good until [`drop_old_keys`](Self::drop_old_keys). A right client fetches the set again when it meets a `kid` that it does
    /// not know (OpenID Connect Core 1.0, section 10.1.1).
    ///
    /// # Errors
    ///
    /// The operating system gives no random bytes. The key is the one from before then.
    ///
    /// # Panics
    ///
    /// If the sandbox is no OpenID provider ([`SandboxBuilder::openid`](super::SandboxBuilder::openid)).
    #[track_caller]
    pub fn rotate_keys(&self) -> io::Result<()> {
        let mut world = self.provider();
        world.provider.as_mut().map_or(Ok(()), |provider| provider.keys.rotate())
    }

    /// Takes every key but the current one out of the key set. What they have signed verifies no more for anybody who reads the
    /// set again.
    ///
    /// # Panics
    ///
    /// If the sandbox is no OpenID provider ([`SandboxBuilder::openid`](super::SandboxBuilder::openid)).
    #[track_caller]
    pub fn drop_old_keys(&self) {
        if let Some(provider) = self.provider().provider.as_mut() {
            provider.keys.drop_old();
        }
    }

    #[track_caller]
    #[allow(clippy::panic, reason = "an assertion for tests")]
    fn provider(&self) -> MutexGuard<'_, World> {
        if !self.shared.settings.openid {
            panic!("the sandbox is no OpenID provider: SandboxBuilder::openid makes it one");
        }
        self.shared.world()
    }
}
