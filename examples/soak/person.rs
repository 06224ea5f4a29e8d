//! Somebody who signs in again and again, and what the program around them does with it.

use std::future::IntoFuture as _;
use std::sync::Arc;
use std::time::Duration;

use authsec_ciba::sandbox::Sandbox;
use authsec_ciba::{CibaClient, PendingApproval, PollStatus};
use fastrand::Rng;
use tokio::time::{Instant, sleep, timeout};

use crate::audit::Audit;
use crate::story::End;

pub(crate) fn email(number: usize) -> String {
    format!("person{number}@example.com")
}

fn up_to(random: &mut Rng, seconds: u64) -> Duration {
    Duration::from_millis(random.u64(..seconds * 1_000))
}

pub(crate) async fn live(
    number: usize,
    mut random: Rng,
    until: Instant,
    client: CibaClient,
    sandbox: Arc<Sandbox>,
    audit: Arc<Audit>,
) {
    let email = email(number);
    sleep(up_to(&mut random, 3)).await;
    while Instant::now() < until {
        let Some(pending) = initiate(&client, &email, &audit).await else {
            sleep(Duration::from_millis(500)).await;
            continue;
        };
        answer(&mut random, &pending, &sandbox, &audit);
        wait(&mut random, &client, pending, &audit).await;
    }
}

async fn initiate(client: &CibaClient, email: &str, audit: &Audit) -> Option<PendingApproval> {
    match client.initiate_app_approval(email).await {
        Ok(pending) => {
            audit.began(pending.auth_req_id().expose_secret());
            Some(pending)
        }
        Err(error) => {
            audit.not_begun(error.may_have_reached_server());
            None
        }
    }
}

/// The person looks at the phone, sooner or later or not at all.
fn answer(random: &mut Rng, pending: &PendingApproval, sandbox: &Arc<Sandbox>, audit: &Arc<Audit>) {
    let approves = match random.u8(..20) {
        0..11 => true,
        11..14 => false,
        _ => return,
    };
    let (looks, email) = (up_to(random, 9), pending.email().as_str().to_owned());
    let id = pending.auth_req_id().expose_secret().to_owned();
    let (sandbox, audit) = (Arc::downgrade(sandbox), Arc::clone(audit));
    tokio::spawn(async move {
        sleep(looks).await;
        let Some(sandbox) = sandbox.upgrade() else { return };
        audit.answers(&id, approves);
        let phone = sandbox.phone(&email);
        // Too late is fine: then it has expired.
        let _ = if approves { phone.approve_id(&id) } else { phone.deny_id(&id) };
    });
}

async fn wait(random: &mut Rng, client: &CibaClient, pending: PendingApproval, audit: &Arc<Audit>) {
    let (email, id) = (pending.email().as_str().to_owned(), pending.auth_req_id().expose_secret().to_owned());
    let later = up_to(random, 12);
    match random.u8(..20) {
        // Awaits it.
        0..5 => audit.ended(&id, End::of(pending.wait().await)),
        // Lets it run.
        5..10 => audit.ended(&id, End::of(pending.wait().spawn().await)),
        // Thinks better of it.
        10..12 => {
            let task = pending.wait().spawn();
            sleep(later).await;
            audit.stops(&id);
            let _ = client.cancel_approval(email.to_uppercase()).await;
            audit.ended(&id, End::of(task.await));
        }
        // Asks again elsewhere: the newer request counts.
        12..14 => {
            let task = pending.wait().spawn();
            sleep(later).await;
            audit.stops(&id);
            let older = async { audit.ended(&id, End::of(task.await)) };
            let newer = async {
                if let Some(newer) = initiate(client, &email, audit).await {
                    let newer_id = newer.auth_req_id().expose_secret().to_owned();
                    audit.ended(&newer_id, End::of(newer.wait().await));
                }
            };
            tokio::join!(older, newer);
        }
        // Hangs up, and comes back.
        14..16 => {
            audit.drops(&id);
            if let Ok(end) = timeout(later, pending.wait().into_future()).await {
                audit.ended(&id, End::of(end));
            } else {
                let task = pending.wait().spawn();
                sleep(Duration::from_millis(random.u64(..50))).await;
                drop(task);
                audit.ended(&id, End::of(pending.wait().await));
            }
        }
        // Opens a second window on the same request.
        16 => {
            audit.drops(&id);
            let first = pending.wait().spawn();
            sleep(later).await;
            let second = End::of(pending.wait().await);
            match End::of(first.await) {
                // It was taken over; the second has the say.
                End::Cancelled => {}
                end => audit.ended(&id, end),
            }
            audit.ended(&id, second);
        }
        // Has little time.
        17 => {
            audit.stops(&id);
            audit.ended(&id, End::of(pending.wait().timeout(later).await));
        }
        // Looks now and then, as a web page does.
        _ => {
            audit.drops(&id);
            loop {
                match pending.wait().once().await {
                    Ok(PollStatus::Pending { .. }) => sleep(Duration::from_millis(300)).await,
                    Ok(PollStatus::Ended(outcome)) => break audit.ended(&id, End::of(Ok(outcome))),
                    // A single look does not go on by itself.
                    Err(error) if error.is_retryable() => sleep(Duration::from_millis(300)).await,
                    Err(error) => break audit.ended(&id, End::of(Err(error))),
                }
            }
        }
    }
}
