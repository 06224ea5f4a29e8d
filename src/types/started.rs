use std::time::SystemTime;

/// What the start of a request says of it, for the checks of what is granted.
#[derive(Clone, Debug)]
#[cfg_attr(
    not(any(feature = "openid", feature = "ticket")),
    expect(dead_code, reason = "only an OpenID provider's is checked")
)]
pub(crate) struct Started {
    /// When it was sent, by the wall clock.
    pub(crate) at: SystemTime,
    /// Whom it named, where it named a subject.
    pub(crate) subject: Option<Box<str>>,
    /// What it asked for.
    pub(crate) scope: Option<Box<str>>,
}
