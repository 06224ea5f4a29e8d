use crate::answer::{Answer, ErrorCode, StatusClass, is_web_page};
use crate::error::{Error, ErrorKind};

/// What an answer says beside its body of who asked: the challenges of its `WWW-Authenticate` (RFC 9110, section 11.6.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Challenge {
    pub(crate) is_there: bool,
    /// It names `invalid_client`.
    pub(crate) refuses_client: bool,
}

/// The one reader of what a provider refuses, for starts and polls alike.
pub(crate) struct Refusal<'a> {
    pub(crate) answer: &'a Answer<'a>,
    pub(crate) challenge: Challenge,
}

impl Refusal<'_> {
    /// The error that a known code is, in words for any provider.
    pub(crate) fn known(&self, code: ErrorCode) -> Error {
        let words = match code {
            ErrorCode::InvalidClient => Some(
                "the provider does not accept this client: check client_id, its credential, and how it is registered",
            ),
            ErrorCode::UserNotFound => Some("the provider knows no such person"),
            ErrorCode::InvalidGrant => {
                Some("the provider does not know the auth_req_id, or not of this client")
            }
            _ => None,
        };
        let error = match code {
            ErrorCode::UnsupportedGrantType => self
                .answer
                .known(code)
                .with_kind(ErrorKind::Config)
                .with_message("the provider has no CIBA, or has it switched off"),
            code => self.answer.known(code),
        };
        match words {
            Some(words) => error.with_message(words),
            None => error,
        }
    }

    /// The error that an unknown code is.
    pub(crate) fn unknown(&self, code: Option<ErrorCode>) -> Error {
        let error = self.answer.unknown(code);
        if self.answer.status == 401 { client(error) } else { error }
    }

    /// The error that an answer without a code is.
    pub(crate) fn codeless(&self, lacking: &'static str) -> Error {
        let answer = self.answer;
        if self.is_of_client() {
            return client(answer.codeless(lacking));
        }
        match answer.class() {
            StatusClass::Contract if answer.body.is_some_and(is_web_page) => answer.error(
                ErrorKind::Protocol,
                "a web page came in the place of an answer: the endpoint is not the provider's",
            ),
            StatusClass::Refused(ErrorKind::Config, _) => answer.error(
                ErrorKind::Config,
                "the endpoint does not answer as one of a provider: check its metadata, or the address set by hand",
            ),
            _ => answer.codeless(lacking),
        }
    }

    /// Whether the client was refused without a code.
    pub(crate) fn is_of_client(&self) -> bool {
        self.challenge.refuses_client || (self.answer.status == 401 && self.challenge.is_there)
    }
}

fn client(error: Error) -> Error {
    error.with_kind(ErrorKind::ClientAuth).with_message(
        "the provider does not accept this client: check client_id, its credential, and how it is registered",
    )
}
