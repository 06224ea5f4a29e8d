//! The keys of an issuer, on the paused clock (O-72 to O-79).

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::rules;
use super::signing::{Key, set};
use crate::error::{Error, ErrorKind};
use crate::openid::id_token::Unverified;
use crate::openid::key_set::KeySet;
use crate::openid::keys::{Fetched, Fetching, Keys, Source};

/// What comes at each fetch, or that nothing does; the last stays. And when each was.
#[derive(Clone, Default)]
struct Place(Arc<Mutex<(VecDeque<Option<String>>, Vec<Instant>)>>);

impl Place {
    fn holds(&self, sets: impl IntoIterator<Item = Option<String>>) {
        self.0.lock().expect("a lock").0 = sets.into_iter().collect();
    }

    fn fetched(&self, start: Instant) -> Vec<u128> {
        let fetched = &self.0.lock().expect("a lock").1;
        fetched.iter().map(|at| at.duration_since(start).as_millis()).collect()
    }
}

impl Source for Place {
    fn fetch(&self, _: Instant) -> Fetching<'_> {
        Box::pin(async move {
            let next = {
                let mut place = self.0.lock().expect("a lock");
                place.1.push(Instant::now());
                if place.0.len() > 1 {
                    place.0.pop_front().flatten()
                } else {
                    place.0.front().cloned().flatten()
                }
            };
            sleep(Duration::from_millis(10)).await;
            let set = next.and_then(|json| KeySet::read(json.as_bytes()));
            let set = set.ok_or_else(|| Error::new(ErrorKind::Network, "no answer"))?;
            Ok(Fetched { set, max_age: None })
        })
    }
}

fn keys_at(place: &Place) -> Keys {
    Keys::new(Box::new(place.clone()))
}

async fn verify(keys: &Keys, token: &str) -> Result<(), Error> {
    keys.verify(&Unverified::read(token, &rules()).expect("a signed token")).await
}

