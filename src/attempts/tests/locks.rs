use std::time::Duration;

use super::{
    Departure, LOCK, TotpLockout, advance, attempts, claim, free, key, locked, unjudged, user, wrong,
};

#[tokio::test(start_paused = true)]
async fn b50_three_wrong_codes_then_the_lock() {
    let attempts = attempts(TotpLockout::ResetByCancel);
    assert_eq!([wrong(&attempts), wrong(&attempts), wrong(&attempts)], [2, 1, 0]);
    assert_eq!(locked(&attempts), LOCK);
    assert!(attempts.claim(key("other@example.com")).is_ok(), "nobody else is locked");
}

#[tokio::test(start_paused = true)]
async fn b52_the_lock_ends_by_itself_after_fifteen_minutes() {
    let attempts = attempts(TotpLockout::Strict);
    for _ in 0..3 {
        wrong(&attempts);
    }
    advance(15 * 60 - 1).await;
    assert_eq!(locked(&attempts), Duration::from_secs(1));
    advance(1).await;
    assert_eq!(free(&attempts), 3);
}

#[tokio::test(start_paused = true)]
async fn b52_the_lock_counts_from_the_last_wrong_code_and_refused_claims_do_not_lengthen_it() {
    let attempts = attempts(TotpLockout::ResetByCancel);
    wrong(&attempts);
    advance(600).await;
    wrong(&attempts);
    advance(600).await;
    assert_eq!(wrong(&attempts), 0, "20 minutes behind the first, but never 15 without a wrong one");
    for _ in 0..14 {
        advance(60).await;
        locked(&attempts);
    }
    advance(60).await;
    assert_eq!(free(&attempts), 3);
}

#[tokio::test(start_paused = true)]
async fn b61_wrong_codes_below_the_lock_are_forgotten_too() {
    let attempts = attempts(TotpLockout::ResetByCancel);
    wrong(&attempts);
    wrong(&attempts);
    assert_eq!(free(&attempts), 1);
    advance(15 * 60).await;
    assert_eq!(free(&attempts), 3);
}

#[tokio::test(start_paused = true)]
async fn b52_a_right_code_resets_to_three() {
    let attempts = attempts(TotpLockout::Strict);
    wrong(&attempts);
    wrong(&attempts);
    assert_eq!(claim(&attempts).right(), 3);
    assert_eq!(free(&attempts), 3);
    assert_eq!(wrong(&attempts), 2);
}

#[tokio::test(start_paused = true)]
async fn b52_a_cancel_resets_to_three() {
    let attempts = attempts(TotpLockout::ResetByCancel);
    for _ in 0..3 {
        wrong(&attempts);
    }
    attempts.reset_by_cancel(&key("other@example.com"));
    assert_eq!(locked(&attempts), LOCK, "another's cancel");
    attempts.reset_by_cancel(&user());
    assert_eq!(free(&attempts), 3);
    attempts.reset_by_cancel(&user());
    assert_eq!((free(&attempts), attempts.remembered()), (3, 0), "twice, and when nothing runs");
}

#[tokio::test(start_paused = true)]
async fn b52_strict_takes_the_reset_by_cancel_away() {
    let attempts = attempts(TotpLockout::Strict);
    wrong(&attempts);
    attempts.reset_by_cancel(&user());
    assert_eq!(wrong(&attempts), 1);
    wrong(&attempts);
    attempts.reset_by_cancel(&user());
    assert_eq!(locked(&attempts), LOCK);
}

#[tokio::test(start_paused = true)]
async fn b52_a_cancel_gives_no_places_beyond_those_under_way() {
    let attempts = attempts(TotpLockout::ResetByCancel);
    let under_way: Vec<_> = (0..3).map(|_| claim(&attempts)).collect();
    attempts.reset_by_cancel(&user());
    assert_eq!(unjudged(&attempts), None, "three are still on their way");
    let left: Vec<_> = under_way.into_iter().map(|attempt| attempt.wrong()).collect();
    assert_eq!(left, [0, 0, 0], "none is left while the others are out");
    assert_eq!(locked(&attempts), LOCK, "all three count: the cancel came before their answers");
}

#[tokio::test(start_paused = true)]
async fn b51_what_was_not_judged_counts_nothing() {
    let attempts = attempts(TotpLockout::ResetByCancel);
    for _ in 0..10 {
        let mut attempt = claim(&attempts);
        attempt.sending(Departure::gone());
        attempt.refund();
    }
    for _ in 0..10 {
        drop(claim(&attempts));
    }
    assert_eq!((free(&attempts), attempts.remembered()), (3, 0));
}

