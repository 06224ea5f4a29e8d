use std::time::Duration;

use tokio::time::timeout;

use crate::error::{Error, ErrorKind};
use crate::form::Form;
use crate::jose::SigningError;
use crate::openid::Authenticator;
use crate::transport::Target;

/// How long a credential may take that is made elsewhere.
const MAKING: Duration = Duration::from_secs(10);

/// The fields by which a client proves who it is in one request to this address: made when it leaves, and for it alone.
pub(super) async fn credential(auth: &Authenticator, target: &Target) -> Result<Form, Error> {
    let made = timeout(MAKING, auth.form(target.url.as_str())).await;
    let source = auth.source();
    match made {
        Ok(made) => made.map_err(|error| unmade(error, source)),
        Err(_) => Err(late(source)),
    }
}

/// Nothing was sent.
fn unmade(error: SigningError, source: &'static str) -> Error {
    let kind = if error.is_transient() { ErrorKind::Network } else { ErrorKind::ClientAuth };
    let message = match source {
        "svid" => "the client's SVID could not be had",
        _ => "the client's assertion could not be signed",
    };
    Error::new(kind, message).with_field(source).with_foreign_source(error)
}

/// The same, of what took too long.
fn late(source: &'static str) -> Error {
    let message = match source {
        "svid" => "the client's SVID was not there within 10 s",
        _ => "the client's assertion was not signed within 10 s",
    };
    Error::new(ErrorKind::Network, message).with_field(source)
}
