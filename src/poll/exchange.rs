use std::sync::Arc;
use std::time::Duration;

use tracing::Span;

use super::heard::Heard;
use super::{Event, PollPolicy, Telling};
use crate::answer::{Asked, ErrorCode};
use crate::client::{Inner, RequestKind};
use crate::clock::{later, now};
use crate::evidence::{Evidence, Purpose};
use crate::profile::Outgoing;
use crate::registry::{Asking, News, Slot};
use crate::trace::MaskedEmail;
use crate::transport::{Caller, HttpCall, Lane, Place, Turn};

/// How long a look waits for a place.
const LOOK: Duration = Duration::from_millis(250);

/// One request of an id: place, bytes out, bytes back, meaning. It tells the slot what it has come to.
pub(super) async fn exchange(
    inner: Arc<Inner>,
    mut asking: Asking,
    place: Option<Place>,
    caller: Caller,
    policy: Option<PollPolicy>,
    // Where the caller adds headers.
    span: Option<Span>,
) {
    let policy = policy.unwrap_or(inner.policy);
    let place = match place {
        Some(place) => Some(place),
        None => queue(&inner, caller).await,
    };
    let Some(place) = place else {
        asking.end(now(), |_, pace, _, _| {
            if caller == Caller::Poll {
                pace.observe(Event::NoPlace, &policy, now(), inner.jitter());
            }
            News::Undecided
        });
        return;
    };
    if !asking.leaves(now()) {
        return;
    }
    let slot = asking.slot();
    let mut heard = hear(&inner, slot, place, span).await;
    // Without the place: what an approval is checked by may have to be fetched.
    if let Some(granted) = heard.granted() {
        if let Some(time) = inner.profile.longest_check() {
            asking.checks(later(now(), time));
        }
        // Boxed: it happens once in the life of an id, and would make every request larger.
        let accepting = Box::pin(inner.profile.accept(granted, slot.id(), slot.email(), slot.started()));
        heard.accepted(accepting.await);
    }
    note(&inner, asking, heard, &policy);
}

/// Tells the log what a request has come to, and the slot.
fn note(inner: &Inner, asking: Asking, heard: Heard, policy: &PollPolicy) {
    let slot = asking.slot();
    let email = MaskedEmail(slot.who().as_str());
    match heard.fault() {
        None => tracing::debug!(flow = %slot.flow(), %email, "polled"),
        Some(error) => tracing::warn!(
            flow = %slot.flow(),
            %email,
            kind = error.kind().as_str(),
            status = error.status(),
            code = error.code().map(ErrorCode::as_str),
            endpoint = error.endpoint(),
            server_message = error.public_server_message(),
            request_id = error.request_id(),
            retry_after = error.retry_after().map(|wait| wait.as_secs()),
            "a poll failed: {error}"
        ),
    }
    let (at, jitter) = (now(), inner.jitter());
    let took = asking.took(at);
    let tellings = asking.end(at, |_, pace, life, answer_was_lost| {
        // Only an answer says how long answers take.
        if let Some(took) = took.filter(|_| heard.is_answer()) {
            pace.took(took);
        }
        heard.judge(pace, answer_was_lost, life, at, |pace, event| pace.observe(event, policy, at, jitter))
    });
    tellings.into_iter().for_each(Telling::tell);
}

/// Sends the poll, and reads what comes back. A future of its own: what it holds is gone before an approval is accepted, and a
/// future of more than 1,032 bytes is slow to allocate.
async fn hear(inner: &Inner, slot: &Slot, place: Place, span: Option<Span>) -> Heard {
    let id = slot.id().expose_secret();
    let Outgoing { target, media, body, authorization, secrets } =
        match inner.profile.poll(id, slot.resource().as_deref()).await {
            Ok(outgoing) => outgoing,
            Err(error) => return Heard::unsent(error),
        };
    let headers = span.and_then(|span| span.in_scope(|| inner.headers(RequestKind::Poll, slot.flow())));
    let call = HttpCall {
        target,
        media,
        body,
        timeout: inner.request_timeout,
        lane: Lane::Poll,
        authorization: authorization.clone(),
        headers: headers.as_ref(),
        departure: None,
        place: &place,
    };
    let reply = inner.transport.send(call).await;
    if let Ok(reply) = &reply {
        inner.profile.notice(&reply.headers);
    }
    let evidence = Evidence {
        server: inner.profile.server(),
        purpose: Purpose::Approval,
        target,
        authorization: authorization.as_ref(),
        headers: headers.as_ref(),
        // Some leave out the padding.
        secrets: &[id, id.trim_end_matches('='), slot.who().as_str()],
        more_secrets: &secrets,
    };
    let asked = Asked { auth_req_id: id, email: slot.who() };
    let heard = Heard::of(reply, &inner.profile, &asked, &evidence);
    drop(place);
    inner.places.ended(heard.is_answer());
    heard
}

/// Waits for a place, a look for a moment only. `None` where it is not worth waiting.
async fn queue(inner: &Inner, caller: Caller) -> Option<Place> {
    let began = now();
    let queue = inner.places.queue(caller);
    let turn = match caller {
        Caller::Look => tokio::time::timeout(LOOK, queue).await.ok()?,
        _ => queue.await,
    };
    let waited_ms = now().saturating_duration_since(began).as_millis();
    match turn {
        Turn::Mine(place) => {
            tracing::debug!(waited_ms, "waited for a place among the requests under way");
            Some(place)
        }
        Turn::NotWorthWaiting => {
            tracing::debug!(waited_ms, "left the queue in front of a server that does not answer");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size_of<A, B, C, D, E, F, Out>(_: impl Fn(A, B, C, D, E, F) -> Out) -> usize {
        std::mem::size_of::<Out>()
    }

    #[test]
    fn b80_a_request_is_small_enough_to_be_quick_to_allocate() {
        // The head of its task's block comes before it.
        let bytes = size_of(exchange);
        assert!(bytes <= 960, "{bytes} bytes");
    }
}
