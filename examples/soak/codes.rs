//! Somebody who types codes, some of them wrong.

use std::sync::Arc;
use std::time::Duration;

use authsec_ciba::sandbox::Sandbox;
use authsec_ciba::{CibaClient, TotpOutcome};
use fastrand::Rng;
use tokio::time::{Instant, sleep};

use crate::audit::Audit;

pub(crate) fn email(number: usize) -> String {
    format!("typist{number}@example.com")
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
    let app = sandbox.authenticator(&email);
    while Instant::now() < until {
        sleep(Duration::from_millis(random.u64(100..2_000))).await;
        let is_right = random.u8(..4) == 0;
        let code = if is_right { app.code() } else { app.wrong_code() };
        match client.verify_totp(&email, &code).await {
            Ok(TotpOutcome::Verified(verified)) => {
                audit.verified(&email, verified.token().expose_secret());
                audit.check(is_right, || "a wrong code let somebody in".to_owned());
            }
            Ok(TotpOutcome::TooManyRetries { .. }) => audit.count("totp locked"),
            Ok(TotpOutcome::InvalidCode { .. }) => audit.count("totp invalid_code"),
            Err(_) => audit.count("totp error"),
        }
        if random.u8(..10) == 0 {
            let _ = client.cancel_approval(&email).await;
        }
    }
}
