//! The wire at its worst.

use std::sync::Arc;
use std::time::Duration;

use authsec_ciba::sandbox::{Call, Fault, Sandbox};
use fastrand::Rng;
use tokio::time::{Instant, sleep};

use crate::audit::Audit;

fn fault(random: &mut Rng) -> Fault {
    let pause = Duration::from_millis(random.u64(1..1_000));
    match random.u8(..22) {
        0 => Fault::Hang,
        1 => Fault::HangAfter,
        2 => Fault::ResetBefore,
        3 => Fault::ResetAfter,
        4 => Fault::CloseBefore,
        5 => Fault::CloseAfter,
        6 => Fault::CutBody { keep: random.usize(..60) },
        7 => Fault::CutAfterCompleteJson,
        8 => Fault::SlowHeaders(Duration::from_millis(random.u64(1..20))),
        9 => Fault::SlowBody(Duration::from_millis(random.u64(1..20))),
        10 => Fault::Delay(pause),
        11 => Fault::DelayAfter(pause),
        12 => Fault::html_502(),
        13 => Fault::unavailable_503(Some("1")),
        14 => Fault::too_many_requests_429(None),
        15 => Fault::slow_down(if random.bool() { 400 } else { 429 }),
        16 => Fault::empty_200(),
        17 => Fault::json_array(),
        18 => Fault::truncated_gzip(),
        19 => Fault::server_error_200(),
        20 => Fault::EndlessBody,
        _ => Fault::ExtraMembers,
    }
}

/// About one request in ten meets a fault.
pub(crate) async fn reign(
    people: usize,
    mut random: Rng,
    until: Instant,
    sandbox: Arc<Sandbox>,
    audit: Arc<Audit>,
) -> std::io::Result<()> {
    let mut next_outage = Instant::now() + Duration::from_secs(random.u64(8..20));
    while Instant::now() < until {
        sleep(Duration::from_millis(random.u64(5..60))).await;
        for _ in 0..people.div_ceil(300) {
            let call = match random.u8(..10) {
                0 => Call::Initiate,
                1 => Call::Totp,
                _ => Call::Poll,
            };
            if sandbox.faults().queued() < 10 + people / 30 {
                sandbox.faults().next(call, fault(&mut random));
            }
        }
        if Instant::now() >= next_outage {
            let gone = Instant::now();
            sandbox.go_down().await?;
            sleep(Duration::from_millis(random.u64(100..4_000))).await;
            sandbox.come_back().await?;
            audit.outage(gone, Instant::now());
            next_outage = Instant::now() + Duration::from_secs(random.u64(10..30));
        }
    }
    sandbox.faults().clear();
    Ok(())
}
