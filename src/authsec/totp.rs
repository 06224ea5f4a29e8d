use std::time::Duration;

use zeroize::Zeroizing;

use super::body::object;
use super::{ApiRoutes, Plane};
use crate::answer::{Answer, Document, ErrorCode, ErrorMember, RATE_LIMIT};
use crate::error::{Error, ErrorKind};
use crate::secret::AccessToken;
use crate::types::PersonKey;

/// A TOTP login (`docs/wire.md`, section 2.6).
pub(crate) struct TotpBody<'a> {
    pub(crate) email: &'a str,
    pub(crate) code: &'a str,
}

impl TotpBody<'_> {
    pub(crate) fn encode(&self, routes: ApiRoutes, plane: &Plane) -> Vec<u8> {
        let (client_id, workspace_id) = match plane {
            Plane::Client { client_id, workspace_id: None } if routes != ApiRoutes::OAuth => {
                (Some(client_id.as_str()), None)
            }
            // All else goes to the admin route, which knows no client.
            Plane::Admin { workspace_id } | Plane::Client { workspace_id, .. } => {
                (None, workspace_id.as_deref())
            }
        };
        object([
            ("client_id", client_id.map(Into::into)),
            ("email", Some(self.email.into())),
            ("totp_code", Some(self.code.into())),
            ("workspace_id", workspace_id.map(Into::into)),
        ])
    }
}

/// What the answer to a TOTP login says.
#[derive(Debug)]
pub(crate) enum TotpAnswer {
    Verified(AccessToken),
    WrongCode,
    /// The server's own lock.
    Locked {
        retry_after: Option<Duration>,
    },
    Failed(Error),
}

/// Reads the answer to a TOTP login of this person. There are no codes here, so the texts of the contract's section 2.6
/// are read for meaning: the only free texts, beside the rate limiter's, that this crate ever reads so.
pub(crate) fn read_totp(answer: &Answer<'_>, email: &PersonKey) -> TotpAnswer {
    let failed = |kind, message| TotpAnswer::Failed(answer.error(kind, message));
    let by_status = || TotpAnswer::Failed(answer.codeless(LACKING));
    let Some(document) = answer.document() else { return by_status() };
    let error = document.error_member();
    if matches!(answer.status, 200 | 400 | 401 | 404 | 429) && document.names_another_person(email) {
        return TotpAnswer::Failed(
            answer
                .error(ErrorKind::Protocol, "the answer names another person than was asked for")
                .maybe_sent(true),
        );
    }
    if answer.status == 200 {
        let contradicted = !document.may_succeed() || !matches!(error, ErrorMember::Absent);
        return match document.one_token() {
            Ok(Some(token)) if !contradicted => TotpAnswer::Verified(token),
            _ => failed(ErrorKind::Protocol, LACKING),
        };
    }
    if let ErrorMember::Known(code) = error {
        let by_status = answer.codeless(LACKING).may_have_reached_server();
        let error = answer.known(code);
        // The attempt is given back only where both say that it was turned away.
        let maybe_sent = by_status || error.may_have_reached_server();
        return TotpAnswer::Failed(error.maybe_sent(maybe_sent));
    }
    if !matches!(answer.status, 400 | 401 | 404 | 429) || document.names_a_token() {
        return by_status();
    }
    match (answer.status, Saying::of(&document)) {
        (400 | 401, Saying::WrongCode) => TotpAnswer::WrongCode,
        (401 | 429, Saying::Locked) => TotpAnswer::Locked { retry_after: answer.retry_after },
        (429, Saying::RateLimited) => by_status(),
        // The TOTP route's own 429 is its lockout, whatever words it finds for it.
        (429, _) if !matches!(error, ErrorMember::Absent) => {
            TotpAnswer::Locked { retry_after: answer.retry_after }
        }
        (400 | 401, Saying::NoDevice) => {
            failed(ErrorKind::NoDeviceRegistered, "the user has no authenticator registered")
        }
        (400 | 401 | 404, Saying::NoUser) => {
            let (kind, message) = ErrorCode::UserNotFound.as_error();
            failed(kind, message)
        }
        (400, Saying::NotSixDigits) => TotpAnswer::Failed(
            answer.error(ErrorKind::Input, "the server takes only codes of six digits").with_field("code"),
        ),
        (401, _) => failed(
            ErrorKind::Config,
            "the server does not take TOTP logins of this client: check client_id, workspace_id and routes",
        ),
        _ => by_status(),
    }
}

const LACKING: &str = "the answer to a TOTP login is not one of the contract's";

/// The few sentences that the contract lists.
enum Saying {
    WrongCode,
    Locked,
    RateLimited,
    NoDevice,
    NoUser,
    NotSixDigits,
    Other,
}

impl Saying {
    fn of(document: &Document<'_>) -> Self {
        // The rate limiter has both members; its `error` is the fixed text.
        let text = match document.error.given() {
            None => document.message.text(),
            Some(error) => error.text(),
        };
        let text = Zeroizing::new(text.unwrap_or_default().to_ascii_lowercase());
        match text.trim() {
            "invalid totp code" => Self::WrongCode,
            RATE_LIMIT => Self::RateLimited,
            "no totp devices registered" => Self::NoDevice,
            "user not found" => Self::NoUser,
            other if other.contains("must be exactly 6") => Self::NotSixDigits,
            other if other.contains("locked") || other.contains("too many") => Self::Locked,
            _ => Self::Other,
        }
    }
}
