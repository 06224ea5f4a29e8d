//! A website that signs people in through their phone: `cargo run --example web_login`.
//!
//! One person can play both sides: the page links to the phone of the embedded fake server. With `AUTHSEC_BASE_URL` or
//! `AUTHSEC_CLIENT_ID` set (and, as needed, `AUTHSEC_CLIENT_SECRET` and `AUTHSEC_WORKSPACE_ID`) real phones are asked.
//!
//! Where to read first: [`sign_in`] asks the phone, [`stage`] is what a browser sees of it, [`session`] keeps both
//! together. The rest is a website: [`handlers`], [`pages`], [`events`], [`guard`], [`sessions`].
//!
//! # Nobody learns who has an account
//!
//! An address without an account, or without a phone, looks the same as one whose owner does not answer: a match code, a
//! countdown, "no answer". A neutral message ("if there is an account, ...") would be simpler, but a page that appears for
//! known addresses only is itself the answer. [`sign_in`] ends every request at the same moment after the click, also one that
//! was never sent, and no request ends another of the same address; [`decoys`] counts the wrong codes that were never judged;
//! [`throttle`] counts every address alike. What can be seen is how long the server takes to judge a code, and that somebody
//! has declined or approved.

#![allow(unreachable_pub, reason = "a program has no API")]
#![allow(clippy::arithmetic_side_effects, reason = "small counts, and times of a day at most")]

#[macro_use]
#[path = "../support/say.rs"]
mod say;
#[path = "../support/server.rs"]
mod server;
#[path = "../support/stop.rs"]
mod stop;

mod app;
mod assets;
mod decoys;
mod events;
mod guard;
mod handlers;
mod options;
mod pages;
mod presence;
mod reachable;
mod session;
mod sessions;
mod sign_in;
mod stage;
mod throttle;

use std::error::Error;
use std::net::Ipv4Addr;
use std::process::ExitCode;
use std::sync::Arc;

use app::App;
use authsec_ciba::{CibaClient, PushGuard, TotpLockout};
use clap::Parser as _;
use options::Options;
use server::Server;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> ExitCode {
    match run(Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: Options) -> Result<(), Box<dyn Error>> {
    options.log();

    // The Cancel button must not renew anybody's guesses; who types an address must not end the sign-in of its owner; and
    // `throttle` counts the pushes.
    let client = CibaClient::builder()
        .totp_lockout(TotpLockout::Strict)
        .concurrent_approvals(true)
        .push_guard(PushGuard::off());
    let server = Server::choose(client, options.sandbox()).await?;
    if options.play && server.sandbox.is_none() {
        return Err("--play is for the fake server: real phones are not for playing".into());
    }
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port))
        .await
        .map_err(|error| format!("port {}: {error}", options.port))?;
    let address = listener.local_addr()?;
    let app =
        App::new(server.client.clone(), options.demo(server.sandbox.as_ref()), &options, address.port());

    say!("website    http://{address}/");
    if let Some(sandbox) = &server.sandbox {
        say!("phone      {}/", sandbox.base_url());
    }
    say!("stop with Ctrl-C");

    axum::serve(listener, handlers::routes(Arc::clone(&app)))
        .with_graceful_shutdown(Arc::clone(&app).until_stopped())
        .await?;
    app.finish().await;
    server.stop().await;
    say!("stopped");
    Ok(())
}
