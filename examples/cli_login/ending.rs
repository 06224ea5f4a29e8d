use std::error::Error;
use std::fmt;
use std::process::ExitCode;

use authsec_ciba::{AccessToken, NotApproved};

/// How the program ends: what it says, and its exit code.
pub enum Ending {
    SignedIn(AccessToken),
    /// Nobody was asked, and the configuration is right.
    Checked,
    /// Nobody was asked, and it is not.
    Misconfigured(String),
    /// Nobody was asked, and the server neither: it is away, or busy.
    NotChecked(String),
    NotApproved(NotApproved),
    WrongCodes,
    NoAnswerOnStdin,
    Interrupted {
        phone_may_show_it: bool,
    },
    Broken(String),
}

/// Part of `--help`.
pub const EXIT_CODES: &str = "\
Exit codes:
  0    signed in, and the token is written; with --check, the configuration is right
  1    something broke: the server, the network, the file
  2    the command line is wrong, or standard input ended before the answer
  3    declined on the phone
  4    no answer in time
  5    too many wrong codes, or none is taken for now
  6    the request was cancelled, or lost on its way
  130  interrupted by Ctrl-C";

impl Ending {
    /// The error and what caused it, in one line.
    pub fn broken(error: &(dyn Error + 'static)) -> Self {
        Self::Broken(sentence(error))
    }

    /// The same of `--check`.
    pub fn not_checked(error: &(dyn Error + 'static)) -> Self {
        use authsec_ciba::ErrorKind::{ClientAuth, Config};
        let kind = error.downcast_ref().map(authsec_ciba::Error::kind);
        // What is no error of the client's says that no server is named, or that the sandbox does not start.
        if kind.is_none_or(|kind| matches!(kind, ClientAuth | Config)) {
            Self::Misconfigured(sentence(error))
        } else {
            Self::NotChecked(sentence(error))
        }
    }

    pub fn code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::SignedIn(_) | Self::Checked => 0,
            Self::Broken(_) | Self::Misconfigured(_) | Self::NotChecked(_) => 1,
            Self::NoAnswerOnStdin => 2,
            Self::NotApproved(NotApproved::AccessDenied) => 3,
            Self::NotApproved(NotApproved::Timeout | NotApproved::ExpiredToken) => 4,
            Self::WrongCodes => 5,
            Self::NotApproved(NotApproved::Cancelled(_) | NotApproved::ApprovalLost) => 6,
            Self::Interrupted { .. } => 130,
        })
    }
}

fn sentence(error: &(dyn Error + 'static)) -> String {
    let chain = std::iter::successors(Some(error), |&error| error.source());
    chain.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SignedIn(_) => f.write_str("Signed in."),
            Self::Checked => f.write_str("The server takes this client."),
            Self::Misconfigured(why) => write!(f, "The configuration does not work: {why}."),
            Self::NotChecked(why) => write!(f, "The configuration was not checked: {why}."),
            Self::NotApproved(why) => write!(f, "Not signed in: {why}."),
            Self::WrongCodes => {
                f.write_str("Not signed in: no further code is taken for now. Try again later.")
            }
            Self::NoAnswerOnStdin => f.write_str("Not signed in: standard input has ended."),
            Self::Interrupted { phone_may_show_it: false } => f.write_str("Cancelled."),
            Self::Interrupted { phone_may_show_it: true } => f.write_str(
                "Cancelled. Your phone may still show the request; an answer there does nothing any more.",
            ),
            Self::Broken(why) => write!(f, "Not signed in: {why}."),
        }
    }
}
