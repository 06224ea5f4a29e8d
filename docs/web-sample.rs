use authsec_ciba::{Approval, BindingMessage, CibaClient, CibaClientBuilder, Email, Error};
use authsec_ciba::{ErrorKind as Kind, MatchCode, NotApproved, SignInError, TotpLockout};
use std::{collections::HashMap, future::pending, sync::Arc, sync::Mutex, time::Duration};
use tokio::{task::JoinSet, time::Instant, time::timeout_at};

/// Your patience, from the click on. Below the 300 s of a server, whose end tells that there was a request.
const LIFE: Duration = Duration::from_secs(240);
/// What a stranger's address comes to. A stranger sees what somebody sees who does not answer.
const NOBODY: [Kind; 3] = [Kind::NoDeviceRegistered, Kind::TooManyPushes, Kind::UserNotFound];
type Asking = JoinSet<Result<Approval, SignInError>>;

/// For a page that anybody can open: no Cancel gives new guesses at a code, and no sign-in ends another of the same address.
fn client(settings: CibaClientBuilder) -> Result<CibaClient, Error> {
    settings.totp_lockout(TotpLockout::Strict).concurrent_approvals(true).build()
}

/// At most one sign-in for each session. Dropping its set ends its task, wherever it stands.
#[derive(Clone, Default)]
struct SignIns(Arc<Mutex<HashMap<String, (Asking, Instant)>>>);

enum Status {
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
            let request = match asking.await {
                Err(error) if NOBODY.contains(&error.kind()) => pending().await,
                asked => asked?,
            };
            Ok(request.wait().await?.approved()?)
        };
        let task = async move { timeout_at(until, asked).await.unwrap_or(Err(NotApproved::Timeout.into())) };
        let mut all = self.0.lock().unwrap();
        all.retain(|_, (_, until)| until.elapsed() < LIFE); // browsers that never came back
        all.insert(session.to_owned(), (Asking::from_iter([task]), until)); // this session's older one ends here
        Ok(code)
    }
    /// GET /status, as often as the page likes. `None`: there is no sign-in of this session, or it was told how it ended.
    fn status(&self, session: &str) -> Option<Status> {
        let mut all = self.0.lock().unwrap();
        let (task, _) = all.get_mut(session)?;
        let Some(ended) = task.try_join_next() else { return Some(Status::Waiting) };
        all.remove(session);
        let ended = ended.map_err(|_| "error").and_then(|ended| ended.map_err(|why| why.status()));
        Some(ended.map_or_else(Status::Failed, Status::SignedIn))
    }
    /// POST /cancel, and when the session ends.
    fn cancel(&self, session: &str) {
        self.0.lock().unwrap().remove(session);
    }
}
