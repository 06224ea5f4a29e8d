use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout_at;
use zeroize::Zeroizing;

use super::key_set::KeySet;
use super::keys::{Fetched, Fetching, Source};
use crate::clock::{Instant, later, now};
use crate::error::{Error, ErrorKind};
use crate::transport::{Body, Caller, HttpCall, Lane, Media, Places, Target, Transport, Turn};

/// How long a document may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Fetches public documents. It knows no credential, and its connections carry no certificate of the client's.
pub(crate) struct Fetcher {
    pub(crate) transport: Box<dyn Transport>,
    pub(crate) places: Places,
}

/// A document, as it came.
pub(crate) struct Document {
    pub(crate) body: Zeroizing<Vec<u8>>,
    pub(crate) max_age: Option<Duration>,
}

/// What to say of a document that cannot be had: the setting that has led to it.
#[derive(Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) target: &'a Target,
    pub(crate) field: &'static str,
}

impl Fetcher {
    /// The document, or `None` where there is none (404).
    pub(crate) async fn get(&self, wanted: Wanted<'_>, until: Instant) -> Result<Option<Document>, Error> {
        let got = self.ask(wanted, until.min(later(now(), TIMEOUT))).await;
        got.map_err(|error| error.with_endpoint(Arc::clone(&wanted.target.endpoint)))
    }

    async fn ask(&self, wanted: Wanted<'_>, until: Instant) -> Result<Option<Document>, Error> {
        let no_place = || Error::new(ErrorKind::Network, "no place for another request was free in time");
        let Ok(Turn::Mine(place)) = timeout_at(until, self.places.queue(Caller::Totp)).await else {
            return Err(no_place());
        };
        let call = HttpCall {
            target: wanted.target,
            media: Media::Nothing,
            body: Zeroizing::default(),
            timeout: until.saturating_duration_since(now()),
            lane: Lane::Poll,
            authorization: None,
            headers: None,
            departure: None,
            place: &place,
        };
        let reply = self.transport.send(call).await.map_err(|fault| fault.into_error())?;
        let (status, field) = (reply.status, wanted.field);
        let error = |kind, message: &'static str| {
            Error::new(kind, message).with_status(status).with_retry_after(reply.retry_after).maybe_sent(true)
        };
        let config = |why: &str| Error::config(field, why).with_status(status).maybe_sent(true);
        match status {
            200 => {}
            404 => return Ok(None),
            429 => return Err(error(ErrorKind::RateLimited, "the server's rate limit is reached")),
            408 | 425 | 500..=599 => return Err(error(ErrorKind::Server, "the server failed")),
            300..=399 => {
                let to = reply.headers.redirects_to(&wanted.target.url).unwrap_or_default();
                return Err(config(&format!("leads to a redirect to {to}, which is never followed")));
            }
            _ => return Err(config("leads to an answer that is no document")),
        }
        match reply.body {
            Body::Whole(body) => Ok(Some(Document { body, max_age: reply.headers.max_age() })),
            Body::Cut(_, fault) => Err(fault.into_error().with_status(status)),
            Body::TooLong => Err(config("leads to a document that is longer than 256 KiB")),
            Body::Encoded => Err(config("leads to a document in a coding that was not asked for")),
        }
    }
}

/// The keys of a provider, where its metadata says that they are.
pub(crate) struct KeysAt {
    pub(crate) fetcher: Fetcher,
    pub(crate) target: Target,
}

impl Source for KeysAt {
    fn fetch(&self, until: Instant) -> Fetching<'_> {
        Box::pin(async move {
            const FIELD: &str = "jwks_uri";
            let wanted = Wanted { target: &self.target, field: FIELD };
            let document = self.fetcher.get(wanted, until).await?;
            let refused = |why| {
                Err(Error::config(FIELD, why)
                    .with_endpoint(Arc::clone(&self.target.endpoint))
                    .maybe_sent(true))
            };
            let Some(Document { body, max_age }) = document else {
                return refused("leads to nothing: the server answers 404");
            };
            match KeySet::read(&body) {
                Some(set) => Ok(Fetched { set, max_age }),
                None => refused("leads to what holds no key that can verify a signature"),
            }
        })
    }
}
