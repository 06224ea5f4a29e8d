use super::{TotpLockout, advance, attempts, claim, free, key, locked, wrong};

#[tokio::test(start_paused = true)]
async fn c32_b61_a_flood_of_emails_does_not_lift_a_lock_and_leaves_nothing_behind() {
    let attempts = attempts(TotpLockout::ResetByCancel);
    for _ in 0..3 {
        wrong(&attempts);
    }
    for n in 0..50_000 {
        let attempt =
            attempts.claim(key(&format!("user{n}@flood.example"))).unwrap_or_else(|_| panic!("free"));
        if n % 2 == 0 { attempt.refund() } else { attempt.hold() }
    }
    locked(&attempts);
    assert_eq!(attempts.remembered(), 25_001, "what was given back is not remembered");
    advance(30).await;
    for n in 0..25_000 {
        attempts.claim(key(&format!("user{n}@later.example"))).unwrap_or_else(|_| panic!("free")).refund();
    }
    assert_eq!(attempts.people.len(), 1, "held places end with their code, and the calls sweep them out");
    locked(&attempts);
    advance(15 * 60).await;
    assert_eq!(attempts.remembered(), 0);
}

#[tokio::test(start_paused = true)]
async fn b61_a_sweep_runs_with_the_claims_and_spares_what_is_under_way() {
    let attempts = attempts(TotpLockout::ResetByCancel);
    let under_way = claim(&attempts);
    for n in 0..1_000 {
        attempts.claim(key(&format!("user{n}@flood.example"))).unwrap_or_else(|_| panic!("free")).hold();
    }
    advance(31).await;
    for _ in 0..1_000 {
        drop(attempts.claim(key("somebody@example.com")));
    }
    assert_eq!(attempts.people.len(), 1, "swept by the claims, without being asked how many there are");
    advance(24 * 60 * 60).await;
    assert_eq!(attempts.remembered(), 1);
    under_way.refund();
    assert_eq!((attempts.remembered(), free(&attempts)), (0, 3));
}
