use std::time::Duration;

use tokio::time::{Instant, sleep};

/// Longer than anything takes on a slow machine, shorter than anybody's patience.
const PATIENCE: Duration = Duration::from_secs(20);

/// Asks again and again until there is an answer. Every wait in these tests is one of these.
///
/// # Panics
///
/// When there is none in time.
pub async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(Instant::now() < end, "waited in vain: {what}");
        sleep(Duration::from_millis(50)).await;
    }
}
