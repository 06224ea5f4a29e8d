//! What this process holds.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::audit::Audit;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Process {
    /// Resident, in bytes; 0 where the system does not say.
    pub(crate) memory: usize,
    pub(crate) tasks: usize,
    pub(crate) files: usize,
}

impl Process {
    pub(crate) fn now() -> Self {
        let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
        let resident: usize =
            pages.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or_default();
        Self {
            memory: resident * 4096,
            tasks: tokio::runtime::Handle::current().metrics().num_alive_tasks(),
            files: std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count),
        }
    }

    pub(crate) fn is_back_at(&self, start: &Self) -> bool {
        self.tasks <= start.tasks && self.files <= start.files
    }
}

/// The last quarter must not hold more than the second: by then everything is warm.
pub(crate) fn check_memory(samples: &[usize], audit: &Audit) {
    let quarter = samples.len() / 4;
    if quarter < 4 {
        println!("memory: too short a run to judge (80 s at least)");
        return;
    }
    let mean = |skipped: usize| samples.iter().skip(skipped).take(quarter).sum::<usize>() / quarter;
    let (early, late) = (mean(quarter), mean(3 * quarter));
    let mib = |bytes: usize| bytes as f64 / 1_048_576.0;
    println!("memory: {:.1} MiB in the second quarter, {:.1} MiB in the last", mib(early), mib(late));
    audit.check(late <= early + early / 10 + 4 * 1_048_576, || "memory grew".to_owned());
}

/// Tells the audit when the machine is too busy for this program: what is late then is nobody's fault.
pub(crate) async fn watch_for_stalls(audit: Arc<Audit>) {
    loop {
        let before = Instant::now();
        sleep(Duration::from_millis(50)).await;
        if before.elapsed() > Duration::from_millis(300) {
            audit.stalled(before, Instant::now());
        }
    }
}
