use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use authsec_ciba::sandbox::{Sandbox, SandboxBuilder, User};
use clap::Parser;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::{self, format::FmtSpan};
use tracing_subscriber::prelude::*;

use crate::app::Demo;

/// A website that signs people in through their phone, with AuthSec's CIBA push approval.
///
/// It runs against an embedded fake server with a phone, unless AUTHSEC_BASE_URL or AUTHSEC_CLIENT_ID names a real one.
#[derive(Parser)]
pub struct Options {
    /// Where to listen on 127.0.0.1; 0 for any free port
    #[arg(long, default_value_t = 8080)]
    pub port: u16,
    /// Where the fake server listens; 0 for any free port
    #[arg(long, default_value_t = 0, value_name = "PORT")]
    sandbox_port: u16,
    /// A person that the fake server knows, with a phone and an authenticator; repeatable
    #[arg(long = "user", value_name = "EMAIL", default_values = ["user@example.com", "second@example.com"])]
    users: Vec<String>,
    /// Do not count how often an address is asked for: for playing with the fake server
    #[arg(long)]
    pub play: bool,
    /// How long a person has for the answer; no longer than the server's requests live
    #[arg(long, default_value_t = 120, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=300))]
    wait: u64,
    /// How long a request outlives the last sign of its browser
    #[arg(long, default_value_t = 30, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3600))]
    idle: u64,
    /// Show on standard error what the client does
    #[arg(long, short)]
    verbose: bool,
}

impl Options {
    pub fn wait(&self) -> Duration {
        Duration::from_secs(self.wait)
    }

    pub fn idle(&self) -> Duration {
        Duration::from_secs(self.idle)
    }

    /// Writes what the client tells, and not what stands below it. The outcome of a poll is a field of its span, which
    /// is complete when the span closes.
    pub fn log(&self) {
        let level = if self.verbose { LevelFilter::DEBUG } else { LevelFilter::WARN };
        let ours = Targets::new().with_default(LevelFilter::WARN).with_target("authsec_ciba", level);
        let lines = fmt::layer().with_writer(std::io::stderr).with_span_events(FmtSpan::CLOSE);
        tracing_subscriber::registry().with(lines).with(ours).init();
    }

    /// The fake server: nobody's time runs out there before it does here.
    pub fn sandbox(&self) -> SandboxBuilder {
        let builder = Sandbox::builder()
            .bind(SocketAddr::from((Ipv4Addr::LOCALHOST, self.sandbox_port)))
            .interval(Duration::from_secs(1));
        self.users.iter().fold(builder, |builder, email| builder.user(User::new(email).with_totp()))
    }

    /// What the pages say about the fake server, if there is one.
    pub fn demo(&self, sandbox: Option<&Sandbox>) -> Option<Demo> {
        let phone = format!("{}/", sandbox?.base_url());
        Some(Demo { phone, users: self.users.clone() })
    }
}
