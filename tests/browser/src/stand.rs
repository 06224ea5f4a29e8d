use std::path::PathBuf;
use std::process::{Command as Program, Stdio};
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::task::LocalSet;

use crate::browser::Browser;
use crate::phone::Phone;
use crate::until::until;

/// The website with its fake server in a process of its own, and the browsers that look at it.
pub struct Stand {
    pub website: String,
    pub phone: Phone,
    process: Mutex<Option<Child>>,
    id: u32,
    output: Arc<Mutex<String>>,
    browsers: Mutex<Vec<Browser>>,
    profiles: PathBuf,
}

/// Plays a scenario, and clears away whatever it started, also when it fails.
pub async fn play<F>(options: &[&str], scenario: impl FnOnce(Rc<Stand>) -> F)
where
    F: Future<Output = ()> + 'static,
{
    let stand = Rc::new(Stand::start(options).await);
    let here = LocalSet::new();
    let played = here.run_until(here.spawn_local(scenario(Rc::clone(&stand)))).await;
    stand.clear_away().await;
    if let Err(failed) = played {
        std::panic::resume_unwind(failed.into_panic());
    }
}

impl Stand {
    async fn start(options: &[&str]) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let program = std::env::var_os("WEB_LOGIN").expect("the script `run` sets WEB_LOGIN");
        let mut process = Command::new(program)
            .args(["--port", "0", "--verbose"])
            .args(options)
            .env_remove("AUTHSEC_BASE_URL")
            .env_remove("AUTHSEC_CLIENT_ID")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the website starts");
        let id = process.id().unwrap();
        let output = Arc::new(Mutex::new(String::new()));
        listen(process.stdout.take().unwrap(), Arc::clone(&output));
        listen(process.stderr.take().unwrap(), Arc::clone(&output));
        let [website, phone] = [line(&output, "website").await, line(&output, "phone").await];
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        Self {
            website,
            phone: Phone::new(phone),
            process: Mutex::new(Some(process)),
            id,
            output,
            browsers: Mutex::default(),
            profiles: std::env::temp_dir().join(format!("web-login-{}-{number}", std::process::id())),
        }
    }

    pub async fn browser(&self) -> Browser {
        let number = self.browsers.lock().unwrap().len();
        let browser = Browser::start(&self.website, &self.profiles.join(number.to_string())).await;
        self.browsers.lock().unwrap().push(browser.clone());
        browser
    }

    /// Waits until the website has logged this.
    pub async fn logs(&self, part: &str) {
        until(&format!("{part:?} in the log"), async || {
            self.output.lock().unwrap().contains(part).then_some(())
        })
        .await;
    }

    /// Asks the process to stop, as a service manager does, and answers whether it ended well.
    pub async fn terminate(&self) -> bool {
        let told = Program::new("kill").args(["-TERM", &self.id.to_string()]).status().unwrap();
        assert!(told.success());
        until("the end of the website", async || {
            self.process.lock().unwrap().as_mut()?.try_wait().ok().flatten()
        })
        .await
        .success()
    }

    async fn clear_away(&self) {
        let browsers = std::mem::take(&mut *self.browsers.lock().unwrap());
        for browser in browsers {
            browser.quit().await;
        }
        let process = self.process.lock().unwrap().take();
        if let Some(mut process) = process {
            let _ = process.kill().await;
        }
        let _ = std::fs::remove_dir_all(&self.profiles);
    }
}

fn listen(stream: impl AsyncRead + Unpin + Send + 'static, output: Arc<Mutex<String>>) {
    let mut lines = BufReader::new(stream).lines();
    tokio::spawn(async move {
        while let Ok(Some(line)) = lines.next_line().await {
            let mut output = output.lock().unwrap();
            output.push_str(&line);
            output.push('\n');
        }
    });
}

/// Waits for `NAME  VALUE` among what the website prints.
async fn line(output: &Mutex<String>, name: &str) -> String {
    until(&format!("the address of the {name}"), async || {
        let output = output.lock().unwrap();
        let line = output.lines().find_map(|line| line.strip_prefix(name))?;
        Some(line.trim().to_owned())
    })
    .await
}
