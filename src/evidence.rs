//! What is known of a request that failed, beside why: where it went, what the server calls it, and the server's own words.

use std::sync::Arc;

use zeroize::Zeroizing;

use crate::answer::reason;
use crate::error::{Error, ErrorKind};
use crate::transport::{Authorization, ReplyHeaders, RequestHeaders, Target};

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A push; the answer names it.
    Push,
    Approval,
    /// A login by a code, for which no client proves who it is.
    Login,
}

/// Who answers: that says which setting is wrong, and who may read what is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Server {
    AuthSec,
    /// Any OpenID provider.
    #[cfg(feature = "openid")]
    Provider,
}

/// A request, for the error that may come of it. Nothing is worked out before there is one.
#[derive(Clone, Copy)]
pub(crate) struct Evidence<'a> {
    pub(crate) server: Server,
    pub(crate) purpose: Purpose,
    pub(crate) target: &'a Target,
    pub(crate) authorization: Option<&'a Authorization>,
    pub(crate) headers: Option<&'a RequestHeaders>,
    /// What the body held and nobody may read, though a server may repeat it.
    pub(crate) secrets: &'a [&'a str],
    /// The same, of what the protocol put there itself: the credential, for instance.
    pub(crate) more_secrets: &'a [Zeroizing<String>],
}

/// The answer to it, as much as came.
#[derive(Clone, Copy)]
pub(crate) struct Reply<'a> {
    pub(crate) headers: &'a ReplyHeaders,
    pub(crate) body: Option<&'a [u8]>,
}

impl Evidence<'_> {
    /// The same error, saying where and in whose words.
    pub(crate) fn add_to(&self, error: Error, reply: Option<Reply<'_>>) -> Error {
        let error = error.with_endpoint(Arc::clone(&self.target.endpoint));
        let Some(Reply { headers, body }) = reply else { return error };
        let credential = self.authorization.map(Authorization::spellings);
        let mut hide = self.secrets.to_vec();
        hide.extend(self.more_secrets.iter().map(|secret| secret.as_str()));
        hide.extend(credential.iter().flatten().map(|spelling| spelling.as_str()));
        hide.extend(self.headers.iter().flat_map(|headers| headers.values()));
        let error = self.naming_what_is_missing(error.without_code_of(&hide));
        let error = match body.filter(|_| self.may_repeat_words_of(&error)).and_then(reason) {
            Some(words) => self.of_this_server(error.with_server_message(&words, &hide)),
            None => error,
        };
        let error = match headers.request_id() {
            Some(id) => error.with_request_id(id, &hide),
            None => error,
        };
        let is_redirect = error.status().is_some_and(|status| (300..=399).contains(&status));
        match headers.redirects_to(&self.target.url) {
            Some(origin) if is_redirect => error.with_message(format!(
                "the server answered with a redirect to {origin}, which is never followed: check {}",
                self.address()
            )),
            _ => error,
        }
    }

    /// An error that holds its words.
    fn of_this_server(&self, error: Error) -> Error {
        match self.server {
            Server::AuthSec => error,
            #[cfg(feature = "openid")]
            Server::Provider => error.confidential(),
        }
    }

    /// By which setting the request went there.
    fn address(&self) -> &'static str {
        match self.server {
            Server::AuthSec => "base_url",
            #[cfg(feature = "openid")]
            Server::Provider => "the endpoint in the provider's metadata, or the one set by hand",
        }
    }

    /// Of an acknowledgement that cannot be used: whatever member the id stands in, its words may name it.
    fn may_repeat_words_of(&self, error: &Error) -> bool {
        let is_acknowledgement = error.status().is_some_and(|status| (200..=299).contains(&status));
        self.purpose != Purpose::Push || !is_acknowledgement || error.code().is_some()
    }

    /// A server that wants a secret says the same of none as of a wrong one. At a provider it need not stand in a header.
    fn naming_what_is_missing(&self, error: Error) -> Error {
        let is_refused = error.kind() == ErrorKind::ClientAuth && error.status() == Some(401);
        // An assertion goes in the body, in the place of a secret.
        let asserts = !self.more_secrets.is_empty();
        let may_lack = self.server == Server::AuthSec && self.purpose != Purpose::Login && !asserts;
        if !is_refused || self.authorization.is_some() || !may_lack {
            return error;
        }
        error.with_message("client_secret is not set, and this server wants one").with_field("client_secret")
    }
}

#[cfg(test)]
mod tests;
