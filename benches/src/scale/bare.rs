//! The same crowd on bare reqwest: the leanest loop that makes the same requests.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use super::crowd::measured;
use super::memory::runtime;
use super::process::resident;

pub(crate) fn run(address: &str, polls: usize, interval: usize, seconds: usize) {
    runtime().block_on(async {
        let client =
            reqwest::Client::builder().no_proxy().pool_max_idle_per_host(512).build().expect("a client");
        let url: reqwest::Url =
            format!("http://{address}/authsec/uflow/auth/workspace/ciba/token").parse().expect("a URL");
        let places = Arc::new(Semaphore::new(512));
        let interval = Duration::from_secs(interval as u64);
        let before = resident();
        let per_tick = polls.div_ceil(interval.as_millis() as usize / 10);
        let mut tick = tokio::time::interval(Duration::from_millis(10));
        for n in 0..polls {
            if n % per_tick == 0 {
                tick.tick().await;
            }
            let (client, url, places) = (client.clone(), url.clone(), Arc::clone(&places));
            tokio::spawn(async move {
                loop {
                    Box::pin(ask(&client, &url, &places, n)).await;
                    tokio::time::sleep(interval).await;
                }
            });
        }
        tokio::time::sleep(interval).await;
        measured(address, seconds, polls, before).await;
        std::process::exit(0);
    });
}

async fn ask(client: &reqwest::Client, url: &reqwest::Url, places: &Semaphore, n: usize) {
    let _place = places.acquire().await.expect("open");
    let body =
        format!(r#"{{"auth_req_id":"id-{n:09}-abcdefghijklmnopqrstuvwxyzABCD=","client_id":"bench"}}"#);
    let request = client.post(url.clone()).header("content-type", "application/json").body(body);
    let mut response = request.send().await.expect("an answer");
    while let Ok(Some(chunk)) = response.chunk().await {
        std::hint::black_box(chunk);
    }
}
