use std::fmt::Debug;

use metrics::{counter, histogram};
use tokio::time::Instant;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

/// Counts how calls end, and what goes wrong on the way.
pub(crate) struct Numbers;

/// What a call's span has said so far.
struct Call {
    began: Instant,
    fields: Fields,
}

/// The fields that the numbers are made of.
#[derive(Default)]
struct Fields {
    outcome: String,
    /// The kind of an error.
    kind: String,
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "outcome" => self.outcome = value.to_owned(),
            "error" | "kind" => self.kind = value.to_owned(),
            _ => {}
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Numbers {
    fn on_new_span(&self, _: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(Call { began: Instant::now(), fields: Fields::default() });
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(call) = span.extensions_mut().get_mut::<Call>() {
            values.record(&mut call.fields);
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else { return };
        let extensions = span.extensions();
        let Some(Call { began, fields: Fields { outcome, kind } }) = extensions.get() else { return };
        match span.name() {
            "authsec.initiate" if kind == "too_many_pushes" => counter!("pushes_refused_total").increment(1),
            "authsec.initiate" => counter!("initiates_total", "outcome" => outcome.clone()).increment(1),
            "authsec.poll" => {
                counter!("approvals_total", "outcome" => outcome.clone()).increment(1);
                if outcome == "approved" {
                    histogram!("time_to_approval_seconds").record(began.elapsed());
                }
            }
            "authsec.totp" => counter!("codes_total", "outcome" => outcome.clone()).increment(1),
            _ => {}
        }
    }

    /// A fault is a warning that says its kind. The address and the flow in it are for the log, not for a label: each
    /// value of a label is a number of its own.
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let is_fault = !["", "too_many_pushes"].contains(&fields.kind.as_str());
        if *event.metadata().level() == Level::WARN && is_fault {
            counter!("faults_total", "kind" => fields.kind).increment(1);
        }
    }
}
