//! Which protocol a client speaks. The engine asks here for requests and for what answers mean, and sees no JSON, no form, no
//! header and no path.

mod authsec;
#[cfg(feature = "openid")]
mod credential;
#[cfg(feature = "openid")]
mod openid;

use std::time::Duration;

use zeroize::Zeroizing;

use crate::answer::{Acknowledgement, Answer, Asked, PollAnswer};
use crate::authsec::TotpAnswer;
use crate::error::Error;
use crate::evidence::Server;
use crate::outcome::{Approval, Granted};
#[cfg(feature = "ticket")]
use crate::seal::Audience;
use crate::transport::{Authorization, Media, ReplyHeaders, Target};
use crate::types::{AuthReqId, Email, PersonKey, Started, Wish};

pub(crate) use authsec::{AuthSec, Targets};
#[cfg(feature = "openid")]
pub(crate) use openid::{OpenIdProvider, Plan, Prepared};

/// A protocol, with the addresses and the credential of one client.
///
/// What an OpenID provider waits for is boxed: a signature may be made elsewhere. In line it would make every request of AuthSec's
/// larger, too.
pub(crate) enum Profile {
    AuthSec(Box<AuthSec>),
    #[cfg(feature = "openid")]
    OpenId(Box<OpenIdProvider>),
}

/// A request, as the protocol writes it.
pub(crate) struct Outgoing<'a> {
    pub(crate) target: &'a Target,
    pub(crate) media: Media,
    /// It holds an id or a code: whoever drops it unsent wipes it.
    pub(crate) body: Zeroizing<Vec<u8>>,
    /// Who asks. Taken anew for each request: it can change between two.
    pub(crate) authorization: Option<Authorization>,
    /// What else the body holds that nobody may read.
    pub(crate) secrets: Box<[Zeroizing<String>]>,
}

impl Profile {
    /// Who answers.
    pub(crate) fn server(&self) -> Server {
        match self {
            Self::AuthSec(_) => Server::AuthSec,
            #[cfg(feature = "openid")]
            Self::OpenId(_) => Server::Provider,
        }
    }

    /// The request that has somebody asked.
    pub(crate) async fn start(&self, wish: &Wish<'_>) -> Result<Outgoing<'_>, Error> {
        match self {
            #[cfg(feature = "openid")]
            Self::AuthSec(authsec) if authsec.asserts() => {
                Box::pin(authsec.asserted(authsec.start(wish))).await
            }
            Self::AuthSec(authsec) => Ok(authsec.start(wish)),
            #[cfg(feature = "openid")]
            Self::OpenId(provider) => Box::pin(provider.start(wish.form)).await,
        }
    }

    /// What the answer to it says.
    pub(crate) fn read_start(
        &self,
        answer: &Answer<'_>,
        headers: &ReplyHeaders,
        person: &PersonKey,
    ) -> Result<Acknowledgement, Error> {
        #[cfg(not(feature = "openid"))]
        let _ = headers;
        match self {
            Self::AuthSec(authsec) => authsec.read_start(answer, person),
            #[cfg(feature = "openid")]
            Self::OpenId(provider) => provider.read_start(answer, headers),
        }
    }

    /// The request that asks how it stands.
    pub(crate) async fn poll(
        &self,
        auth_req_id: &str,
        resource: Option<&str>,
    ) -> Result<Outgoing<'_>, Error> {
        match self {
            #[cfg(feature = "openid")]
            Self::AuthSec(authsec) if authsec.asserts() => {
                Box::pin(authsec.asserted(authsec.poll(auth_req_id, resource))).await
            }
            Self::AuthSec(authsec) => Ok(authsec.poll(auth_req_id, resource)),
            #[cfg(feature = "openid")]
            Self::OpenId(provider) => Box::pin(provider.poll(auth_req_id, resource)).await,
        }
    }

    /// What the answer to it says.
    pub(crate) fn read_poll(
        &self,
        answer: &Answer<'_>,
        headers: &ReplyHeaders,
        asked: &Asked<'_>,
    ) -> PollAnswer {
        #[cfg(not(feature = "openid"))]
        let _ = headers;
        match self {
            Self::AuthSec(authsec) => authsec.read_poll(answer, asked),
            #[cfg(feature = "openid")]
            Self::OpenId(provider) => provider.read_poll(answer, headers),
        }
    }

    /// How long it may take to [accept](Self::accept) what was granted; `None` where it takes no time.
    pub(crate) fn longest_check(&self) -> Option<Duration> {
        match self {
            Self::AuthSec(_) => None,
            #[cfg(feature = "openid")]
            Self::OpenId(provider) => provider.longest_check(),
        }
    }

    /// Turns what was granted into an approval, or says why it is none: the one place where an approval is born.
    pub(crate) async fn accept(
        &self,
        #[cfg_attr(not(feature = "openid"), allow(unused_mut, reason = "only an ID Token is taken out"))]
        mut granted: Granted,
        id: &AuthReqId,
        email: Option<&Email>,
        started: Option<&Started>,
    ) -> Result<Approval, Error> {
        #[cfg(not(feature = "openid"))]
        let _ = started;
        #[cfg(feature = "openid")]
        if let Self::OpenId(provider) = self {
            let more = provider.check(&mut granted, id, started).await?;
            return Ok(Self::born(granted, id, email).with(more));
        }
        // The answer over TLS is the proof.
        Ok(Self::born(granted, id, email))
    }

    fn born(granted: Granted, id: &AuthReqId, email: Option<&Email>) -> Approval {
        granted.into_approval(id.clone(), email.cloned())
    }

    /// The request that has a TOTP code judged.
    pub(crate) fn totp(&self, email: &str, code: &str) -> Result<Outgoing<'_>, Error> {
        match self {
            Self::AuthSec(authsec) => Ok(authsec.totp(email, code)),
            #[cfg(feature = "openid")]
            Self::OpenId(_) => {
                Err(Error::config("openid", "is a provider without TOTP logins: they are AuthSec's"))
            }
        }
    }

    /// What the answer to it says.
    pub(crate) fn read_totp(&self, answer: &Answer<'_>, email: &PersonKey) -> TotpAnswer {
        match self {
            Self::AuthSec(_) => crate::authsec::read_totp(answer, email),
            #[cfg(feature = "openid")]
            Self::OpenId(_) => crate::authsec::read_totp(answer, email),
        }
    }

    /// Where polls go.
    pub(crate) fn poll_target(&self) -> &Target {
        match self {
            Self::AuthSec(authsec) => &authsec.targets.poll,
            #[cfg(feature = "openid")]
            Self::OpenId(provider) => provider.poll_target(),
        }
    }

    /// For whom this client seals, and whose texts it opens: its own, at this server.
    #[cfg(feature = "ticket")]
    pub(crate) fn audience(&self) -> Audience {
        match self {
            Self::AuthSec(authsec) => authsec.audience(),
            #[cfg(feature = "openid")]
            Self::OpenId(provider) => provider.audience(),
        }
    }

    /// Who this client is to the server at the moment.
    pub(crate) fn authorization(&self) -> Option<Authorization> {
        match self {
            Self::AuthSec(authsec) => authsec.authorization(),
            #[cfg(feature = "openid")]
            Self::OpenId(provider) => provider.authorization(),
        }
    }

    /// Looks at what an answer says beside its meaning: that the routes have an end, for instance.
    pub(crate) fn notice(&self, headers: &ReplyHeaders) {
        match self {
            Self::AuthSec(authsec) => authsec.notice(headers),
            #[cfg(feature = "openid")]
            Self::OpenId(_) => {}
        }
    }
}
