//! A login at any OpenID provider with CIBA: `cargo run --example openid -- https://op.example checkout alice`.
//!
//! The client's secret is read from `CLIENT_SECRET`. Whatever the provider calls its method, this client takes
//! `client_secret_basic`; `docs/providers.md` has the others, and the settings of the providers that need some.
//!
//! Without a provider: `cargo run --example sandbox -- --openid` is one, with a phone at <http://127.0.0.1:7468/>. Then, beside it,
//! `CLIENT_SECRET=client-secret cargo run --example openid -- http://127.0.0.1:7468 client-id user@example.com`.
//! (In the published package the first wants `--features sandbox`.)

#[path = "support/help.rs"]
mod help;

use authsec_ciba::{BindingMessage, CibaClient, ClientAuth, Hint, OpenId};

const HELP: &str = "\
A login at any OpenID provider with CIBA.

  openid ISSUER CLIENT_ID LOGIN_HINT   with the client's secret in CLIENT_SECRET

Without a provider: cargo run --example sandbox -- --openid
";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    if help::is_asked_for(HELP) {
        return Ok(());
    }
    let mut arguments = std::env::args().skip(1);
    let (Some(issuer), Some(client_id), Some(login)) = (arguments.next(), arguments.next(), arguments.next())
    else {
        return Err(HELP.into());
    };
    let client = CibaClient::builder()
        .openid(OpenId::at(issuer))
        .client_id(client_id)
        .client_auth(ClientAuth::secret_basic(std::env::var("CLIENT_SECRET")?))
        .discover()
        .await?; // metadata and keys, checked
    let message = BindingMessage::portable("PAY-4711")?;
    let pending = client.initiate(Hint::login(login)).binding_message(message).await?;
    println!("asked; waiting for {} s at most", pending.expires_in().as_secs());
    let approval = pending.wait().await?.approved()?; // whatever else it is, nobody is let in
    let (issuer, subject) = approval.person().ok_or("no ID Token")?;
    println!("{subject} of {issuer} has approved");
    Ok(())
}
