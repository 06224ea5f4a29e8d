//! What the crate, and the HTTP stack under it, say to `tracing`.

use std::io::Write;
use std::sync::{Arc, Mutex, Once};

use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::FmtSpan;

#[derive(Clone, Default)]
pub(crate) struct Captured(Arc<Mutex<Vec<u8>>>);

impl Captured {
    /// Everything at TRACE, from everybody, for the future that it is attached to.
    pub(crate) fn subscriber(&self) -> impl tracing::Subscriber + Send + Sync + use<> {
        self.subscriber_at(tracing::Level::TRACE)
    }

    /// As much of it as an operator sees who asked for this level.
    pub(crate) fn subscriber_at(
        &self,
        level: tracing::Level,
    ) -> impl tracing::Subscriber + Send + Sync + use<> {
        // Tests in other threads have no subscriber: without a global one that wants everything, a callsite that they
        // reach first would be switched off for this test, too.
        static EVERYTHING_IS_WANTED: Once = Once::new();
        EVERYTHING_IS_WANTED.call_once(|| {
            let sink =
                tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(std::io::sink);
            tracing::subscriber::set_global_default(sink.finish()).expect("the only one");
        });
        tracing_subscriber::fmt()
            .with_max_level(level)
            .with_span_events(FmtSpan::FULL)
            .with_ansi(false)
            .with_writer(self.clone())
            .finish()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("not poisoned")).into_owned()
    }
}

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("not poisoned").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Captured {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
