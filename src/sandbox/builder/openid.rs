//! What makes the server an OpenID provider, too.

use std::io;

use super::{SandboxBuilder, invalid};
use crate::sandbox::state::public_key::PublicKey;
use crate::sandbox::state::settings::{Client, Settings};

impl SandboxBuilder {
    /// Makes the server a standard OpenID provider with CIBA in poll mode, besides what it is: the same users, phones, clients,
    /// faults and lifetimes. Point a client at [`Sandbox::issuer`](crate::sandbox::Sandbox::issuer) and let it discover.
    ///
    /// | route | what it is |
    /// |---|---|
    /// | `GET /.well-known/openid-configuration` | the metadata; AuthSec's own document, which has the same address, is not there then |
    /// | `GET /jwks` | the key set: [`rotate_keys`](crate::sandbox::Sandbox::rotate_keys) |
    /// | `POST /bc-authorize` | `login_hint` (the address of a user), or `id_token_hint`; `scope` with `openid`; `binding_message`, `requested_expiry` (a day at most), `acr_values` (the first one comes back as `acr`) |
    /// | `POST /token` | the CIBA grant: `authorization_pending`, `slow_down` to whoever polls more than half a second too early, `access_denied`, `expired_token`, `invalid_grant` once the tokens were fetched |
    ///
    /// Clients authenticate by `client_secret_basic`, `client_secret_post`, or `private_key_jwt`
    /// ([`client_key`](Self::client_key)). A user without a device is refused with `access_denied`, an inactive one with
    /// `unknown_user_id`. ID Tokens are signed by ES256; their times are the wall clock's, which is what their verifiers go by, also
    /// where tokio's clock is paused or the server's was moved. There is neither an authorization endpoint nor a refresh, ping,
    /// push, or a signed start.
    pub fn openid(mut self) -> Self {
        self.settings.openid = true;
        self
    }

    /// Registers a public key, a JWK (RFC 7517), for a client that authenticates by `private_key_jwt`, at the OpenID provider or
    /// under AuthSec's `/oauth` (section 4): EC on P-256 (ES256), OKP on Ed25519 (EdDSA, at the provider alone), or RSA from 2048
    /// bits (RS256, PS256). A client that is not there yet is added, approved and without a secret. One key a client: the last one counts. [`start`](Self::start) fails if it cannot be read.
    pub fn client_key(mut self, id: impl Into<String>, jwk: impl Into<String>) -> Self {
        self.client_keys.push((id.into(), jwk.into()));
        self
    }
}

/// Gives the clients their keys.
pub(super) fn register(settings: &mut Settings, keys: &[(String, String)]) -> io::Result<()> {
    for (id, jwk) in keys {
        let key =
            PublicKey::from_jwk(jwk).map_err(|why| invalid(format!("the key of the client {id:?} {why}")))?;
        if settings.client(id).is_none() {
            settings.clients.push(Client::new(id, None, true));
        }
        if let Some(client) = settings.client_mut(id) {
            client.key = Some(key);
        }
    }
    Ok(())
}
