//! A second runtime in a thread of its own, on which some people's waits begin. It stands still at times, and comes and goes.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use fastrand::Rng;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::time::{Instant, sleep};

use crate::audit::Audit;

#[derive(Clone)]
pub(crate) struct OtherRuntime(Arc<Mutex<Handle>>);

impl OtherRuntime {
    /// Runs until then.
    pub(crate) fn start(
        mut random: Rng,
        until: Instant,
        audit: Arc<Audit>,
    ) -> std::io::Result<(Self, thread::JoinHandle<()>)> {
        let mut runtime = build(&mut random)?;
        let other = Self(Arc::new(Mutex::new(runtime.handle().clone())));
        let mine = other.clone();
        let thread = thread::Builder::new().name("other runtime".to_owned()).spawn(move || {
            loop {
                let drives = Duration::from_millis(random.u64(3_000..15_000));
                runtime.block_on(async { sleep(drives).await });
                let still = Instant::now();
                if random.bool() {
                    // Nobody drives it, if it has this one thread only.
                    thread::sleep(Duration::from_millis(random.u64(..5_000)));
                }
                if random.bool() {
                    let next = match build(&mut random) {
                        Ok(next) => next,
                        Err(error) => return audit.check(false, || format!("no second runtime: {error}")),
                    };
                    mine.set(next.handle().clone());
                    drop(std::mem::replace(&mut runtime, next));
                }
                audit.stood_still(still, Instant::now());
                if Instant::now() >= until {
                    return;
                }
            }
        })?;
        Ok((other, thread))
    }

    fn set(&self, handle: Handle) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = handle;
    }

    /// Runs it there. `None` if that runtime ended before.
    pub(crate) async fn run<F>(&self, future: F) -> Option<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        let handle = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        handle.spawn(future).await.ok()
    }
}

fn build(random: &mut Rng) -> std::io::Result<Runtime> {
    let mut builder = if random.bool() { Builder::new_current_thread() } else { Builder::new_multi_thread() };
    builder.worker_threads(1).enable_all().build()
}
