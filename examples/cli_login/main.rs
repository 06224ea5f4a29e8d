//! Signing in on a command line: `cargo run --example cli_login -- --sandbox`.
//!
//! The token is the only thing on standard output, so that `TOKEN=$(cli_login you@example.com)` works; prompts and the
//! countdown go to standard error. `--help` says what the exit codes mean.

#![allow(unreachable_pub, reason = "a program has no API")]

#[path = "../support/server.rs"]
mod server;

mod ending;
mod options;
mod sign_in;
mod terminal;
mod token_file;

use std::error::Error;
use std::process::ExitCode;

use clap::Parser as _;
use ending::Ending;
use options::Options;
use sign_in::SignIn;
use terminal::Terminal;
use token_file::Destination;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let options = Options::parse();
    let terminal = Terminal::of_stderr();
    let ending = if options.check {
        check(&options).await.unwrap_or_else(|error| Ending::not_checked(error.as_ref()))
    } else {
        run(&options, &terminal).await.unwrap_or_else(|error| Ending::broken(error.as_ref()))
    };
    terminal.say(&ending.to_string());
    ending.code()
}

async fn check(options: &Options) -> Result<Ending, Box<dyn Error>> {
    let server = options.server().await?;
    server.client.check().await?;
    Ok(Ending::Checked)
}

async fn run(options: &Options, terminal: &Terminal) -> Result<Ending, Box<dyn Error>> {
    // Before anybody's phone rings: can the token be kept at all?
    let destination = Destination::open(options.output.as_deref())?;
    let server = options.server().await?;
    if let Some(sandbox) = &server.sandbox {
        terminal.say(&format!("(A sandbox on {}. The phone approves by itself.)", sandbox.base_url()));
    }
    let sign_in = SignIn::new(&server, options, terminal);
    let ending = tokio::select! {
        // Ctrl-C is listened for before the first question stands there. Whatever the sign-in was doing is dropped,
        // and the polls end with their last wait.
        biased;
        heard = tokio::signal::ctrl_c() => {
            heard?;
            terminal.clear();
            Ending::Interrupted { phone_may_show_it: sign_in.has_asked_phone() }
        }
        ended = sign_in.run() => ended?,
    };
    server.stop().await;
    if let Ending::SignedIn(token) = &ending {
        destination.keep(token)?;
    }
    Ok(ending)
}
