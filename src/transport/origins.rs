use std::future::ready;

use url::{Origin, Url};

use super::{Fault, FaultKind, HttpCall, Replying, Transport};

/// A transport for each origin that a client calls, since the way to each may be another: a proxy, a loopback address. What
/// has another origin is not called at all.
#[derive(Default)]
pub(crate) struct Origins(Vec<(Origin, Box<dyn Transport>)>);

impl Origins {
    pub(crate) fn knows(&self, url: &Url) -> bool {
        self.0.iter().any(|(known, _)| *known == url.origin())
    }

    pub(crate) fn add(&mut self, url: &Url, transport: Box<dyn Transport>) {
        self.0.push((url.origin(), transport));
    }
}

impl Transport for Origins {
    fn send<'a>(&'a self, call: HttpCall<'a>) -> Replying<'a> {
        let origin = call.target.url.origin();
        match self.0.iter().find(|(known, _)| *known == origin) {
            Some((_, transport)) => transport.send(call),
            None => Box::pin(ready(Err(Fault::new(FaultKind::Unusable)))),
        }
    }
}
