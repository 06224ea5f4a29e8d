//! The Rust side of `tests/interop`: makes the calls that its arguments name, one after the other, and prints one JSON
//! line for each, in the words of the API reference. It shows no token and no id.

use std::process::ExitCode;
use std::time::Duration;

use authsec_ciba::{
    ApiRoutes, ApprovalOutcome, ApprovalTask, AuthReqId, CibaClient, Error, PollForApproval, TotpOutcome,
};
use serde_json::json;
use tokio::time::{Instant, sleep};

const HELP: &str = "\
interop_client --base-url URL [--routes workspace|oauth|tenant|unprefixed] [--client-id ID] [--client-secret SECRET]
               [--workspace-id ID] [--email EMAIL] CALL...

  initiate                                  a push; the later calls are about its auth_req_id
  adopt:ID                                  the later calls are about this auth_req_id
  poll:INTERVAL:TIMEOUT[:CANCEL_AFTER]      in seconds; with a cancel that long after its start
  spawn:INTERVAL:TIMEOUT                    a poll beside the calls that follow; its line comes last
  cancel
  totp:CODE
";

struct Caller {
    client: CibaClient,
    email: String,
    auth_req_id: Option<AuthReqId>,
    spawned: Vec<ApprovalTask>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let (mut caller, calls) = match read(std::env::args().skip(1)) {
        Ok(read) => read,
        Err(why) => {
            eprintln!("{why}\n\n{HELP}");
            return ExitCode::from(2);
        }
    };
    for call in &calls {
        match caller.make(call).await {
            Ok(true) => {}
            // As `?` would do it: without an acknowledgement there is nothing to poll for.
            Ok(false) => break,
            Err(why) => {
                eprintln!("{call}: {why}\n\n{HELP}");
                return ExitCode::from(2);
            }
        }
    }
    for task in caller.spawned {
        print("spawn", &polled(task.await), None);
    }
    ExitCode::SUCCESS
}

fn read(mut words: impl Iterator<Item = String>) -> Result<(Caller, Vec<String>), String> {
    let mut builder = CibaClient::builder();
    let mut has_client = false;
    let (mut email, mut calls) = ("user@example.com".to_owned(), Vec::new());
    while let Some(word) = words.next() {
        if !word.starts_with("--") {
            calls.push(word);
            continue;
        }
        let value = words.next().ok_or_else(|| format!("{word} needs a value"))?;
        builder = match word.as_str() {
            "--base-url" => builder.base_url(value),
            "--routes" => builder.routes(routes(&value)?),
            "--client-id" => {
                has_client = true;
                builder.client_id(value)
            }
            "--client-secret" => builder.client_secret(value),
            "--workspace-id" => builder.workspace_id(value),
            "--email" => {
                email = value;
                builder
            }
            _ => return Err(format!("unknown option {word}")),
        };
    }
    let builder = if has_client { builder } else { builder.admin() };
    let client = builder.build().map_err(|error| error.to_string())?;
    Ok((Caller { client, email, auth_req_id: None, spawned: Vec::new() }, calls))
}

fn routes(name: &str) -> Result<ApiRoutes, String> {
    match name {
        "workspace" => Ok(ApiRoutes::Workspace),
        "oauth" => Ok(ApiRoutes::OAuth),
        "tenant" => Ok(ApiRoutes::Tenant),
        "unprefixed" => Ok(ApiRoutes::Unprefixed),
        _ => Err(format!("no routes are named {name:?}")),
    }
}

impl Caller {
    /// Makes one call. `false`: the ones after it make no sense any more.
    async fn make(&mut self, call: &str) -> Result<bool, String> {
        let words: Vec<&str> = call.split(':').collect();
        match words.as_slice() {
            ["initiate"] => return Ok(self.initiate().await),
            ["adopt", id] => self.auth_req_id = Some(AuthReqId::new(*id).map_err(|error| error.to_string())?),
            ["poll", interval, timeout] => {
                print("poll", &polled(self.poll(interval, timeout)?.await), None);
            }
            ["poll", interval, timeout, cancel_after] => {
                let task = self.poll(interval, timeout)?.spawn();
                self.cancel_during(task, seconds(cancel_after)?).await;
            }
            ["spawn", interval, timeout] => {
                let task = self.poll(interval, timeout)?.spawn();
                self.spawned.push(task);
            }
            ["cancel"] => {
                let cancelled = self.client.cancel_approval(&self.email).await;
                print(
                    "cancel",
                    &cancelled.map_or_else(|error| failed(&error), |it| it.status().into()),
                    None,
                );
            }
            ["totp", code] => {
                print("totp", &verified(self.client.verify_totp(&self.email, code).await), None);
            }
            _ => return Err("no such call".to_owned()),
        }
        Ok(true)
    }

    async fn initiate(&mut self) -> bool {
        match self.client.initiate_app_approval(&self.email).await {
            Ok(pending) => {
                self.auth_req_id = Some(pending.auth_req_id().clone());
                print("initiate", "acknowledged", None);
            }
            Err(error) => {
                print("initiate", &failed(&error), None);
                return false;
            }
        }
        true
    }

    fn poll(&self, interval: &str, timeout: &str) -> Result<PollForApproval, String> {
        let id = self.auth_req_id.as_ref().ok_or("no initiate and no adopt stands before it")?;
        let poll = self.client.poll_for_approval(&self.email, id);
        Ok(poll.interval(seconds(interval)?).timeout(seconds(timeout)?))
    }

    /// Says how long after the cancel the poll came back.
    async fn cancel_during(&self, task: ApprovalTask, after: Duration) {
        sleep(after).await;
        let in_time = !task.is_finished();
        let cancelled = self.client.cancel_approval(&self.email).await;
        let at = Instant::now();
        let text = polled(task.await);
        print("poll", &text, (in_time && cancelled.is_ok()).then(|| at.elapsed()));
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let number = text.parse::<f64>().ok().and_then(|number| Duration::try_from_secs_f64(number).ok());
    number.ok_or_else(|| format!("{text} is not a number of seconds"))
}

fn polled(outcome: Result<ApprovalOutcome, Error>) -> String {
    match outcome {
        Ok(ApprovalOutcome::Approved(approval)) => {
            format!("approved, token of {} characters", approval.token().expose_secret().len())
        }
        Ok(other) => other.status().to_owned(),
        Err(error) => failed(&error),
    }
}

fn verified(outcome: Result<TotpOutcome, Error>) -> String {
    match outcome {
        Ok(TotpOutcome::Verified(login)) => {
            let (left, length) = (login.remaining(), login.token().expose_secret().len());
            format!("success/{left}, token of {length} characters")
        }
        Ok(other) => format!("{}/{}", other.error_code().unwrap_or("success"), other.remaining()),
        Err(error) => failed(&error),
    }
}

fn failed(error: &Error) -> String {
    match error.code() {
        Some(code) => format!("Err({:?}: {code})", error.kind()),
        None => format!("Err({:?})", error.kind()),
    }
}

fn print(call: &str, returned: &str, late: Option<Duration>) {
    println!(
        "{}",
        json!({ "call": call, "returned": returned, "late": late.map(|late| late.as_secs_f64()) })
    );
}
