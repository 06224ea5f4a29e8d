//! From `cancel_approval` to the poll's return.

use std::future::Future as _;
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use authsec_ciba::CibaClient;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::memory::{client, runtime, spawn};

pub(crate) fn run(address: &str, polls: usize, interval: usize) {
    runtime().block_on(async {
        let client = client(address, false, 512);
        let interval = Duration::from_secs(interval as u64);
        let (returned, mut returns) = mpsc::unbounded_channel();
        let per_tick = polls.div_ceil(interval.as_millis() as usize / 10);
        let mut tick = tokio::time::interval(Duration::from_millis(10));
        for n in 0..polls {
            if n % per_tick == 0 {
                tick.tick().await;
            }
            let (task, returned) = (spawn(&client, n, interval), returned.clone());
            tokio::spawn(async move {
                let outcome = task.await.expect("an outcome");
                let at = Instant::now();
                assert_eq!(outcome.status(), "cancelled");
                let _ = returned.send(at);
            });
        }
        tokio::time::sleep(interval).await;

        // From a task of the same runtime, under the load of the others.
        let mut from_task = Vec::new();
        for n in 0..1_000 {
            let cancelling = client.clone();
            let at = tokio::spawn(async move { cancel(&cancelling, n) }).await.expect("no panic");
            from_task.push(returns.recv().await.expect("returned").duration_since(at));
            tokio::time::sleep(Duration::from_micros(500)).await;
        }
        // From a thread that has nothing to do with the runtime.
        let mut from_thread = Vec::new();
        let cancelling = client.clone();
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let (told, mut tells) = mpsc::unbounded_channel();
        let thread = std::thread::spawn(move || {
            for n in 1_000..2_000 {
                wait.recv().expect("the runtime");
                told.send(cancel(&cancelling, n)).expect("the runtime");
            }
        });
        for _ in 0..1_000 {
            go.send(()).expect("the thread");
            let at = tells.recv().await.expect("the thread");
            from_thread.push(returns.recv().await.expect("returned").saturating_duration_since(at));
            tokio::time::sleep(Duration::from_micros(500)).await;
        }
        thread.join().expect("no panic");
        // All the others at once.
        let others = polls - 2_000;
        let start = Instant::now();
        for n in 2_000..polls {
            cancel(&client, n);
        }
        for _ in 0..others {
            returns.recv().await.expect("returned");
        }
        println!(
            "task_p50={} task_p99={} thread_p50={} thread_p99={} burst={} others={others}",
            share(&mut from_task, 0.5),
            share(&mut from_task, 0.99),
            share(&mut from_thread, 0.5),
            share(&mut from_thread, 0.99),
            start.elapsed().as_secs_f64()
        );
        std::process::exit(0);
    });
}

/// Cancels without awaiting anything, as any thread can.
fn cancel(client: &CibaClient, n: usize) -> Instant {
    let at = Instant::now();
    let mut cancel = pin!(client.cancel_approval(format!("user{n:09}@example.com")));
    assert!(cancel.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready());
    at
}

/// Microseconds.
fn share(times: &mut [Duration], share: f64) -> f64 {
    times.sort_unstable();
    times[((times.len() as f64 * share) as usize).min(times.len() - 1)].as_secs_f64() * 1e6
}
