use reqwest::Client;
use serde_json::{Value, json};

use crate::until::until;

/// The people's phones, authenticators and the server's clock: the sandbox's control API.
pub struct Phone {
    /// Where its page is.
    pub page: String,
    http: Client,
}

impl Phone {
    pub fn new(page: String) -> Self {
        Self { page, http: Client::builder().no_proxy().build().unwrap() }
    }

    /// Waits for a request on the phone of this person: its id and the text that it shows.
    pub async fn pending(&self, email: &str) -> (String, String) {
        until(&format!("a request on the phone of {email}"), async || {
            let all = self.get("pending").await;
            let newest = all["requests"].as_array().unwrap().iter().find(|it| it["email"] == email)?.clone();
            let text = |name: &str| newest[name].as_str().unwrap().to_owned();
            Some((text("auth_req_id"), text("binding_message")))
        })
        .await
    }

    pub async fn approve(&self, email: &str) {
        self.answer(email, true).await;
    }

    pub async fn deny(&self, email: &str) {
        self.answer(email, false).await;
    }

    async fn answer(&self, email: &str, approved: bool) {
        let (id, _) = self.pending(email).await;
        let answer = self.post("answer", json!({ "auth_req_id": id, "approved": approved })).await;
        assert_eq!(answer["answered"], true);
    }

    /// A code from the authenticator: `code` or `wrong_code`.
    pub async fn totp(&self, email: &str, which: &str) -> String {
        self.get(&format!("totp?email={email}")).await[which].as_str().unwrap().to_owned()
    }

    pub async fn advance(&self, seconds: u64) {
        self.post("clock", json!({ "advance_seconds": seconds })).await;
    }

    /// From now on polls meet a gateway that says 502.
    pub async fn goes_down(&self) {
        self.post("fault", json!({ "call": "poll", "fault": "html_502", "always": true })).await;
    }

    pub async fn comes_back(&self) {
        self.post("fault", json!({ "clear": true })).await;
    }

    async fn get(&self, call: &str) -> Value {
        self.http.get(self.url(call)).send().await.unwrap().json().await.unwrap()
    }

    async fn post(&self, call: &str, body: Value) -> Value {
        self.http.post(self.url(call)).json(&body).send().await.unwrap().json().await.unwrap()
    }

    fn url(&self, call: &str) -> String {
        format!("{}_sandbox/{call}", self.page)
    }
}
