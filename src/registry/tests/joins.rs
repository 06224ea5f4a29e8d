use std::time::Duration;

use super::{
    Asked, Waiting, approved, denied, failed, id, initiate, key, life, registry, side_by_side, told, user,
    wait,
};
use crate::error::ErrorKind;
use crate::poll::UnderWay;

#[tokio::test]
async fn b13_f03_waits_of_one_id_share_its_one_request() {
    let registry = registry();
    let (mut first, mut second) = (wait(&registry, "id-1"), wait(&registry, "id-1"));
    let asked = first.asks().expect("nobody asks");
    assert!(second.asks().is_none(), "one id, one request");
    assert!(second.sees().is_some(), "and it is there for all");
    asked.hears(approved());
    assert!(first.is_told() && second.is_told());
    assert_eq!([first.told(), second.told()], ["approved", "approved"]);
    assert_eq!(registry.usage(), (0, 1));
}

#[tokio::test]
async fn b13_who_began_the_request_may_leave() {
    let registry = registry();
    let (first, mut second) = (wait(&registry, "id-1"), wait(&registry, "id-1"));
    let asked = first.asks().expect("nobody asks");
    drop(first);
    asked.hears(approved());
    assert_eq!(second.told(), "approved");
}

#[tokio::test]
async fn b13_f02_a_wait_that_begins_when_the_outcome_is_there_gets_it_too() {
    let registry = registry();
    let mut first = wait(&registry, "id-1");
    first.hears(approved());
    let mut second = wait(&registry, "id-1");
    assert!(!second.goes_on() && second.is_told());
    assert_eq!([second.told(), first.told()], ["approved", "approved"]);
}

#[tokio::test]
async fn b13_a_fatal_error_goes_to_every_wait_under_way_and_to_no_later_one() {
    let registry = registry();
    let (mut first, mut second) = (wait(&registry, "id-1"), wait(&registry, "id-1"));
    first.hears(failed());
    assert!(first.is_told() && second.is_told());
    let mut later = wait(&registry, "id-1");
    assert!(later.goes_on() && !later.is_told());
    assert_eq!([first.told(), second.told(), later.told()], ["network", "network", "nothing"]);
    later.hears(denied());
    assert_eq!(later.told(), "access_denied");
}

#[tokio::test]
async fn b13_an_error_is_told_also_where_the_id_goes_on() {
    let registry = registry();
    let (mut parked, second) = (wait(&registry, "id-1"), wait(&registry, "id-1"));
    second.hears(failed());
    let later = wait(&registry, "id-1");
    let asked = later.asks().expect("the error has ended the waits, not the id");
    assert_eq!(parked.told(), "network");
    asked.hears(approved());
    let mut second = second;
    assert_eq!(second.told(), "approved", "what came later is better than the error");
}

#[tokio::test]
async fn b13_b43_what_waits_for_its_place_leaves_with_the_last_wait() {
    let registry = registry();
    let (first, second) = (wait(&registry, "id-1"), wait(&registry, "id-1"));
    let queued = Asked::of(&first.slot, false).expect("nobody asks");
    assert_eq!(second.slot.see(0, |view| view.under_way).map(|seen| seen.0), Some(UnderWay::Queued));
    drop(first);
    assert!(second.sees().is_some());
    drop(second);
    assert!(queued.answer.is_closed(), "nobody waits: its place in the queue is free at once");
    assert!(queued.drive().is_ready(), "and it never leaves");
    let later = wait(&registry, "id-1");
    assert!(later.sees().is_none() && later.asks().is_some());
}

#[tokio::test]
async fn b14_a_wait_knows_whether_it_is_alone() {
    let registry = registry();
    let first = wait(&registry, "id-1");
    let alone = |waiting: &Waiting| waiting.slot.see(0, |view| view.alone).map(|seen| seen.0);
    assert_eq!(alone(&first), Some(true));
    let second = wait(&registry, "id-1");
    assert_eq!([alone(&first), alone(&second)], [Some(false); 2]);
    drop(first);
    assert_eq!(alone(&second), Some(true));
}

#[tokio::test]
async fn b12_the_pace_is_of_the_id_and_outlives_its_waits() {
    let registry = registry();
    let policy = crate::PollPolicy::default();
    for heard in 0..3 {
        let waiting = wait(&registry, "id-1");
        assert_eq!(waiting.joined.heard, heard);
        waiting.hears(super::News::Undecided);
        let floor = waiting.slot.pace(|pace, _| pace.floor(None, policy.minimum_interval));
        assert_eq!(floor, Duration::from_secs(5));
    }
}

