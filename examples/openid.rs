//! A login at any OpenID provider with CIBA, in fifteen lines: `cargo run --example openid`.
//!
//! Without any argument it runs against an embedded provider with a phone that approves: no account, no network. Against a real one it
//! is `CLIENT_SECRET=… cargo run --example openid -- https://op.example checkout alice`. Whatever the provider calls its
//! method, this client takes `client_secret_basic`; `docs/providers.md` has the others, and the settings of the providers that need some.
//!
//! To be the phone yourself, `cargo run --example sandbox -- --openid` is a provider with a phone page at <http://127.0.0.1:7468/>. Then,
//! beside it, `CLIENT_SECRET=client-secret cargo run --example openid -- http://127.0.0.1:7468 client-id user@example.com`.
//! (In the published package each wants `--features sandbox`.)

#[path = "support/help.rs"]
mod help;
#[macro_use]
#[path = "support/say.rs"]
mod say;

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use authsec_ciba::sandbox::{Reaction, Sandbox, User};
use authsec_ciba::{BindingMessage, CibaClient, ClientAuth, Hint, OpenId};

const HELP: &str = "\
A login at any OpenID provider with CIBA.

  openid                               at an embedded provider, whose person approves
  openid ISSUER CLIENT_ID LOGIN_HINT   at this provider, with the client's secret in CLIENT_SECRET
";

const EMAIL: &str = "user@example.com";

/// All that a program needs.
async fn sign_in(issuer: &str, client_id: &str, secret: String, login: &str) -> Result<(), Box<dyn Error>> {
    let client = CibaClient::builder()
        .openid(OpenId::at(issuer))
        .client_id(client_id)
        .client_auth(ClientAuth::secret_basic(secret))
        .discover()
        .await?; // metadata and keys, checked
    let message = BindingMessage::portable("PAY-4711")?;
    let pending = client.initiate(Hint::login(login)).binding_message(message).await?;
    say!("asked; waiting for {} s at most", pending.expires_in().as_secs());
    let approval = pending.wait().await?.approved()?; // whatever else it is, nobody is let in
    let (issuer, subject) = approval.person().ok_or("no ID Token")?;
    say!("{subject} of {issuer} has approved");
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let words = match help::or_words(HELP, 3) {
        Ok(words) => words,
        Err(ended) => return Ok(ended),
    };
    match words.as_slice() {
        [issuer, client_id, login] => {
            let secret = std::env::var("CLIENT_SECRET").map_err(|_| "CLIENT_SECRET is not set")?;
            sign_in(issuer, client_id, secret, login).await?;
        }
        [] => {
            let user = User::new(EMAIL);
            let sandbox =
                Sandbox::builder().openid().user(user).interval(Duration::from_secs(1)).start().await?;
            sandbox.phone(EMAIL).react(Reaction::ApproveAfter(Duration::from_secs(3)));
            sign_in(sandbox.issuer(), sandbox.client_id(), sandbox.client_secret().into(), EMAIL).await?;
        }
        _ => {
            eprint!("{HELP}");
            return Ok(ExitCode::from(2));
        }
    }
    Ok(ExitCode::SUCCESS)
}
