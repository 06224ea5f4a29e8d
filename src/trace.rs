//! What is recorded: one span per flow, an event per fact. Never a token, an `auth_req_id`, a TOTP code, a client
//! secret; emails only masked; a server's own words as an error has them, cleaned.

use std::fmt;

use tracing::Span;

/// The names of the spans. They, the events and all their fields are listed in `docs/telemetry.md`, which a test compares
/// with what is recorded.
pub(crate) const INITIATE: &str = "authsec.initiate";
pub(crate) const POLL: &str = "authsec.poll";
pub(crate) const TOTP: &str = "authsec.totp";

/// The short random id of one flow: of an approval's initiate, its polls and all its waits, or of a TOTP login. It stands
/// in every span and warning of theirs, and is no secret: nothing can be done with it but to find them in a log.
///
/// `Display` shows eight hexadecimal digits; so it is written and read with the feature `serde`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct FlowId(u32);

impl FlowId {
    pub(crate) fn random() -> Self {
        Self(fastrand::u32(..))
    }

    #[cfg(feature = "ticket")]
    pub(crate) fn from_number(number: u32) -> Self {
        Self(number)
    }

    #[cfg(feature = "ticket")]
    pub(crate) fn to_number(self) -> u32 {
        self.0
    }
}

impl fmt::Display for FlowId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

impl fmt::Debug for FlowId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FlowId({self})")
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for FlowId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for FlowId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
        let flow = u32::from_str_radix(&text, 16).ok().map(Self);
        // As it is shown, and in no other way.
        flow.filter(|flow| flow.to_string() == *text)
            .ok_or_else(|| serde::de::Error::custom("not a flow's id: it has eight hexadecimal digits"))
    }
}

/// The span of a call that asks once. It is entered for events only: what the transport spawns while it sends would take
/// it along, and keep it open for as long as a connection lives.
pub(crate) struct CallSpan {
    span: Span,
    outcome: &'static str,
}

impl CallSpan {
    /// The span has a field `outcome`.
    pub(crate) fn new(span: Span) -> Self {
        Self { span, outcome: "dropped" }
    }

    /// Tells an event inside the span.
    pub(crate) fn tell(&self, event: impl FnOnce(&Span)) {
        self.span.in_scope(|| event(&self.span));
    }

    /// Does something of the caller's inside the span.
    pub(crate) fn in_scope<T>(&self, work: impl FnOnce() -> T) -> T {
        self.span.in_scope(work)
    }

    /// How the call came out; without a word it was dropped.
    pub(crate) fn ended(mut self, outcome: &'static str) {
        self.outcome = outcome;
    }
}

impl Drop for CallSpan {
    fn drop(&mut self) {
        self.span.record("outcome", self.outcome);
    }
}

/// An email as a log may show it: the first letter and the domain.
pub(crate) struct MaskedEmail<'a>(pub(crate) &'a str);

impl fmt::Display for MaskedEmail<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.split_once('@') {
            Some((local, domain)) => match local.chars().next() {
                // A single letter is the whole name: show none of it.
                Some(first) if local.chars().nth(1).is_some() => write!(f, "{first}***@{domain}"),
                _ => write!(f, "***@{domain}"),
            },
            None => f.write_str("***"),
        }
    }
}
