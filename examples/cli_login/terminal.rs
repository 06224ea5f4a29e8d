use std::io::{self, IsTerminal as _, Write as _};
use std::time::Duration;

use tokio::sync::oneshot;

/// Where the program talks to a person: standard error, so that standard output has the token alone.
pub struct Terminal {
    /// Whether a line can be written over.
    is_live: bool,
    has_colours: bool,
}

impl Terminal {
    pub fn of_stderr() -> Self {
        let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let is_live =
            io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
        Self { is_live, has_colours: is_live && !is_set("NO_COLOR") }
    }

    pub fn say(&self, text: &str) {
        // Nobody is left to be told that telling failed.
        let _ = writeln!(io::stderr(), "{text}");
    }

    /// Something to find at a glance.
    pub fn strong(&self, text: &str) -> String {
        if self.has_colours { format!("\x1b[1;36m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// Asks a question. `None` at the end of the input.
    ///
    /// The line is read in a thread of its own, which the end of the program does not wait for: Ctrl-C works at a
    /// prompt, too.
    pub async fn ask(&self, question: &str) -> io::Result<Option<String>> {
        write!(io::stderr(), "{question} ")?;
        let (tell, told) = oneshot::channel();
        std::thread::spawn(move || {
            let mut line = String::new();
            let read = io::stdin().read_line(&mut line);
            let _ = tell.send(read.map(|length| (length > 0).then(|| line.trim().to_owned())));
        });
        told.await.unwrap_or(Ok(None))
    }

    /// Shows that time passes, in one line that is written over. Nothing where that cannot be.
    pub fn spin(&self, turn: usize, left: Duration) {
        if self.is_live {
            let wheel = ["|", "/", "-", "\\"].into_iter().cycle().nth(turn % 4).unwrap_or_default();
            let seconds = left.as_millis().div_ceil(1000);
            let _ = write!(io::stderr(), "\r\x1b[K{wheel} {seconds} s left, Ctrl-C cancels");
        }
    }

    /// Takes that line away.
    pub fn clear(&self) {
        if self.is_live {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}