#[tokio::test(start_paused = true)]
async fn o72_keys_are_fetched_once_for_all() {
    let (place, one) = (Place::default(), Key::new("one"));
    place.holds([Some(set(&[&one]))]);
    let keys = keys_at(&place);
    keys.load().await.expect("keys");
    for at in 0..100 {
        verify(&keys, &one.sign(&format!(r#"{{"n":{at}}}"#))).await.expect("a right signature");
    }
    assert_eq!(place.fetched(Instant::now()).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn o79_a_key_that_is_not_there_is_fetched_at_once() {
    let (place, one, two) = (Place::default(), Key::new("one"), Key::new("two"));
    place.holds([Some(set(&[&one])), Some(set(&[&two]))]);
    let keys = keys_at(&place);
    keys.load().await.expect("keys");
    sleep(Duration::from_secs(60)).await;
    let start = Instant::now();
    verify(&keys, &two.sign("{}")).await.expect("the new key");
    assert_eq!(start.elapsed(), Duration::from_millis(10));
    let error = verify(&keys, &one.sign("{}")).await.expect_err("the old key is gone");
    assert_eq!((error.kind(), error.field()), (ErrorKind::IdToken, Some("signature")));
    assert!(start.elapsed() < Duration::from_secs(6));
}

#[tokio::test(start_paused = true)]
async fn o74_a_rotation_seconds_ago_waits_for_the_next_permitted_fetch() {
    let (place, one, two) = (Place::default(), Key::new("one"), Key::new("two"));
    place.holds([Some(set(&[&one])), Some(set(&[&two]))]);
    let keys = keys_at(&place);
    let start = Instant::now();
    keys.load().await.expect("keys");
    sleep(Duration::from_secs(1)).await;
    verify(&keys, &two.sign("{}")).await.expect("the new key");
    assert_eq!(place.fetched(start), [0, 5_000]);
}

#[tokio::test(start_paused = true)]
async fn o74_ten_thousand_forged_tokens_cause_one_fetch() {
    let (place, one) = (Place::default(), Key::new("one"));
    place.holds([Some(set(&[&one]))]);
    let keys = Arc::new(keys_at(&place));
    keys.load().await.expect("keys");
    sleep(Duration::from_secs(60)).await;
    let forged: Arc<str> = Key::new("forged").sign("{}").into();
    let mut checks = tokio::task::JoinSet::new();
    for _ in 0..10_000 {
        let (keys, forged) = (Arc::clone(&keys), Arc::clone(&forged));
        checks.spawn(async move { verify(&keys, &forged).await.is_err() });
    }
    assert!(checks.join_all().await.into_iter().all(|refused| refused));
    assert_eq!(place.fetched(Instant::now()).len(), 2);
}

#[tokio::test(start_paused = true)]
async fn o74_at_most_ten_fetches_in_five_minutes() {
    let (place, one) = (Place::default(), Key::new("one"));
    place.holds([Some(set(&[&one]))]);
    let keys = keys_at(&place);
    let start = Instant::now();
    keys.load().await.expect("keys");
    while start.elapsed() < Duration::from_secs(295) {
        verify(&keys, &Key::new("forged").sign("{}")).await.expect_err("forged");
        sleep(Duration::from_millis(100)).await;
    }
    let fetched: Vec<_> = place.fetched(start).into_iter().filter(|at| *at < 300_000).collect();
    assert_eq!(fetched.len(), 10, "{fetched:?}");
    assert!(fetched.windows(2).all(|pair| pair[1] - pair[0] >= 5_000), "{fetched:?}");
    let begun = Instant::now();
    verify(&keys, &one.sign("{}")).await.expect("a known key needs none");
    assert_eq!(begun.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn o74_a_signature_by_a_key_that_is_there_fetches_nothing() {
    let (place, one) = (Place::default(), Key::new("one"));
    place.holds([Some(set(&[&one]))]);
    let keys = keys_at(&place);
    keys.load().await.expect("keys");
    sleep(Duration::from_secs(60)).await;
    verify(&keys, &Key::new("one").sign("{}")).await.expect_err("another key of this name");
    assert_eq!(place.fetched(Instant::now()).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn o75_three_tries_and_then_the_network_is_the_source() {
    let (place, one, two) = (Place::default(), Key::new("one"), Key::new("two"));
    place.holds([Some(set(&[&one])), None]);
    let keys = keys_at(&place);
    keys.load().await.expect("keys");
    sleep(Duration::from_secs(60)).await;
    let start = Instant::now();
    let error = verify(&keys, &two.sign("{}")).await.expect_err("no keys");
    assert_eq!((error.kind(), error.field()), (ErrorKind::IdToken, Some("signature")));
    let source = std::error::Error::source(&error).expect("a source");
    assert_eq!(source.to_string(), "no answer");
    assert_eq!(place.fetched(start)[1..], [0, 5_000, 10_000]);
    // A blip costs nothing.
    place.holds([None, Some(set(&[&two]))]);
    sleep(Duration::from_secs(60)).await;
    verify(&keys, &two.sign("{}")).await.expect("the second try");
}

#[tokio::test(start_paused = true)]
async fn o75_stale_keys_are_good_for_a_day_and_no_longer() {
    let (place, one) = (Place::default(), Key::new("one"));
    place.holds([Some(set(&[&one])), None]);
    let keys = keys_at(&place);
    keys.load().await.expect("keys");
    assert!(!keys.are_stale());
    sleep(Duration::from_secs(24 * 3600)).await;
    assert!(keys.are_stale());
    keys.refresh().await;
    verify(&keys, &one.sign("{}")).await.expect("stale, and good");
    sleep(Duration::from_secs(16 * 60)).await;
    verify(&keys, &one.sign("{}")).await.expect_err("too old");
    place.holds([Some(set(&[&one]))]);
    sleep(Duration::from_secs(60)).await;
    verify(&keys, &one.sign("{}")).await.expect("fetched again");
}

#[tokio::test(start_paused = true)]
async fn o73_a_refresh_fetches_where_the_keys_are_stale_and_only_then() {
    let (place, one) = (Place::default(), Key::new("one"));
    place.holds([Some(set(&[&one]))]);
    let keys = keys_at(&place);
    let start = Instant::now();
    keys.load().await.expect("keys");
    sleep(Duration::from_secs(14 * 60)).await;
    keys.refresh().await;
    assert_eq!(place.fetched(start).len(), 1);
    sleep(Duration::from_secs(2 * 60)).await;
    tokio::join!(keys.refresh(), keys.refresh());
    assert_eq!(place.fetched(start).len(), 2);
}

#[tokio::test(start_paused = true)]
async fn o76_a_key_of_another_name_is_never_tried_and_one_without_a_name_always() {
    let (place, named, bare) = (Place::default(), Key::new("one"), Key::new(None));
    place.holds([Some(set(&[&named, &bare]))]);
    let keys = keys_at(&place);
    keys.load().await.expect("keys");
    let header = |kid: &str| format!(r#"{{"alg":"ES256"{kid}}}"#);
    for (key, kid, is_right) in [
        (&named, r#","kid":"one""#, true),
        (&named, "", true),
        (&named, r#","kid":"two""#, false),
        (&bare, r#","kid":"two""#, true),
        (&bare, r#","kid":"one""#, true),
        (&bare, "", true),
    ] {
        assert_eq!(verify(&keys, &key.sign_with(&header(kid), "{}")).await.is_ok(), is_right, "{kid}");
    }
}

#[test]
fn o77_junk_is_passed_over_and_a_set_without_a_key_is_none() {
    let good = Key::new("one").jwk();
    for junk in [
        "1",
        "null",
        "\"text\"",
        "{}",
        "[]",
        r#"{"kty":"XX"}"#,
        r#"{"kty":"oct","k":"c2VjcmV0"}"#,
        r#"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#,
        r#"{"kty":"EC","crv":"secp256k1","x":"AAAA","y":"AAAA"}"#,
        r#"{"kty":"OKP","crv":"X25519","x":"AAAA"}"#,
    ] {
        assert!(KeySet::read(format!(r#"{{"keys":[{junk},{good}]}}"#).as_bytes()).is_some(), "{junk}");
        assert!(KeySet::read(format!(r#"{{"keys":[{junk}]}}"#).as_bytes()).is_none(), "{junk}");
    }
    for change in [
        r#""kid":7,"#,
        r#""use":"enc","#,
        r#""key_ops":["encrypt"],"#,
        r#""key_ops":"verify","#,
        r#""alg":"RS256","#,
        r#""alg":"ECDH-ES","#,
        r#""d":"AAAA","#,
    ] {
        let bare = Key::new(None).jwk().replacen('{', &format!("{{{change}"), 1);
        assert!(KeySet::read(format!(r#"{{"keys":[{bare}]}}"#).as_bytes()).is_none(), "{change}");
    }
    for document in ["", "[]", "{}", r#"{"keys":{}}"#, r#"{"keys":[]}"#, r#"{"keys":[],"keys":[]}"#] {
        assert!(KeySet::read(document.as_bytes()).is_none(), "{document}");
    }
}

/// Never answers the first requests, so many of them.
struct Hanging(Mutex<usize>, Place);

impl Source for Hanging {
    fn fetch(&self, until: Instant) -> Fetching<'_> {
        let mut left = self.0.lock().expect("a lock");
        if *left == 0 {
            return self.1.fetch(until);
        }
        *left -= 1;
        self.1.0.lock().expect("a lock").1.push(Instant::now());
        Box::pin(std::future::pending())
    }
}

#[tokio::test(start_paused = true)]
async fn o75_a_try_that_hangs_leaves_time_for_the_next() {
    let (place, one) = (Place::default(), Key::new("one"));
    place.holds([Some(set(&[&one]))]);
    let keys = Keys::new(Box::new(Hanging(Mutex::new(1), place.clone())));
    let start = Instant::now();
    verify(&keys, &one.sign("{}")).await.expect("the second try");
    assert_eq!(place.fetched(start), [0, 5_000]);
    let keys = Keys::new(Box::new(Hanging(Mutex::new(usize::MAX), place)));
    let start = Instant::now();
    let error = verify(&keys, &one.sign("{}")).await.expect_err("no keys");
    let source = std::error::Error::source(&error).expect("a source");
    assert_eq!(source.to_string(), "the issuer's keys did not come in time");
    assert_eq!(start.elapsed(), Duration::from_secs(12));
}

#[tokio::test(start_paused = true)]
async fn o75_all_who_wait_hear_why() {
    let place = Place::default();
    place.holds([None]);
    let (keys, start) = (Arc::new(keys_at(&place)), Instant::now());
    let token: Arc<str> = Key::new("one").sign("{}").into();
    let mut checks = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let (keys, token) = (Arc::clone(&keys), Arc::clone(&token));
        checks.spawn(async move { verify(&keys, &token).await });
    }
    for checked in checks.join_all().await {
        let error = checked.expect_err("no keys");
        assert_eq!(std::error::Error::source(&error).expect("a source").to_string(), "no answer");
    }
    assert_eq!(place.fetched(start), [0, 5_000, 10_000]);
}

#[tokio::test(start_paused = true)]
async fn o74_o79_a_fetch_that_was_under_way_may_have_missed_the_change() {
    let (place, one, two) = (Place::default(), Key::new("one"), Key::new("two"));
    place.holds([Some(set(&[&one])), Some(set(&[&one])), Some(set(&[&two]))]);
    let keys = keys_at(&place);
    keys.load().await.expect("keys");
    sleep(Duration::from_secs(16 * 60)).await;
    let start = Instant::now();
    let (_, verified) = tokio::join!(keys.refresh(), async {
        // The issuer changes its keys behind the answer that is on its way.
        sleep(Duration::from_millis(5)).await;
        verify(&keys, &two.sign("{}")).await
    });
    verified.expect("the new key");
    assert_eq!(place.fetched(start)[1..], [0, 5_000]);
}

#[tokio::test(start_paused = true)]
async fn o74_a_check_that_is_dropped_holds_nobody_up() {
    let (place, one) = (Place::default(), Key::new("one"));
    place.holds([Some(set(&[&one]))]);
    let keys = Keys::new(Box::new(Hanging(Mutex::new(1), place.clone())));
    let start = Instant::now();
    let token = one.sign("{}");
    let cancelled = tokio::time::timeout(Duration::from_secs(1), verify(&keys, &token));
    let (cancelled, verified) = tokio::join!(cancelled, verify(&keys, &token));
    cancelled.expect_err("dropped while it fetched");
    verified.expect("by a fetch of its own");
    assert_eq!(place.fetched(start), [0, 5_000]);
}

/// Says how long its answer may be kept.
struct Kept(Option<Duration>, String);

impl Source for Kept {
    fn fetch(&self, _: Instant) -> Fetching<'_> {
        let set = KeySet::read(self.1.as_bytes()).expect("a set");
        Box::pin(std::future::ready(Ok(Fetched { set, max_age: self.0 })))
    }
}

#[tokio::test(start_paused = true)]
async fn o73_max_age_is_cut_to_five_minutes_and_a_day() {
    const MINUTE: u64 = 60;
    const DAY: u64 = 24 * 60 * MINUTE;
    let json = set(&[&Key::new("one")]);
    for (max_age, fresh) in [
        (None, 15 * MINUTE),
        (Some(0), 5 * MINUTE),
        (Some(5 * MINUTE - 1), 5 * MINUTE),
        (Some(5 * MINUTE + 1), 5 * MINUTE + 1),
        (Some(DAY - 1), DAY - 1),
        (Some(DAY + 1), DAY),
        (Some(u64::MAX), DAY),
    ] {
        let keys = Keys::new(Box::new(Kept(max_age.map(Duration::from_secs), json.clone())));
        assert!(keys.are_stale());
        keys.load().await.expect("keys");
        sleep(Duration::from_secs(fresh) - Duration::from_millis(1)).await;
        assert!(!keys.are_stale(), "{max_age:?}");
        sleep(Duration::from_millis(1)).await;
        assert!(keys.are_stale(), "{max_age:?}");
    }
}
