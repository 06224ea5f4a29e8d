//! One TCP connection: hyper speaks on it until a fault takes it over.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::sleep;

/// What to do with the socket instead of an HTTP answer. Afterwards it is closed.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Write(Bytes),
    /// One byte after each pause.
    WriteSlowly(Bytes, Duration),
    /// The same bytes until the peer has enough.
    WriteForEver(Bytes),
    /// RST instead of FIN.
    Reset,
}

/// A handler's way to its connection.
pub(crate) struct Link {
    pub(crate) number: u64,
    takeover: Mutex<Option<Vec<Step>>>,
    taken: Notify,
}

impl Link {
    pub(crate) fn new(number: u64) -> Self {
        Self { number, takeover: Mutex::new(None), taken: Notify::new() }
    }

    /// Takes the connection away from hyper; the handler is dropped while it waits here.
    pub(crate) async fn take_over(&self, steps: Vec<Step>) -> std::convert::Infallible {
        self.takeover.lock().unwrap_or_else(PoisonError::into_inner).replace(steps);
        self.taken.notify_one();
        std::future::pending().await
    }

    /// Waits until a handler takes the connection over.
    pub(crate) async fn taken(&self) -> Vec<Step> {
        self.taken.notified().await;
        self.takeover.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default()
    }
}

/// Carries the steps out on a socket that hyper has let go of.
pub(crate) async fn carry_out(stream: &TcpStream, steps: Vec<Step>) -> io::Result<()> {
    for step in steps {
        match step {
            Step::Write(bytes) => write_all(stream, &bytes).await?,
            Step::WriteSlowly(bytes, pause) => {
                for byte in bytes.chunks(1) {
                    sleep(pause).await;
                    write_all(stream, byte).await?;
                }
            }
            Step::WriteForEver(bytes) => loop {
                write_all(stream, &bytes).await?;
                // Lets the other tasks of a single-threaded runtime have their turn.
                tokio::task::yield_now().await;
            },
            Step::Reset => reset_on_close(stream)?,
        }
    }
    Ok(())
}

/// A zero linger time turns the close into a reset.
#[allow(
    deprecated,
    reason = "the name without the warning is younger than the oldest tokio that is supported"
)]
fn reset_on_close(stream: &TcpStream) -> io::Result<()> {
    stream.set_linger(Some(Duration::ZERO))
}

async fn write_all(stream: &TcpStream, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        stream.writable().await?;
        match stream.try_write(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The half of a shared socket that hyper reads and writes. Its shutdown does nothing: the connection's
/// task closes the socket by dropping it.
pub(crate) struct SharedStream(pub(crate) Arc<TcpStream>);

impl AsyncRead for SharedStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            ready!(self.0.poll_read_ready(cx))?;
            match self.0.try_read(buf.initialize_unfilled()) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
                Ok(read) => {
                    buf.advance(read);
                    return Poll::Ready(Ok(()));
                }
            }
        }
    }
}

impl AsyncWrite for SharedStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.0.poll_write_ready(cx))?;
            match self.0.try_write(buf) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                done => return Poll::Ready(done),
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
