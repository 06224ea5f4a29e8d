//! B-50 on all cores: a thousand wrong codes at once.

use std::sync::Arc;
use std::time::Duration;

use authsec_ciba::sandbox::{Call, Sandbox, User};
use authsec_ciba::{ApiRoutes, CibaClient, LockedBy, TotpOutcome};
use tokio::sync::Barrier;

const EMAIL: &str = "mixed.case@example.com";

/// A server without a lockout of its own: what is counted here is the client's.
async fn start(users: impl IntoIterator<Item = String>) -> (Sandbox, CibaClient) {
    let mut builder = Sandbox::builder().routes(ApiRoutes::Tenant);
    for user in users {
        builder = builder.user(User::new(user).with_totp());
    }
    let sandbox = builder.start().await.expect("a free port");
    let client = CibaClient::builder().base_url(sandbox.base_url()).routes(ApiRoutes::Tenant);
    let client = client.admin().build().expect("valid");
    (sandbox, client)
}

/// The same address, its letters in random case.
fn mixed(email: &str) -> String {
    let letter = |letter: char| if fastrand::bool() { letter.to_ascii_uppercase() } else { letter };
    email.chars().map(letter).collect()
}

fn spawn(
    client: &CibaClient,
    email: &str,
    code: &str,
    barrier: &Arc<Barrier>,
) -> tokio::task::JoinHandle<TotpOutcome> {
    let (client, email, code) = (client.clone(), mixed(email), code.to_owned());
    let barrier = Arc::clone(barrier);
    tokio::spawn(async move {
        barrier.wait().await;
        client.verify_totp(&email, &code).await.expect("judged")
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn b50_c28_of_a_thousand_wrong_codes_three_leave() {
    let (sandbox, client) = start([EMAIL.to_owned()]).await;
    let wrong = sandbox.authenticator(EMAIL).wrong_code();
    let barrier = Arc::new(Barrier::new(1_000));
    let tries: Vec<_> = (0..1_000).map(|_| spawn(&client, EMAIL, &wrong, &barrier)).collect();
    let (mut judged, mut refused) = (0, 0);
    for one in tries {
        match one.await.expect("no panic") {
            TotpOutcome::InvalidCode { .. } => judged += 1,
            // Three are on their way, or have been judged.
            TotpOutcome::TooManyRetries { by: LockedBy::Unjudged | LockedBy::Client, .. } => refused += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((judged, refused), (3, 997));
    assert_eq!(sandbox.calls(Call::Totp).len(), 3, "requests");
}

#[tokio::test(flavor = "multi_thread")]
async fn b52_c29_right_and_wrong_in_parallel_lose_no_update() {
    let people: Vec<_> = (0..150).map(|number| format!("user{number}@example.com")).collect();
    let (sandbox, client) = start(people.clone()).await;
    for email in &people {
        let app = sandbox.authenticator(email);
        let (right, wrong) = (app.code(), app.wrong_code());
        let barrier = Arc::new(Barrier::new(3));
        let tries = [&wrong, &right, &wrong].map(|code| spawn(&client, email, code, &barrier));
        let mut verified = 0;
        for one in tries {
            match one.await.expect("no panic") {
                TotpOutcome::Verified(login) => {
                    assert_eq!(login.remaining(), 3);
                    verified += 1;
                }
                TotpOutcome::InvalidCode { remaining } => assert!(remaining < 3),
                TotpOutcome::TooManyRetries { .. } => panic!("three may try at once"),
            }
        }
        assert_eq!(verified, 1);
        // What is left is three, less the wrong ones that were judged after the right one.
        let mut left = 0;
        while let TotpOutcome::InvalidCode { remaining } =
            client.verify_totp(email, &wrong).await.expect("judged")
        {
            left += 1;
            assert!(left + remaining <= 3, "{left} sent and {remaining} left");
        }
        assert!((1..=3).contains(&left), "{left}");
    }
    // And in turn: the count is exact.
    let email = &people[0];
    client.cancel_approval(email).await.expect("cancelled");
    sandbox.clock().advance(Duration::from_secs(90));
    let app = sandbox.authenticator(email);
    let (right, wrong) = (app.code(), app.wrong_code());
    for _ in 0..50 {
        for left in [2, 1] {
            let outcome = client.verify_totp(email, &wrong).await.expect("judged");
            assert!(matches!(outcome, TotpOutcome::InvalidCode { remaining } if remaining == left));
        }
        assert_eq!(client.verify_totp(email, &right).await.expect("judged").remaining(), 3);
    }
}