#[tokio::test]
async fn b23_a_request_that_is_dropped_without_a_word_leaves_its_answer_missing() {
    let registry = registry();
    let waiting = wait(&registry, "id-1");
    let asked = waiting.asks().expect("nobody asks");
    asked.request.end();
    assert!(waiting.sees().is_none(), "the id is free");
    assert!(waiting.misses_an_answer());
    assert_eq!(waiting.slot.pace(|pace, _| pace.heard()), 2, "both count");
}

#[tokio::test]
async fn b12_what_never_left_is_no_poll() {
    let registry = registry();
    let waiting = wait(&registry, "id-1");
    let queued = Asked::of(&waiting.slot, false).expect("nobody asks");
    queued.request.end();
    assert_eq!(waiting.slot.pace(|pace, _| pace.heard()), 0);
    assert!(!waiting.misses_an_answer());
}

#[tokio::test]
async fn b35_f09_an_id_is_of_the_person_it_was_initiated_for() {
    let registry = registry();
    initiate(&registry, "id-1");
    let stranger = key("other@example.com");
    let refused = Waiting::joins(&registry, &stranger, "id-1", None).err().expect("an error");
    assert_eq!((refused.kind(), refused.field()), (ErrorKind::Input, Some("auth_req_id")));
    assert!(!format!("{refused:?} {refused}").contains("id-1"));
    assert_eq!(registry.usage(), (0, 1), "nothing was joined");
    assert!(wait(&registry, "id-1").goes_on());
    assert_eq!(registry.cancel(&stranger), 0);
}

#[tokio::test]
async fn b35_an_id_of_another_process_is_of_the_first_it_is_polled_for() {
    let registry = registry();
    drop(wait(&registry, "id-1"));
    let refused = Waiting::joins(&registry, &key("other@example.com"), "id-1", None).err().expect("an error");
    assert_eq!(refused.kind(), ErrorKind::Input);
    registry.cancel(&user());
    let refused = Waiting::joins(&registry, &key("other@example.com"), "id-1", None);
    assert!(refused.is_err(), "also when it has ended");
}

#[tokio::test(start_paused = true)]
async fn b35_whom_it_was_for_is_forgotten_with_the_record() {
    let registry = registry();
    drop(wait(&registry, "id-1"));
    super::advance(60 * 60 + 1).await;
    assert!(Waiting::joins(&registry, &key("other@example.com"), "id-1", None).is_ok());
}

#[tokio::test]
async fn b35_the_address_of_the_initiate_stays_as_it_was_written() {
    let registry = registry();
    initiate(&registry, "id-1");
    assert_eq!(wait(&registry, "id-1").slot.email().map(crate::Email::as_str), Some("User@example.com"));
    assert!(wait(&registry, "id-of-another-process").slot.email().is_none());
}

#[tokio::test]
async fn b32_a_wait_never_ends_another_id() {
    for registry in [registry(), side_by_side()] {
        let (first, second) = (wait(&registry, "id-1"), wait(&registry, "id-2"));
        assert!(first.goes_on() && second.goes_on());
        assert_eq!(registry.usage(), (2, 2));
        assert_eq!(registry.cancel(&user()), 2, "a cancel ends both");
    }
}

#[tokio::test]
async fn b14_what_a_caller_has_seen_of_the_acknowledgement_is_used() {
    let registry = registry();
    drop(wait(&registry, "id-1"));
    let life = life(60);
    let knowing = Waiting::joins(&registry, &user(), "id-1", Some(life)).expect("the user's");
    assert_eq!(knowing.slot.pace(|_, known| known), Some(life));
    let other = super::life(600);
    drop(Waiting::joins(&registry, &user(), "id-1", Some(other)));
    assert_eq!(knowing.slot.pace(|_, known| known), Some(life), "the first word counts");
}

#[tokio::test]
async fn c7_one_id_is_never_mixed_up_with_another() {
    let registry = registry();
    let waits: Vec<_> = (0..200)
        .map(|n| {
            Waiting::joins(&registry, &key(&format!("user{n}@example.com")), &format!("id-{n}"), None)
                .expect("theirs")
        })
        .collect();
    waits[7].hears(approved());
    for (n, mut waiting) in waits.into_iter().enumerate() {
        assert_eq!(waiting.told(), if n == 7 { "approved" } else { "nothing" });
        assert_eq!(*waiting.slot.id(), id(&format!("id-{n}")));
    }
    assert_eq!(told(&registry, "id-of-nobody"), "nothing");
}
