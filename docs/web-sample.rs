use std::{collections::HashMap, sync::Arc, sync::Mutex, time::Duration};

use authsec_ciba::{Approval, CibaClient, Error, ErrorKind, NotApproved, SignInError};
use authsec_ciba::{BindingMessage, MatchCode};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

const LIFE: Duration = Duration::from_secs(300);
type Asking = JoinSet<Result<Approval, SignInError>>;

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
        let code = MatchCode::generate()?;
        let message = BindingMessage::with_match_code("Sign in to Example", &code)?;
        let asking = client.initiate_app_approval(email).binding_message(message);
        let mut task = Asking::new();
        task.spawn(async move {
            use ErrorKind::{NoDeviceRegistered, TooManyPushes, UserNotFound};
            match asking.await {
                Ok(pending) => Ok(pending.wait().timeout(LIFE).await?.approved()?),
                // A stranger sees what somebody sees who does not answer.
                Err(why) if matches!(why.kind(), NoDeviceRegistered | TooManyPushes | UserNotFound) => {
                    sleep(LIFE).await;
                    Err(NotApproved::ExpiredToken.into())
                }
                Err(error) => Err(error.into()),
            }
        });
        let mut all = self.0.lock().unwrap();
        all.retain(|_, (_, begun)| begun.elapsed() < LIFE * 2); // browsers that never came back
        all.insert(session.to_owned(), (task, Instant::now())); // an older one of this session ends here
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
