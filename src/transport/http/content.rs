use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

use crate::transport::Departure;

/// The content of a request whose departure somebody counts. It is asked for behind the connection and the request's head, and
/// by nobody else.
pub(super) struct Content {
    bytes: Option<Bytes>,
    departure: Departure,
}

/// Whoever sent it is gone, and counts it as not sent.
#[derive(Debug, thiserror::Error)]
#[error("nobody waits for this request any more")]
pub(super) struct Stays;

impl Content {
    pub(super) fn new(bytes: Bytes, departure: Departure) -> Self {
        Self { bytes: Some(bytes), departure }
    }
}

impl Body for Content {
    type Data = Bytes;
    type Error = Stays;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Stays>>> {
        let this = self.get_mut();
        let Some(bytes) = this.bytes.take() else { return Poll::Ready(None) };
        Poll::Ready(Some(if this.departure.leaves() { Ok(Frame::data(bytes)) } else { Err(Stays) }))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}
