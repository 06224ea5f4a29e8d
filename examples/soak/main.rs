//! Everything at once, for as long as you like: `cargo run --release --example soak -- --minutes 10 --seed 1`.
//!
//! Many people sign in against an embedded fake server while the wire breaks in random ways. At the end it compares what
//! the client said with what the server knows, and what is left over with what there was at the start.

#![allow(clippy::arithmetic_side_effects, reason = "counters and clocks of a program")]

mod arguments;
mod audit;
mod chaos;
mod codes;
#[path = "../support/help.rs"]
mod help;
mod judgement;
mod other_runtime;
mod person;
mod process;
mod story;
mod waiting;

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use authsec_ciba::sandbox::{Sandbox, User};
use authsec_ciba::{CibaClient, PollPolicy, PushGuard, Usage};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use arguments::Arguments;
use audit::Audit;
use other_runtime::OtherRuntime;
use person::World;
use process::Process;

/// How long a request lives.
const LIFETIME: Duration = Duration::from_secs(15);
/// How long one HTTP request may take.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long the server keeps an idle connection open.
const KEEP_ALIVE: Duration = Duration::from_secs(5);
/// How long a code that may have been judged keeps its place.
const HELD: Duration = Duration::from_secs(30);
/// How many people wait with the keep-alive as their interval.
const LONERS: usize = 5;
/// So long after its arrival a request is over, whatever happened to it.
const SETTLED: Duration = Duration::from_secs(8);

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    if help::is_asked_for(arguments::HELP) {
        return Ok(ExitCode::SUCCESS);
    }
    let Some(arguments) = Arguments::read() else {
        print!("{}", arguments::HELP);
        return Ok(ExitCode::from(2));
    };
    println!("seed {}, {} people, {} minutes", arguments.seed, arguments.people, arguments.minutes);
    let before = Process::now();
    let audit = Arc::new(Audit::default());
    soak(&arguments, &audit, before).await?;
    // Closed sockets are gone when the runtime gets to it.
    let mut after = Process::now();
    for _ in 0..50 {
        if after.is_back_at(&before) {
            break;
        }
        sleep(Duration::from_millis(100)).await;
        after = Process::now();
    }
    audit.check(after.is_back_at(&before), || {
        format!("left over: {before:?} at the start, {after:?} at the end")
    });
    Ok(if audit.report() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn soak(arguments: &Arguments, audit: &Arc<Audit>, before: Process) -> Result<(), Box<dyn Error>> {
    let mut builder = Sandbox::builder().client("client", Some("secret")).lifetime(LIFETIME);
    builder = builder.interval(Duration::from_secs(1)).keep_alive(KEEP_ALIVE);
    for number in 0..arguments.people {
        builder =
            builder.user(User::new(person::email(number))).user(User::new(codes::email(number)).with_totp());
    }
    for number in 0..LONERS {
        builder = builder.user(User::new(loner(number)));
    }
    let sandbox = Arc::new(builder.start().await?);
    let client = client(&sandbox)?;
    // Few people whose interval is the server's keep-alive: their connections grow as old as they can.
    let lonely = self::client(&sandbox)?;

    let until = Instant::now() + Duration::from_secs_f64(arguments.minutes * 60.0);
    let seed =
        |number: usize| fastrand::Rng::with_seed(arguments.seed.wrapping_mul(1_000_003) + number as u64);
    let (other, other_thread) = OtherRuntime::start(seed(3_000_000), until, Arc::clone(audit))?;
    let world = World {
        client: client.clone(),
        other,
        sandbox: Arc::clone(&sandbox),
        audit: Arc::clone(audit),
        until,
        interval: None,
    };
    let mut people = JoinSet::new();
    for number in 0..arguments.people {
        people.spawn(person::live(person::email(number), seed(number), world.clone()));
    }
    for number in 0..LONERS {
        let world = World { client: lonely.clone(), interval: Some(KEEP_ALIVE), ..world.clone() };
        people.spawn(person::live(loner(number), seed(4_000_000 + number), world));
    }
    drop(world);
    for number in 0..arguments.people / 10 {
        let (client, sandbox, audit) = (client.clone(), Arc::clone(&sandbox), Arc::clone(audit));
        people.spawn(codes::live(number, seed(1_000_000 + number), until, client, sandbox, audit));
    }
    let chaos = tokio::spawn(chaos::reign(
        arguments.people,
        seed(2_000_000),
        until,
        Arc::clone(&sandbox),
        Arc::clone(audit),
    ));

    let heartbeat = tokio::spawn(process::watch_for_stalls(Arc::clone(audit)));
    let start = Instant::now();
    let mut samples = Vec::new();
    println!("    time  approvals  polling  memory     tasks  files");
    while Instant::now() < until {
        for _ in 0..5 {
            sleep(Duration::from_secs(1)).await;
            audit.read(&sandbox);
        }
        let process = Process::now();
        samples.push(process.memory);
        println!(
            "{:>6} s {:>10} {:>8} {:>4.1} MiB {:>9} {:>6}",
            start.elapsed().as_secs(),
            audit.acknowledged(),
            client.usage().live_polls,
            process.memory as f64 / 1_048_576.0,
            process.tasks - before.tasks,
            process.files - before.files,
        );
    }
    chaos.await??;
    // Whoever still waits when every request has long been over waits for ever.
    let rest = async {
        while let Some(person) = people.join_next().await {
            person?;
        }
        Ok::<_, tokio::task::JoinError>(())
    };
    match timeout(3 * LIFETIME + HELD, rest).await {
        Ok(ended) => ended?,
        Err(_) => audit.hang(people.len()),
    }
    people.shutdown().await;
    // The other runtime ends by itself.
    other_thread.join().map_err(|_| "the other runtime's thread panicked")?;
    // Everything expires, and the audit gets its last requests.
    for _ in 0..HELD.max(LIFETIME + SETTLED).as_secs() + 5 {
        sleep(Duration::from_secs(1)).await;
        audit.read(&sandbox);
    }
    heartbeat.abort();
    audit.close(&sandbox);
    process::check_memory(&samples, audit);
    for client in [client, lonely] {
        let polls = client.usage().live_polls;
        audit.check(polls == 0, || format!("{polls} polls are live, and nobody waits"));
        client.shutdown().await;
        let usage = client.usage();
        audit.check(usage == Usage::default(), || format!("the client still remembers {usage:?}"));
    }
    match Arc::try_unwrap(sandbox) {
        Ok(sandbox) => sandbox.stop().await,
        Err(_) => audit.check(false, || "somebody still holds the server".to_owned()),
    }
    Ok(())
}

fn loner(number: usize) -> String {
    format!("loner{number}@example.com")
}

fn client(sandbox: &Sandbox) -> Result<CibaClient, authsec_ciba::Error> {
    CibaClient::builder()
        .base_url(sandbox.base_url())
        .client_id("client")
        .client_secret("secret")
        .workspace_id(sandbox.workspace_id())
        .request_timeout(PATIENCE)
        .initiate_timeout(Duration::from_secs(35))
        .poll_policy(PollPolicy::default().backoff_cap(Duration::from_secs(4)))
        .push_guard(PushGuard::at_most(10_000).per(Duration::from_secs(5)))
        .totp_lock_duration(Duration::from_secs(3))
        .build()
}
