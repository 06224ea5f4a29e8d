//! Many people at once: `cargo run --example background_service`.
//!
//! Lines come in, results go out: `EMAIL` asks this person's phone, `cancel EMAIL` takes it back. Against the embedded
//! fake server the lines are made up; with `AUTHSEC_BASE_URL` or `AUTHSEC_CLIENT_ID` set they are read from standard
//! input. What happens is logged on standard error; Ctrl-C and SIGTERM end it in order, and it shows that nothing is left.

#[path = "support/help.rs"]
mod help;
#[macro_use]
#[path = "support/say.rs"]
mod say;
#[path = "support/server.rs"]
mod server;
#[path = "support/stop.rs"]
mod stop;

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use authsec_ciba::sandbox::{Reaction, Sandbox, SandboxBuilder, User};
use authsec_ciba::{ApprovalOutcome, CancelReason, CibaClient, Email};
use server::Server;
use stop::asked_to_stop;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::prelude::*;

const HELP: &str = "\
Many people at once. Lines on standard input are jobs, lines on standard output results:

  EMAIL          asks this person's phone
  cancel EMAIL   takes it back

Against the fake server the lines are made up. Ctrl-C and SIGTERM end it in order.
";

/// What the service is told to do.
enum Job {
    Ask(Email),
    Cancel(Email),
}

/// What came of asking one person.
struct Report {
    email: Email,
    result: Result<ApprovalOutcome, authsec_ciba::Error>,
}

struct Service {
    client: CibaClient,
    reports: mpsc::Sender<Report>,
    stop: CancellationToken,
    running: TaskTracker,
}

impl Service {
    /// Works until there are no more jobs, or until it is told to stop; returns when everything that it began has ended.
    async fn run(self, mut jobs: mpsc::Receiver<Job>) {
        loop {
            let job = tokio::select! {
                biased;
                () = self.stop.cancelled() => break,
                job = jobs.recv() => job,
            };
            match job {
                Some(Job::Ask(email)) => self.begin(email),
                Some(Job::Cancel(email)) => match self.client.cancel_approval(&email).await {
                    Ok(done) => tracing::info!(?email, polls = done.polls_stopped(), "cancelled"),
                    Err(error) => tracing::warn!(?email, %error, "not cancelled"),
                },
                None => break,
            }
        }
        if self.stop.is_cancelled() {
            // Every poll ends as `Cancelled(Shutdown)`, and is reported as that.
            self.client.shutdown().await;
        }
        self.running.close();
        self.running.wait().await;
    }

    /// Asks one person in a task of its own. How many of them talk to the server at once is bounded by the client
    /// ([`max_in_flight`](authsec_ciba::CibaClientBuilder::max_in_flight)), and how many lines wait, by the channel.
    fn begin(&self, email: Email) {
        let (client, reports, stop) = (self.client.clone(), self.reports.clone(), self.stop.clone());
        let span = tracing::info_span!("job", ?email);
        let job = async move {
            let result = tokio::select! {
                result = ask(&client, &email) => result,
                // A poll ends by itself at a shutdown. An initiate would take its time.
                () = stop.cancelled() => Ok(ApprovalOutcome::Cancelled(CancelReason::Shutdown)),
            };
            match &result {
                Ok(outcome) => tracing::info!(status = outcome.status(), "ended"),
                Err(error) => {
                    tracing::warn!(kind = ?error.kind(), retryable = error.is_retryable(), %error, "failed")
                }
            }
            // Nobody reads the reports any more: then nobody misses this one.
            let _ = reports.send(Report { email, result }).await;
        };
        self.running.spawn(job.instrument(span));
    }
}

async fn ask(client: &CibaClient, email: &Email) -> Result<ApprovalOutcome, authsec_ciba::Error> {
    let pending = client.initiate_app_approval(email).await?;
    let task = pending.wait().timeout(Duration::from_secs(60)).spawn();
    task.await
}

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    if let Err(ended) = help::or_words(&[HELP, server::HELP].concat(), 0) {
        return Ok(ended);
    }
    log();
    let server = Server::choose(CibaClient::builder(), crowd()).await?;
    let stop = CancellationToken::new();
    let (tell, jobs) = mpsc::channel(64);
    let (reports, mut results) = mpsc::channel(64);
    let service =
        Service { client: server.client.clone(), reports, stop: stop.clone(), running: TaskTracker::new() };
    let service = tokio::spawn(service.run(jobs));
    let source = match &server.sandbox {
        Some(_) => tokio::spawn(make_up(tell)),
        None => tokio::spawn(read_lines(tell)),
    };
    tokio::spawn(async move {
        asked_to_stop().await;
        tracing::info!("asked to stop");
        stop.cancel();
    });

    // Ends when the service, which holds the other end, has ended.
    while let Some(Report { email, result }) = results.recv().await {
        match result.map(ApprovalOutcome::approved) {
            Ok(Ok(approval)) => {
                say!("{email}: in, {} characters of token", approval.token().expose_secret().len());
            }
            Ok(Err(why)) => say!("{email}: {why}"),
            Err(error) => say!("{email}: {error}"),
        }
    }
    service.await?;
    source.abort();
    let client = server.client.clone();
    server.stop().await;
    // No poll is left. The ids and the pushes that are remembered end with their time, and hold nothing but a few bytes.
    say!("left behind: {:?}", client.usage());
    // A thread may still be waiting for a line of standard input, and nothing can interrupt it.
    std::process::exit(0);
}

/// Twenty people: some approve, some decline, one is slow and one never answers.
fn crowd() -> SandboxBuilder {
    let people = (1..=20_u32).map(|number| {
        let reaction = match number {
            7 => Reaction::Ignore,
            13 => Reaction::ApproveAfter(Duration::from_secs(8)),
            _ if number % 5 == 0 => Reaction::DenyAfter(Duration::from_secs(2)),
            _ => Reaction::ApproveAfter(Duration::from_millis(200).saturating_mul(number)),
        };
        User::new(person(number)).reaction(reaction)
    });
    people.fold(Sandbox::builder().interval(Duration::from_secs(1)), SandboxBuilder::user)
}

fn person(number: u32) -> String {
    format!("person{number}@example.com")
}

/// What standard input would say: everybody, a stranger, and after a while that one of them is not needed any more.
async fn make_up(jobs: mpsc::Sender<Job>) {
    let everybody = (1..=20).map(person).chain(["stranger@example.com".to_owned()]);
    for line in everybody {
        hand_in(&jobs, &line).await;
    }
    tokio::time::sleep(Duration::from_secs(5)).await;
    hand_in(&jobs, &format!("cancel {}", person(7))).await;
}

async fn read_lines(jobs: mpsc::Sender<Job>) {
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        hand_in(&jobs, &line).await;
    }
}

/// Reads a line, and waits while the service has enough to do. One that has stopped takes no more jobs.
async fn hand_in(jobs: &mpsc::Sender<Job>, line: &str) {
    let job = match line.trim().split_once(' ') {
        Some(("cancel", email)) => email.parse().map(Job::Cancel),
        _ => line.parse().map(Job::Ask),
    };
    match job {
        Ok(job) => drop(jobs.send(job).await),
        Err(error) => tracing::warn!(%error, "not a job"),
    }
}

/// Fields, not sentences. The `Debug` of an [`Email`] is masked, so it can stand in a log.
fn log() {
    let targets =
        Targets::new().with_default(LevelFilter::INFO).with_target("authsec_ciba", LevelFilter::WARN);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    tracing_subscriber::registry().with(lines).with(targets).init();
}
