//! Response bodies, whole or piece by piece.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Sleep, sleep};

/// How a body ends.
#[derive(Debug, Clone)]
pub(crate) enum End {
    Complete,
    /// Breaks off: over HTTP/2 the stream is reset.
    Broken,
    /// Never: these bytes again and again.
    Endless(Bytes),
}

/// How long a body that breaks off waits before it does.
const BREATH: Duration = Duration::from_millis(20);

/// A body that arrives in pieces, each after a pause.
pub(crate) struct PacedBody {
    pieces: VecDeque<Bytes>,
    pause: Duration,
    timer: Option<Pin<Box<Sleep>>>,
    end: End,
}

impl PacedBody {
    pub(crate) fn whole(bytes: Bytes) -> Self {
        Self::new([bytes], Duration::ZERO, End::Complete)
    }

    pub(crate) fn new(pieces: impl IntoIterator<Item = Bytes>, pause: Duration, end: End) -> Self {
        let pieces = pieces.into_iter().filter(|piece| !piece.is_empty()).collect();
        Self { pieces, pause, timer: None, end }
    }
}

/// The body broke off on purpose.
#[derive(Debug)]
pub(crate) struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the body was cut by a fault script")
    }
}

impl std::error::Error for Broken {}

impl Body for PacedBody {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        let pause = match &self.end {
            End::Complete if self.pieces.is_empty() => return Poll::Ready(None),
            End::Endless(bytes) if self.pieces.is_empty() => {
                return Poll::Ready(Some(Ok(Frame::data(bytes.clone()))));
            }
            // What has been said so far has to leave first: a stream reset overtakes it otherwise.
            End::Broken if self.pieces.is_empty() => BREATH,
            _ => self.pause,
        };
        if !pause.is_zero() {
            let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(pause)));
            ready!(timer.as_mut().poll(cx));
            self.timer = None;
        }
        if self.pieces.is_empty() {
            return Poll::Ready(Some(Err(Broken)));
        }
        Poll::Ready(self.pieces.pop_front().map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.pieces.is_empty() && matches!(self.end, End::Complete)
    }

    fn size_hint(&self) -> SizeHint {
        if matches!(self.end, End::Complete) {
            SizeHint::with_exact(
                self.pieces.iter().map(|it| u64::try_from(it.len()).unwrap_or(u64::MAX)).sum(),
            )
        } else {
            SizeHint::default()
        }
    }
}
