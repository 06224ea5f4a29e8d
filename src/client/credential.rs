use super::environment;
use crate::error::Error;
use crate::secret::ClientSecret;
use crate::transport::Authorization;

/// Who a client is to the server: checked in the builder, and whenever the secret changes.
pub(super) fn authorization(
    id: Option<&str>,
    secret: Option<&ClientSecret>,
) -> Result<Option<Authorization>, Error> {
    let Some(secret) = secret else { return Ok(None) };
    let Some(id) = id else {
        return Err(Error::config(
            "client_secret",
            format_args!("needs a client_id: call client_id(..) or set {}", environment::CLIENT_ID),
        ));
    };
    if secret.expose_secret().is_empty() {
        return Err(Error::config("client_secret", "is empty"));
    }
    if secret.expose_secret().chars().any(char::is_control) {
        return Err(Error::config("client_secret", "holds a control character"));
    }
    if secret.expose_secret().trim() != secret.expose_secret() {
        return Err(Error::config("client_secret", "has white space around it"));
    }
    if id.contains(':') {
        return Err(Error::config("client_id", "holds a colon, which HTTP Basic cannot carry"));
    }
    Authorization::basic(id, secret).map(Some)
}
