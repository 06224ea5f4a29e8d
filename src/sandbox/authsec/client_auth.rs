//! Client authentication of the newest server (section 4).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::sandbox::message::arrived::Arrived;
use crate::sandbox::message::exchange::Exchange;

/// A credential as it was sent. HTTP Basic only; `id` and `secret` are not URL-decoded.
pub(crate) struct Basic {
    pub(crate) id: String,
    secret: String,
}

/// `None`: no `Authorization` header. `Some(None)`: one that cannot be read.
#[allow(clippy::option_option, reason = "absent and unreadable are different answers")]
pub(crate) fn basic(request: &Arrived) -> Option<Option<Basic>> {
    let header = request.headers.get("authorization")?;
    let read = || {
        let (scheme, encoded) = header.to_str().ok()?.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
        let (id, secret) = text.split_once(':')?;
        Some(Basic { id: id.to_owned(), secret: secret.to_owned() })
    };
    Some(read())
}

impl Exchange<'_> {
    /// Whether this is the client's secret. A client without one cannot authenticate.
    pub(crate) fn is_genuine(&self, basic: &Basic) -> bool {
        let secret = self.settings.client(&basic.id).and_then(|client| client.secret.as_deref());
        secret.is_some_and(|secret| secret == basic.secret)
    }

    /// The authenticated client of a workspace call; `claimed` is the body's `client_id`. The error is the
    /// description of a 401.
    pub(crate) fn workspace_client(&self, claimed: &str) -> Result<String, &'static str> {
        match basic(self.request) {
            None if self.settings.allow_unauthenticated_clients && !claimed.is_empty() => {
                Ok(claimed.to_owned())
            }
            None => Err("client authentication is required"),
            Some(Some(basic)) if self.is_genuine(&basic) => {
                if claimed.is_empty() || claimed == basic.id {
                    Ok(basic.id)
                } else {
                    Err("client_id does not match the authenticated client")
                }
            }
            Some(_) => Err("client authentication failed"),
        }
    }

    /// The resource server that a request is for. The error is the description of an `invalid_client`.
    pub(crate) fn resource(&self, client: &str, wanted: &str) -> Result<String, &'static str> {
        if !self.settings.is_approved(client) {
            return Err("the client has no approved registration");
        }
        match self.settings.resources.as_slice() {
            [] if wanted.is_empty() => Ok(String::new()),
            [only] if wanted.is_empty() => Ok(only.clone()),
            _ if wanted.is_empty() => {
                Err("the client is approved for several resource servers: send resource")
            }
            known if known.iter().any(|resource| resource == wanted) => Ok(wanted.to_owned()),
            _ => Err("the client has no approved registration on this resource server"),
        }
    }
}
