use std::time::Duration;

use crate::error::Error;
use crate::outcome::Granted;

/// What a poll's answer says.
///
/// `may_have_approved` where it is no readable answer of the server itself (B-23): the approval may have been taken out
/// there, and something on the way wrote this in its place.
#[derive(Debug)]
pub(crate) enum PollAnswer {
    Approved(Granted),
    Denied,
    /// `expired_token`: over, unknown, or already fetched.
    Expired,
    /// `invalid_grant`: another's, or already fetched.
    InvalidGrant(Error),
    /// `expired_token` of a provider that means only that by it.
    #[cfg(feature = "openid")]
    Over,
    /// `access_denied` of a provider that means by it that the time is over, too.
    #[cfg(feature = "openid")]
    DeniedOrOver,
    /// `invalid_grant` of a provider that forgets what is over.
    #[cfg(feature = "openid")]
    Spent(Error),
    /// It granted something, and what it sent is no approval: to ask again could not mend it.
    #[cfg(feature = "openid")]
    Unacceptable(Error),
    /// `transaction_failed`: the server's last word on this id.
    TransactionFailed(Error),
    /// `authorization_pending`: nobody has answered yet.
    Pending {
        retry_after: Option<Duration>,
    },
    /// `slow_down`: still pending; a server may name its new interval.
    SlowDown {
        interval: Option<Duration>,
        retry_after: Option<Duration>,
    },
    /// It heals: poll on.
    Fault {
        error: Error,
        retry_after: Option<Duration>,
        may_have_approved: bool,
    },
    /// It may heal: poll on for now, but five in a row are a wrong address.
    Unreadable {
        error: Error,
        retry_after: Option<Duration>,
        may_have_approved: bool,
    },
    /// A 4xx without a code, which is not the server's way to speak. For an id that nobody has answered readably yet it
    /// is final, and a wrong address or setting; else something on the way wrote it, it counts as
    /// [`Unreadable`](Self::Unreadable), and it may hide an approval.
    Codeless {
        error: Error,
        retry_after: Option<Duration>,
    },
    /// It does not heal.
    Fatal(Error),
}
