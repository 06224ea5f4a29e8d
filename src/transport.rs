//! Bytes out, bytes back. It knows nothing of what they mean, and never meets `answer` or the rooms of the protocols: the
//! caller carries a target and bytes from one to the other, and a status, headers and bytes back.

mod departure;
mod fault;
mod http;
#[cfg(feature = "openid")]
mod origins;
mod places;
#[cfg(test)]
pub(crate) mod script;
mod target;

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

pub(crate) use departure::Departure;
pub(crate) use fault::{Fault, FaultKind};
#[cfg(fuzzing)]
pub(crate) use http::parse_retry_after;
pub(crate) use http::{
    Authorization, HeaderRefusal, HttpOptions, HttpTransport, ReplyHeaders, RequestHeaders,
};
#[cfg(feature = "openid")]
pub(crate) use origins::Origins;
pub(crate) use places::{Awaited, Caller, Place, Places, Turn};
pub(crate) use target::Target;
use zeroize::Zeroizing;

/// One request.
pub(crate) struct HttpCall<'a> {
    pub(crate) target: &'a Target,
    pub(crate) media: Media,
    pub(crate) body: Zeroizing<Vec<u8>>,
    /// From the first byte of the connection to the last byte of the answer.
    pub(crate) timeout: Duration,
    pub(crate) lane: Lane,
    /// Who asks, where the server wants to know.
    pub(crate) authorization: Option<Authorization>,
    /// What the caller adds.
    pub(crate) headers: Option<&'a RequestHeaders>,
    /// Told when the content leaves, where somebody counts what has been sent.
    pub(crate) departure: Option<&'a Departure>,
    /// The caller's place among the requests under way: nothing is sent without one. Its connection is one of the runtime
    /// that the place belongs to.
    pub(crate) place: &'a Place,
}

/// What the bytes of a body are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Media {
    Json,
    Form,
    /// There is none: a document is asked for (GET), of the most that a document may have.
    #[cfg(feature = "openid")]
    Nothing,
}

impl Media {
    /// The longest answer that is read, in bytes: no answer of a contract's comes near it.
    fn longest_answer(self) -> usize {
        match self {
            Self::Json | Self::Form => 64 * 1024,
            #[cfg(feature = "openid")]
            Self::Nothing => 256 * 1024,
        }
    }
}

/// Which connection may carry a request. None is ever repeated by the transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lane {
    /// Any that is taken to be open: should it be closed as we write, another poll follows.
    Poll,
    /// One that has answered within the last second, or a new one: nobody would know whether the request was processed.
    Once,
}

/// An answer: whole, or as much of it as came.
pub(crate) struct HttpReply {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) headers: ReplyHeaders,
    pub(crate) body: Body,
}

/// What came of a body.
pub(crate) enum Body {
    Whole(Zeroizing<Vec<u8>>),
    /// The connection broke, or time ran out, behind these bytes.
    Cut(Zeroizing<Vec<u8>>, Fault),
    /// More than the cap; the rest was not read.
    TooLong,
    /// In a content encoding that was not asked for.
    Encoded,
}

/// The answer to a call, or why there is none.
pub(crate) type Replying<'a> = Pin<Box<dyn Future<Output = Result<HttpReply, Fault>> + Send + 'a>>;

/// What carries a call. Dropping the future ends the work on the socket.
pub(crate) trait Transport: Send + Sync {
    fn send<'a>(&'a self, call: HttpCall<'a>) -> Replying<'a>;
}
