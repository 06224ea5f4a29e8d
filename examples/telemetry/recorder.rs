use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use metrics::{Counter, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, SharedString, Unit};

/// Keeps counters, and of a histogram count and sum. `Display` shows one line each.
#[derive(Clone, Default)]
pub(crate) struct Recorder(Arc<Kept>);

#[derive(Default)]
struct Kept {
    counters: Mutex<BTreeMap<String, Arc<AtomicU64>>>,
    histograms: Mutex<BTreeMap<String, Arc<Sum>>>,
}

#[derive(Default)]
struct Sum(Mutex<(u64, f64)>);

impl HistogramFn for Sum {
    fn record(&self, value: f64) {
        let mut sum = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *sum = (sum.0.saturating_add(1), sum.1 + value);
    }
}

impl metrics::Recorder for Recorder {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(one_of(&self.0.counters, key))
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(one_of(&self.0.histograms, key))
    }
}

fn one_of<T: Default>(kept: &Mutex<BTreeMap<String, Arc<T>>>, key: &Key) -> Arc<T> {
    let labels: Vec<_> = key.labels().map(|label| format!("{}={:?}", label.key(), label.value())).collect();
    let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
    let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(kept.entry(format!("{}{labels}", key.name())).or_default())
}

impl fmt::Display for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, count) in &*self.0.counters.lock().unwrap_or_else(PoisonError::into_inner) {
            writeln!(f, "{name} {}", count.load(Ordering::Relaxed))?;
        }
        for (name, sum) in &*self.0.histograms.lock().unwrap_or_else(PoisonError::into_inner) {
            let (count, sum) = *sum.0.lock().unwrap_or_else(PoisonError::into_inner);
            writeln!(f, "{name}_count {count}\n{name}_sum {sum:.1}")?;
        }
        Ok(())
    }
}
