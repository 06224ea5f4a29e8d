//! The port: listening, down, listening again.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use hyper::rt::Executor;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::connection::{Link, SharedStream, carry_out};
use super::service;
use crate::sandbox::state::shared::Shared;

const BACKLOG: u32 = 1024;

enum State {
    Up {
        stop: CancellationToken,
        accepting: JoinHandle<()>,
    },
    /// The socket keeps the port; connections to it are refused, because it does not listen.
    Down(TcpSocket),
}

pub(crate) struct Port {
    pub(crate) address: SocketAddr,
    state: Mutex<Option<State>>,
}

impl Port {
    /// Binds, without listening yet: the port's number is needed before the first request.
    pub(crate) fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = bound(address)?;
        Ok(Self { address: socket.local_addr()?, state: Mutex::new(Some(State::Down(socket))) })
    }

    pub(crate) async fn open(&self, shared: &Arc<Shared>) -> io::Result<()> {
        let mut state = self.state.lock().await;
        let socket = match state.take() {
            Some(State::Down(socket)) => socket,
            None => bound(self.address)?,
            up @ Some(State::Up { .. }) => {
                *state = up;
                return Ok(());
            }
        };
        let listener = socket.listen(BACKLOG)?;
        let stop = shared.stop.child_token();
        let accepting = shared.tasks.spawn(accept(listener, Arc::clone(shared), stop.clone()));
        *state = Some(State::Up { stop, accepting });
        Ok(())
    }

    /// Returns when the port is closed and every connection is gone.
    pub(crate) async fn close(&self) -> io::Result<()> {
        let mut state = self.state.lock().await;
        match state.take() {
            Some(State::Up { stop, accepting }) => {
                stop.cancel();
                // An error could only be a panic of that task, and its socket is gone then, too.
                let _ = accepting.await;
                *state = Some(State::Down(bound(self.address)?));
            }
            other => *state = other,
        }
        Ok(())
    }
}

fn bound(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

async fn accept(listener: TcpListener, shared: Arc<Shared>, stop: CancellationToken) {
    let connections = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, peer)) = accepted else {
            // Out of file descriptors, most likely: let some connections end first.
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        let open = Open::count(&shared);
        let (shared, stop) = (Arc::clone(&shared), stop.clone());
        connections.spawn(async move {
            tokio::select! {
                biased;
                () = stop.cancelled() => {}
                () = converse(stream, peer, open.number, shared) => {}
            }
            drop(open);
        });
    }
    drop(listener);
    connections.close();
    connections.wait().await;
}

async fn converse(stream: TcpStream, peer: SocketAddr, number: u64, shared: Arc<Shared>) {
    // Small answers should not wait for each other; without it they are only slower.
    let _ = stream.set_nodelay(true);
    let stream = Arc::new(stream);
    let link = Arc::new(Link::new(number));
    let mut server = auto::Builder::new(Tasks(Arc::clone(&shared)));
    if let Some(idle) = shared.settings.keep_alive {
        // hyper counts from the end of the answer before, so this bounds the idle time, too.
        server.http1().timer(TokioTimer::new()).header_read_timeout(idle);
    }
    let steps = {
        let service =
            service_fn(|request| service::serve(Arc::clone(&shared), Arc::clone(&link), peer.ip(), request));
        let speaking = server.serve_connection(TokioIo::new(SharedStream(Arc::clone(&stream))), service);
        tokio::select! {
            biased;
            steps = link.taken() => steps,
            // However the conversation ended, the connection is over.
            _ = Box::pin(speaking) => Vec::new(),
        }
    };
    // A failed write means that the client has left.
    let _ = carry_out(&stream, steps).await;
}

/// One open connection in the counters.
struct Open {
    shared: Arc<Shared>,
    number: u64,
}

impl Open {
    fn count(shared: &Arc<Shared>) -> Self {
        let counters = &shared.counters;
        let number = counters.accepted.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        let open = counters.open.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        counters.peak.fetch_max(open, Ordering::Relaxed);
        Self { shared: Arc::clone(shared), number }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.shared.counters.open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Runs hyper's HTTP/2 tasks among the sandbox's own, so that they end with it.
#[derive(Clone)]
struct Tasks(Arc<Shared>);

impl<F> Executor<F> for Tasks
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    fn execute(&self, task: F) {
        self.0.spawn(async move {
            task.await;
        });
    }
}
