//! Resident bytes of a sleeping poll: spawned, with its entry in the registry and its cancellation.

use std::time::Duration;

use authsec_ciba::{ApprovalTask, AuthReqId, CibaClient};

use super::process::{resident, stats};

/// A client for the bench server.
pub(crate) fn client(address: &str, http2: bool, max_in_flight: usize) -> CibaClient {
    CibaClient::builder()
        .base_url(format!("http://{address}"))
        .client_id("bench")
        .max_in_flight(max_in_flight)
        .http2_prior_knowledge(http2)
        .build()
        .expect("a valid configuration")
}

/// One poll of an id that another process initiated: it asks at once, and then every `interval`.
pub(crate) fn spawn(client: &CibaClient, n: usize, interval: Duration) -> ApprovalTask {
    // As long as a real id of AuthSec's.
    let id = AuthReqId::new(format!("id-{n:09}-abcdefghijklmnopqrstuvwxyzABCD=")).expect("valid");
    client
        .poll_for_approval(format!("user{n:09}@example.com"), &id)
        .interval(interval)
        .timeout(Duration::from_secs(24 * 60 * 60))
        .spawn()
}

pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime")
}

pub(crate) fn run(address: &str, polls: usize, http2: bool) {
    runtime().block_on(async {
        let client = client(address, http2, 64);
        let an_hour = Duration::from_secs(60 * 60);
        // What the client and the runtime need anyway.
        let warm: Vec<_> = (0..1_000).map(|n| spawn(&client, n, an_hour)).collect();
        settled(address, 1_000).await;
        drop(warm);
        let before = resident();
        let mut tasks = Vec::with_capacity(polls);
        for n in 0..polls {
            tasks.push(spawn(&client, 1_000 + n, an_hour));
            // Not more at once than are under way anyway: this is about sleeping.
            if n % 256 == 255 {
                settled(address, 1_000 + n + 1).await;
            }
        }
        settled(address, 1_000 + polls).await;
        let after = resident();
        println!("bytes={} total={}", (after - before) / polls, after - before);
        assert_eq!(client.usage().live_polls, polls);
        // The end of the process is the end of them all.
        std::process::exit(0);
    });
}

/// Waits until the server has answered so many polls.
async fn settled(address: &str, polls: usize) {
    while stats(address)["polls"] < polls as f64 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
