/// Who asks for a place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Caller {
    /// A poll that waits.
    Poll,
    /// A look at an id, by somebody who does not.
    Look,
    /// A TOTP login.
    Totp,
    /// An initiate, which is slow: the server sends the push inside it.
    Initiate,
}
