/// Who can end the lock that three wrong codes bring.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TotpLockout {
    /// Time, and [`cancel_approval`](crate::CibaClient::cancel_approval), as the API reference says. A cancel ends the push
    /// on the person's phone, too.
    #[default]
    ResetByCancel,
    /// Time alone: a Cancel button gives no new guesses.
    Strict,
}
