use std::time::Duration;

use authsec_ciba::{AccessToken, ApprovalOutcome, CancelReason, Email, MatchCode};
use tokio::time::Instant;

/// How far a browser has come: which page it sees. The server decides it; a page only shows it.
pub enum Stage {
    /// Nothing is under way: the form, and how the last attempt ended.
    Start { typed: String, notice: Option<Notice> },
    /// A request is on the phone.
    Waiting { email: Email, code: MatchCode, until: Instant },
    /// A code is asked for.
    Code { email: Email, notice: Option<Notice> },
    /// Signed in. The token stays here: no page and no cookie holds it.
    SignedIn { email: Email, token: AccessToken, until: Instant },
}

impl Stage {
    pub fn is_waiting(&self) -> bool {
        matches!(self, Self::Waiting { .. })
    }

    pub fn is_code(&self) -> bool {
        matches!(self, Self::Code { .. })
    }

    /// The address that the next form starts with.
    pub fn address(&self) -> &str {
        match self {
            Self::Start { typed, .. } => typed,
            Self::Waiting { email, .. } | Self::Code { email, .. } | Self::SignedIn { email, .. } => {
                email.as_str()
            }
        }
    }

    /// The form of somebody who is new here.
    pub fn start() -> Self {
        Self::Start { typed: String::new(), notice: None }
    }

    /// Back to the form, with a word about why.
    pub fn ended(email: &Email, notice: Notice) -> Self {
        Self::Start { typed: email.as_str().to_owned(), notice: Some(notice) }
    }

    /// Signed in for as long as the token is good, and for a working day at most.
    pub fn signed_in(email: &Email, token: AccessToken, good_for: Option<Duration>) -> Self {
        const LONGEST: Duration = Duration::from_secs(8 * 60 * 60);
        let until = Instant::now() + good_for.unwrap_or(LONGEST).min(LONGEST);
        Self::SignedIn { email: email.clone(), token, until }
    }

    /// What a poll's outcome means for the browser. Only an approval lets anybody in.
    pub fn after(email: &Email, outcome: ApprovalOutcome) -> Self {
        let notice = match outcome {
            ApprovalOutcome::Approved(approval) => {
                let good_for = approval.expires_in();
                return Self::signed_in(email, approval.into_token(), good_for);
            }
            ApprovalOutcome::AccessDenied => Notice::Denied,
            ApprovalOutcome::Timeout => Notice::NoAnswer,
            ApprovalOutcome::ExpiredToken => Notice::Expired,
            ApprovalOutcome::ApprovalLost => Notice::Lost,
            // The client lets every request of an address run (`main`), so that none is superseded.
            ApprovalOutcome::Cancelled(CancelReason::Requested | CancelReason::Superseded) => {
                Notice::Cancelled
            }
            ApprovalOutcome::Cancelled(CancelReason::Shutdown) => Notice::Stopping,
        };
        Self::ended(email, notice)
    }
}

/// What a person is told: how an attempt ended, or what was wrong with what they typed.
#[derive(Clone, Copy)]
pub enum Notice {
    Denied,
    NoAnswer,
    Expired,
    Lost,
    Cancelled,
    Stopping,
    Left,
    Failed,
    BadEmail,
    BadCode,
    WrongCode { remaining: u32 },
    TooManyCodes { wait: Option<Duration> },
    TooManyRequests { wait: Duration },
    SessionOver,
    SignedOut,
}

impl Notice {
    /// Whether nothing went wrong.
    pub fn is_calm(self) -> bool {
        matches!(self, Self::Cancelled | Self::SignedOut | Self::SessionOver | Self::Left)
    }

    pub fn title(self) -> &'static str {
        match self {
            Self::Denied => "You declined the request",
            Self::NoAnswer => "No answer from your phone",
            Self::Expired => "The request expired",
            Self::Lost => "Please approve once more",
            Self::Cancelled => "Request cancelled",
            Self::Stopping => "This website is restarting",
            Self::Left => "You were away",
            Self::Failed => "That did not work",
            Self::BadEmail => "Please check the email address",
            Self::BadCode => "A code has six digits",
            Self::WrongCode { .. } => "Wrong code",
            Self::TooManyCodes { .. } => "Too many wrong codes",
            Self::TooManyRequests { .. } => "Too many requests",
            Self::SessionOver => "Your session has ended",
            Self::SignedOut => "You are signed out",
        }
    }

    pub fn text(self) -> String {
        match self {
            Self::Denied => {
                "Nobody was signed in. If it was not you who asked, you need do nothing more.".into()
            }
            Self::NoAnswer => "Ask again, or use a code from your authenticator app.".into(),
            Self::Expired => "It was not answered in time. You can send a new one.".into(),
            Self::Lost => {
                "Your answer was lost on its way to us. That was our fault: please send a new request.".into()
            }
            Self::Cancelled => "Your phone may still show it. Answering it there does nothing.".into(),
            Self::Stopping => "Please try again in a moment.".into(),
            Self::Left => "This page was closed for a while, so we stopped waiting for your phone.".into(),
            Self::Failed => "Something went wrong on our side. Please try again in a moment.".into(),
            Self::BadEmail => "It needs one @ with text on both sides, like name@example.com.".into(),
            Self::BadCode => "Please type the six digits that your authenticator app shows.".into(),
            Self::WrongCode { remaining: 0 } => "That was the last attempt for now.".into(),
            Self::WrongCode { remaining: 1 } => "1 attempt left.".into(),
            Self::WrongCode { remaining } => format!("{remaining} attempts left."),
            Self::TooManyCodes { wait: Some(wait) } => format!("Please try again in {}.", minutes(wait)),
            Self::TooManyCodes { wait: None } => "Please try again later.".into(),
            Self::TooManyRequests { wait } => {
                format!(
                    "This address was asked several times. Try again in {}, or use a code.",
                    minutes(wait)
                )
            }
            Self::SessionOver => "Please sign in again.".into(),
            Self::SignedOut => "See you soon.".into(),
        }
    }
}

fn minutes(wait: Duration) -> String {
    match wait.as_secs().div_ceil(60) {
        0 | 1 => "a minute".into(),
        minutes => format!("{minutes} minutes"),
    }
}
