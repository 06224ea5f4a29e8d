//! Which protocol a client speaks. The engine asks here for requests and for what answers mean, and sees no JSON, no form, no
//! header and no path.

mod authsec;

use zeroize::Zeroizing;

use crate::answer::{Acknowledgement, Answer, Asked, PollAnswer};
use crate::authsec::TotpAnswer;
use crate::error::Error;
use crate::outcome::{Approval, Granted};
use crate::transport::{Authorization, Media, ReplyHeaders, Target};
use crate::types::{AuthReqId, Email, PersonKey, Wish};

pub(crate) use authsec::{AuthSec, Targets};

/// A protocol, with the addresses and the credential of one client.
pub(crate) enum Profile {
    AuthSec(AuthSec),
}

/// A request, as the protocol writes it.
pub(crate) struct Outgoing<'a> {
    pub(crate) target: &'a Target,
    pub(crate) media: Media,
    /// It holds an id or a code: whoever drops it unsent wipes it.
    pub(crate) body: Zeroizing<Vec<u8>>,
    /// Who asks. Taken anew for each request: it can change between two.
    pub(crate) authorization: Option<Authorization>,
}

impl Profile {
    /// The request that has somebody asked.
    pub(crate) async fn start(&self, wish: &Wish<'_>) -> Outgoing<'_> {
        match self {
            Self::AuthSec(authsec) => authsec.start(wish),
        }
    }

    /// What the answer to it says.
    pub(crate) fn read_start(
        &self,
        answer: &Answer<'_>,
        person: &PersonKey,
    ) -> Result<Acknowledgement, Error> {
        match self {
            Self::AuthSec(authsec) => authsec.read_start(answer, person),
        }
    }

    /// The request that asks how it stands.
    pub(crate) async fn poll(&self, auth_req_id: &str, resource: Option<&str>) -> Outgoing<'_> {
        match self {
            Self::AuthSec(authsec) => authsec.poll(auth_req_id, resource),
        }
    }

    /// What the answer to it says.
    pub(crate) fn read_poll(&self, answer: &Answer<'_>, asked: &Asked<'_>) -> PollAnswer {
        match self {
            Self::AuthSec(authsec) => authsec.read_poll(answer, asked),
        }
    }

    /// Turns what was granted into an approval, or says why it is none: the one place where an approval is born.
    pub(crate) async fn accept(
        &self,
        granted: Granted,
        id: AuthReqId,
        email: Option<Email>,
    ) -> Result<Approval, Error> {
        match self {
            // The answer over TLS is the proof.
            Self::AuthSec(_) => Ok(granted.into_approval(id, email)),
        }
    }

    /// The request that has a TOTP code judged.
    pub(crate) fn totp(&self, email: &str, code: &str) -> Outgoing<'_> {
        match self {
            Self::AuthSec(authsec) => authsec.totp(email, code),
        }
    }

    /// What the answer to it says.
    pub(crate) fn read_totp(&self, answer: &Answer<'_>, email: &PersonKey) -> TotpAnswer {
        match self {
            Self::AuthSec(_) => crate::authsec::read_totp(answer, email),
        }
    }

    /// Where polls go.
    pub(crate) fn poll_target(&self) -> &Target {
        match self {
            Self::AuthSec(authsec) => &authsec.targets.poll,
        }
    }

    /// Who this client is to the server at the moment.
    pub(crate) fn authorization(&self) -> Option<Authorization> {
        match self {
            Self::AuthSec(authsec) => authsec.authorization(),
        }
    }

    /// Looks at what an answer says beside its meaning: that the routes have an end, for instance.
    pub(crate) fn notice(&self, headers: &ReplyHeaders) {
        match self {
            Self::AuthSec(authsec) => authsec.notice(headers),
        }
    }
}
