//! N15, N17: names.

use authsec_ciba::{CibaClient, ErrorKind, Usage};

use crate::support::{EMAIL, an_id, configured, sandbox, seconds};

#[cfg(feature = "rustls")]
#[tokio::test(start_paused = true)]
async fn n15_no_such_host() {
    let client =
        CibaClient::builder().base_url("https://no-such-host.invalid").admin().build().expect("valid");
    let error = client.initiate_app_approval(EMAIL).await.expect_err("no such name");
    assert_eq!((error.kind(), error.may_have_reached_server()), (ErrorKind::Network, false), "{error:?}");
    let error = client.verify_totp(EMAIL, "123456").await.expect_err("no such name");
    assert_eq!((error.kind(), error.may_have_reached_server()), (ErrorKind::Network, false));
    assert_eq!(client.usage(), Usage::default());
    let start = tokio::time::Instant::now();
    let error =
        client.poll_for_approval(EMAIL, &an_id()).timeout(seconds(60)).await.expect_err("no such name");
    assert_eq!(error.kind(), ErrorKind::Network);
    if resolver_knows_that_it_does_not_exist() {
        assert!(error.to_string().contains("name"), "{error}");
        assert_eq!(error.attempts(), 3, "not hidden until the deadline");
        assert!(start.elapsed() < seconds(20));
    } else {
        assert!(error.attempts() > 3, "a resolver that is out of order is waited for");
    }
}

/// A machine without a resolver cannot tell; the case is another one there.
fn resolver_knows_that_it_does_not_exist() -> bool {
    let found = std::net::ToSocketAddrs::to_socket_addrs(&("no-such-host.invalid", 443));
    !found.expect_err("reserved never to exist").to_string().to_ascii_lowercase().contains("temporary")
}

#[tokio::test(start_paused = true)]
async fn n17_a_name_with_a_dead_and_a_live_address() {
    // Nobody listens on ::1 at this port; where `localhost` has it too, it is tried first.
    let sandbox = sandbox().await;
    let base_url = sandbox.base_url().replace("127.0.0.1", "localhost");
    let client = configured(&sandbox).base_url(base_url).build().expect("valid");
    let start = tokio::time::Instant::now();
    client.initiate_app_approval(EMAIL).await.expect("an acknowledgement");
    assert!(start.elapsed().as_secs() < 5, "within the connect timeout");
    assert_eq!(sandbox.issued().pushes(), 1);
}
