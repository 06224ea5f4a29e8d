use std::sync::Arc;
use std::time::Duration;

use authsec_ciba::CibaClient;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::decoys::Decoys;
use crate::options::Options;
use crate::reachable::Reachable;
use crate::sessions::Sessions;
use crate::stop::asked_to_stop;
use crate::throttle::Throttle;

/// What all requests share.
pub struct App {
    pub client: CibaClient,
    pub sessions: Sessions,
    pub decoys: Decoys,
    pub throttle: Throttle,
    pub reachable: Reachable,
    pub demo: Option<Demo>,
    /// How long a person has for the answer.
    pub wait: Duration,
    /// How long a request outlives the last sign of its browser.
    pub idle: Duration,
    /// Where the browser finds this website.
    pub port: u16,
    /// The sign-ins that are under way.
    pub tasks: TaskTracker,
    pub stopping: CancellationToken,
}

/// What the pages say about the fake server.
pub struct Demo {
    pub phone: String,
    pub users: Vec<String>,
}

impl App {
    pub fn new(client: CibaClient, demo: Option<Demo>, options: &Options, port: u16) -> Arc<Self> {
        Arc::new(Self {
            client,
            sessions: Sessions::default(),
            decoys: Decoys::default(),
            throttle: Throttle::new(options.play),
            reachable: Reachable::new(),
            demo,
            wait: options.wait(),
            idle: options.idle(),
            port,
            tasks: TaskTracker::new(),
            stopping: CancellationToken::new(),
        })
    }

    /// Waits for Ctrl-C or SIGTERM, and then tells everything that waits for something else.
    pub async fn until_stopped(self: Arc<Self>) {
        asked_to_stop().await;
        self.stopping.cancel();
        self.client.shutdown().await;
    }

    /// Waits for the sign-ins that are under way to end.
    pub async fn finish(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }
}
