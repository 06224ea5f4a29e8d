//! When a program is asked to stop.

use tokio::signal;

/// Waits for Ctrl-C, and where there is such a thing, for SIGTERM.
pub(crate) async fn asked_to_stop() {
    #[cfg(unix)]
    if let Ok(mut terminate) = signal::unix::signal(signal::unix::SignalKind::terminate()) {
        tokio::select! {
            _ = terminate.recv() => return,
            heard = signal::ctrl_c() => if heard.is_ok() { return },
        }
    }
    // Without a signal handler the program runs until it is killed.
    if signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
