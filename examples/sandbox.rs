//! A fake AuthSec server, or a fake OpenID provider, to try clients on: `cargo run --example sandbox -- --help`.

#[macro_use]
#[path = "support/say.rs"]
mod say;

use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use authsec_ciba::ApiRoutes;
use authsec_ciba::sandbox::{Reaction, Sandbox, SandboxBuilder, User};

const HELP: &str = "\
A fake AuthSec server with a phone; with --openid an OpenID provider, too.

  --port PORT                      where to listen on 127.0.0.1 (default 7468; 0: any)
  --routes workspace|oauth|tenant|unprefixed
                                   which generation of servers to imitate (default workspace, the newest;
                                   oauth is the same with --oauth)
  --oauth                          /oauth/bc-authorize and the CIBA grant of /oauth/token
  --openid                         the routes of an OpenID provider in poll mode: discovery, keys, signed ID Tokens
  --user EMAIL                     a user with a device and an authenticator; repeatable
                                   (default user@example.com, and nodevice@example.com without a device)
  --client ID[:SECRET]             an approved client; repeatable (default client-id:client-secret)
  --allow-unauthenticated-clients  let a bare client_id in on the workspace plane
  --lifetime SECONDS               how long a request lives (default 300)
  --interval SECONDS               what acknowledgements say about polling (default 5)
  --approve-after SECONDS          phones approve by themselves after this time
  --help                           this text
";

/// There in addition to the users of the command line.
const NO_DEVICE: &str = "nodevice@example.com";

/// What the command line says.
#[derive(Default)]
struct Options {
    port: Option<u16>,
    routes: ApiRoutes,
    oauth: bool,
    openid: bool,
    users: Vec<String>,
    clients: Vec<String>,
    allow_unauthenticated_clients: bool,
    lifetime: Option<u64>,
    interval: Option<u64>,
    approve_after: Option<u64>,
    help: bool,
}

impl Options {
    fn read(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self::default();
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| format!("{word} needs a value"));
            match word.as_str() {
                "--port" => options.port = Some(number(&value()?)?),
                "--routes" => options.routes = routes(&value()?)?,
                "--oauth" => options.oauth = true,
                "--openid" if cfg!(feature = "openid") => options.openid = true,
                "--openid" => return Err("--openid wants the feature openid".to_owned()),
                "--user" => options.users.push(value()?),
                "--client" => options.clients.push(value()?),
                "--allow-unauthenticated-clients" => options.allow_unauthenticated_clients = true,
                "--lifetime" => options.lifetime = Some(number(&value()?)?),
                "--interval" => options.interval = Some(number(&value()?)?),
                "--approve-after" => options.approve_after = Some(number(&value()?)?),
                "--help" | "-h" => options.help = true,
                other => return Err(format!("unknown option {other}")),
            }
        }
        if options.users.is_empty() {
            options.users.push("user@example.com".to_owned());
        }
        if options.clients.is_empty() {
            options.clients.push("client-id:client-secret".to_owned());
        }
        Ok(options)
    }

    fn builder(&self) -> SandboxBuilder {
        let reaction = self
            .approve_after
            .map_or(Reaction::Ignore, |seconds| Reaction::ApproveAfter(Duration::from_secs(seconds)));
        let mut builder = Sandbox::builder()
            .bind(SocketAddr::from((Ipv4Addr::LOCALHOST, self.port.unwrap_or(7468))))
            .routes(self.routes)
            .oauth(self.oauth || self.routes == ApiRoutes::OAuth)
            .allow_unauthenticated_clients(self.allow_unauthenticated_clients)
            .lifetime(Duration::from_secs(self.lifetime.unwrap_or(300)))
            .interval(Duration::from_secs(self.interval.unwrap_or(5)));
        #[cfg(feature = "openid")]
        if self.openid {
            builder = builder.openid();
        }
        for email in &self.users {
            builder = builder.user(User::new(email).with_totp().reaction(reaction));
        }
        if !self.users.iter().any(|email| email.eq_ignore_ascii_case(NO_DEVICE)) {
            builder = builder.user(User::new(NO_DEVICE).without_device());
        }
        for client in &self.clients {
            let (id, secret) =
                client.split_once(':').map_or((client.as_str(), None), |(id, it)| (id, Some(it)));
            builder = builder.client(id, secret);
        }
        builder
    }
}

fn number<N: std::str::FromStr>(text: &str) -> Result<N, String> {
    text.parse().map_err(|_| format!("{text} is not a number that fits"))
}

fn routes(text: &str) -> Result<ApiRoutes, String> {
    match text {
        "unprefixed" => Ok(ApiRoutes::Unprefixed),
        "tenant" => Ok(ApiRoutes::Tenant),
        "workspace" => Ok(ApiRoutes::Workspace),
        "oauth" => Ok(ApiRoutes::OAuth),
        other => Err(format!("there are no routes {other}")),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let options = match Options::read(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(why) => {
            eprintln!("{why}\n\n{HELP}");
            return ExitCode::from(2);
        }
    };
    if options.help {
        say!("{}", HELP.trim_end());
        return ExitCode::SUCCESS;
    }
    let sandbox = match options.builder().start().await {
        Ok(sandbox) => sandbox,
        Err(error) => {
            eprintln!("the sandbox does not start: {error}");
            return ExitCode::FAILURE;
        }
    };
    say!("base URL   {}", sandbox.base_url());
    say!("phone      {}/", sandbox.base_url());
    if options.openid {
        say!("issuer     {}", sandbox.issuer());
    }
    say!("workspace  {}", sandbox.workspace_id());
    for client in &options.clients {
        say!("client     {client}");
    }
    for email in &options.users {
        let authenticator = sandbox.authenticator(email);
        say!("user       {email}  TOTP secret {}  code {}", authenticator.secret(), authenticator.code());
        if options.openid {
            say!("  subject  {}", sandbox.subject(email));
        }
    }
    say!("user       {NO_DEVICE}  (no device, unless it stands above)");
    say!("stop with Ctrl-C");
    // Without a signal handler the sandbox runs until the process is killed.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
    sandbox.stop().await;
    ExitCode::SUCCESS
}
