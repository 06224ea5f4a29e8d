use super::{TotpLockout, advance, attempts, claim, free, key, refused, wrong};

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
    assert!(refused(&attempts).is_some(), "the lock survives");
    assert_eq!(attempts.remembered(), 25_001, "what was given back is not remembered");
    advance(30).await;
    assert_eq!(attempts.remembered(), 1, "held places end with their code");
    assert!(refused(&attempts).is_some());
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
    drop(attempts.claim(key("somebody@example.com")));
    let remembered = crate::sync::lock(&attempts.counts).people.len();
    assert_eq!(remembered, 1, "swept by a claim, without being asked how many there are");
    advance(24 * 60 * 60).await;
    assert_eq!(attempts.remembered(), 1);
    under_way.refund();
    assert_eq!((attempts.remembered(), free(&attempts)), (0, 3));
}
