use std::{collections::HashMap, future::pending, sync::Arc, sync::Mutex, time::Duration};

use authsec_ciba::{Approval, BindingMessage, CibaClient, CibaClientBuilder, Email, Error};
use authsec_ciba::{ErrorKind, MatchCode, NotApproved, SignInError, TotpLockout};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

/// Your patience, from the click on. Below the 300 s of a server, whose end tells that there was a request.
const LIFE: Duration = Duration::from_secs(240);
type Asking = JoinSet<Result<Approval, SignInError>>;

/// The client of a page that anybody can open, from `CibaClient::builder().env()?`.
fn client(settings: CibaClientBuilder) -> Result<CibaClient, Error> {
    // Nobody's Cancel gives new guesses at a code, and nobody's sign-in ends another of the same address.
    settings.totp_lockout(TotpLockout::Strict).concurrent_approvals(true).build()
}

/// At most one sign-in for each session. Dropping its set ends its task, wherever it stands.
#[derive(Clone, Default)]
struct SignIns(Arc<Mutex<HashMap<String, (Asking, Instant)>>>);

enum Status {
    Nothing,
    Waiting,
    SignedIn(Approval), // `approval.email()` says who
    Failed(&'static str),
}

impl SignIns {
    /// POST /sign-in. Answers before the push is out: how long that takes tells strangers who has an account.
    fn begin(&self, client: &CibaClient, session: &str, email: &str) -> Result<MatchCode, Error> {
        let (email, code, until) = (Email::new(email)?, MatchCode::generate()?, Instant::now() + LIFE);
        let message = BindingMessage::with_match_code("Sign in to Example", &code)?;
        let asking = client.initiate_app_approval(&email).binding_message(message);
        let asked = async {
            use ErrorKind::{NoDeviceRegistered, TooManyPushes, UserNotFound};
            match asking.await {
                Ok(request) => Ok(request.wait().await?.approved()?),
                Err(error) => match error.kind() {
                    // A stranger sees what somebody sees who does not answer.
                    NoDeviceRegistered | TooManyPushes | UserNotFound => pending().await,
                    _ => Err(error.into()),
                },
            }
        };
        let mut task = Asking::new();
        task.spawn(async move { timeout_at(until, asked).await.unwrap_or(Err(NotApproved::Timeout.into())) });
        let mut all = self.0.lock().unwrap();
        all.retain(|_, (_, until)| until.elapsed() < LIFE); // browsers that never came back
        all.insert(session.to_owned(), (task, until)); // an older one of this session ends here
        Ok(code)
    }
    /// GET /status, as often as the page likes.
    fn status(&self, session: &str) -> Status {
        let mut all = self.0.lock().unwrap();
        let Some((task, _)) = all.get_mut(session) else { return Status::Nothing };
        let Some(ended) = task.try_join_next() else { return Status::Waiting };
        all.remove(session);
        let ended = ended.map_err(|_| "error").and_then(|ended| ended.map_err(|why| why.status()));
        ended.map_or_else(Status::Failed, Status::SignedIn)
    }
    /// POST /cancel, and when the session ends.
    fn cancel(&self, session: &str) {
        self.0.lock().unwrap().remove(session);
    }
}
