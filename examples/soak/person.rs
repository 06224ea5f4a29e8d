//! Somebody who signs in again and again, and what the program around them does with it.

use std::sync::Arc;
use std::time::Duration;

use authsec_ciba::sandbox::Sandbox;
use authsec_ciba::{CibaClient, PendingApproval};
use fastrand::Rng;
use tokio::time::{Instant, sleep};

use crate::audit::Audit;
use crate::other_runtime::OtherRuntime;
use crate::waiting::Waiting;

pub(crate) fn email(number: usize) -> String {
    format!("person{number}@example.com")
}

/// What all people have in common.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) client: CibaClient,
    pub(crate) other: OtherRuntime,
    pub(crate) sandbox: Arc<Sandbox>,
    pub(crate) audit: Arc<Audit>,
    pub(crate) until: Instant,
    /// The caller's own interval.
    pub(crate) interval: Option<Duration>,
}

pub(crate) fn up_to(random: &mut Rng, seconds: u64) -> Duration {
    Duration::from_millis(random.u64(..seconds * 1_000))
}

pub(crate) async fn live(email: String, mut random: Rng, world: World) {
    sleep(up_to(&mut random, 3)).await;
    while Instant::now() < world.until {
        let Some(pending) = world.initiate(&email).await else {
            sleep(Duration::from_millis(500)).await;
            continue;
        };
        world.answer(&mut random, &pending);
        Waiting::new(&world, pending).go_on(&mut random).await;
    }
}

impl World {
    pub(crate) async fn initiate(&self, email: &str) -> Option<PendingApproval> {
        match self.client.initiate_app_approval(email).await {
            Ok(pending) => {
                self.audit.began(pending.auth_req_id().expose_secret());
                Some(pending)
            }
            Err(error) => {
                self.audit.not_begun(error.may_have_reached_server());
                None
            }
        }
    }

    /// The person looks at the phone, sooner or later or not at all.
    fn answer(&self, random: &mut Rng, pending: &PendingApproval) {
        let approves = match random.u8(..20) {
            0..11 => true,
            11..14 => false,
            _ => return,
        };
        let (looks, email) = (up_to(random, 9), pending.person().as_str().to_owned());
        let id = pending.auth_req_id().expose_secret().to_owned();
        let (sandbox, audit) = (Arc::downgrade(&self.sandbox), Arc::clone(&self.audit));
        tokio::spawn(async move {
            sleep(looks).await;
            let Some(sandbox) = sandbox.upgrade() else { return };
            audit.answers(&id, approves);
            let phone = sandbox.phone(&email);
            // Too late is fine: then it has expired.
            let _ = if approves { phone.approve_id(&id) } else { phone.deny_id(&id) };
        });
    }
}