/// Dropped while its connection is made; what comes of the connection sends nothing any more.
#[tokio::test(start_paused = true)]
async fn f40_b51_a_code_that_has_not_left_keeps_no_place() {
    let attempts = attempts(TotpLockout::ResetByCancel);
    let departure = Departure::default();
    let mut dialling = claim(&attempts);
    dialling.sending(departure.clone());
    assert_eq!(free(&attempts), 2, "while it is under way it has its place");
    drop(dialling);
    assert_eq!((free(&attempts), attempts.remembered()), (3, 0));
    assert!(!departure.leaves());
}

#[tokio::test(start_paused = true)]
async fn b51_a_code_that_may_have_been_sent_keeps_its_place_for_thirty_seconds() {
    let attempts = attempts(TotpLockout::ResetByCancel);
    claim(&attempts).hold();
    advance(10).await;
    let mut dropped = claim(&attempts);
    dropped.sending(Departure::gone());
    drop(dropped);
    assert_eq!(free(&attempts), 1);
    assert_eq!(wrong(&attempts), 0);
    assert_eq!(unjudged(&attempts), Some(Duration::from_secs(20)), "the first of the two places");
    advance(19).await;
    assert_eq!(free(&attempts), 0);
    advance(1).await;
    assert_eq!(free(&attempts), 1);
    advance(10).await;
    assert_eq!(free(&attempts), 2, "the wrong one stays");
}

#[tokio::test(start_paused = true)]
async fn b52_a_right_code_and_a_cancel_free_the_held_places_too() {
    for by_cancel in [true, false] {
        let attempts = attempts(TotpLockout::ResetByCancel);
        let last = claim(&attempts);
        claim(&attempts).hold();
        claim(&attempts).hold();
        assert_eq!(free(&attempts), 0);
        if by_cancel {
            last.refund();
            attempts.reset_by_cancel(&user());
        } else {
            assert_eq!(last.right(), 3);
        }
        assert_eq!(free(&attempts), 3);
    }
}

#[tokio::test(start_paused = true)]
async fn b60_another_letter_case_gives_no_fresh_attempts() {
    let attempts = attempts(TotpLockout::ResetByCancel);
    for email in ["user@example.com", "User@Example.COM", " USER@EXAMPLE.COM "] {
        attempts.claim(key(email)).unwrap_or_else(|_| panic!("{email}")).wrong();
    }
    locked(&attempts);
}

#[tokio::test(start_paused = true)]
async fn f39_b51_what_was_not_judged_is_never_called_wrong() {
    let attempts = attempts(TotpLockout::ResetByCancel);
    // 3 held; 2 and 1 wrong; 2 held and 1 under way; 3 under way.
    for (wrongs, held, waiting) in
        [(0, 3, 0), (1, 2, 0), (2, 1, 0), (0, 2, 1), (1, 1, 1), (0, 0, 3), (2, 0, 1)]
    {
        for _ in 0..wrongs {
            wrong(&attempts);
        }
        for _ in 0..held {
            claim(&attempts).hold();
        }
        let under_way: Vec<_> = (0..waiting).map(|_| claim(&attempts)).collect();
        let wait = (held > 0).then_some(Duration::from_secs(30));
        assert_eq!(unjudged(&attempts), wait, "{wrongs} {held} {waiting}");
        drop(under_way);
        attempts.reset_by_cancel(&user());
    }
    for _ in 0..3 {
        wrong(&attempts);
    }
    assert_eq!(locked(&attempts), LOCK);
}

#[tokio::test(start_paused = true)]
async fn b52_a_code_under_way_when_a_cancel_comes_keeps_its_place_if_nobody_judges_it() {
    let attempts = attempts(TotpLockout::ResetByCancel);
    claim(&attempts).hold();
    let mut under_way = claim(&attempts);
    under_way.sending(Departure::gone());
    attempts.reset_by_cancel(&user());
    assert_eq!(free(&attempts), 2, "the held one is free again, the one under way is not");
    drop(under_way);
    assert_eq!(free(&attempts), 2, "it may have been judged");
    advance(30).await;
    assert_eq!((free(&attempts), attempts.remembered()), (3, 0));
}
