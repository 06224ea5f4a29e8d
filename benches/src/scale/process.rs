//! Processes: this one's figures, and children.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

/// Resident bytes of this process.
pub(crate) fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("Linux");
    statm.split_whitespace().nth(1).expect("resident").parse::<usize>().expect("pages") * 4096
}

/// CPU time of this process so far.
pub(crate) fn cpu() -> Duration {
    // The scheduler's own count, in nanoseconds, of every thread.
    let threads = std::fs::read_dir("/proc/self/task").expect("Linux");
    let nanoseconds = threads.flatten().filter_map(|thread| {
        let text = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(nanoseconds.sum())
}

/// `key=value` pairs, as the children print them.
pub(crate) type Figures = HashMap<String, f64>;

pub(crate) fn figures(line: &str) -> Figures {
    let pairs = line.split_whitespace().filter_map(|word| word.split_once('='));
    pairs.filter_map(|(key, value)| Some((key.to_owned(), value.parse().ok()?))).collect()
}

/// The server of one figure.
pub(crate) struct Server {
    child: Child,
    _stdin: ChildStdin,
    pub(crate) address: String,
}

impl Server {
    pub(crate) fn start(ids: usize) -> Self {
        Self::start_late(ids, 0)
    }

    /// One that needs so long for each answer.
    pub(crate) fn start_late(ids: usize, late_ms: usize) -> Self {
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .args(["serve", &ids.to_string(), &late_ms.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("started");
        let stdin = child.stdin.take().expect("piped");
        let mut address = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut address).expect("an address");
        Self { child, _stdin: stdin, address: address.trim().to_owned() }
    }

    pub(crate) fn process(&self) -> String {
        self.child.id().to_string()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the server saw.
pub(crate) fn stats(address: &str) -> Figures {
    ask(address, "/stats")
}

pub(crate) fn reset(address: &str) {
    ask(address, "/reset");
}

fn ask(address: &str, path: &str) -> Figures {
    let mut stream = TcpStream::connect(address).expect("the server");
    write!(stream, "GET {path} HTTP/1.1\r\n\r\n").expect("written");
    let mut text = String::new();
    // One short answer; the server keeps the connection open.
    let mut bytes = [0; 4096];
    while !text.contains("accepted=") {
        let read = stream.read(&mut bytes).expect("an answer");
        text.push_str(std::str::from_utf8(&bytes[..read]).expect("text"));
    }
    figures(text.rsplit("\r\n").next().expect("a body"))
}

/// Runs a child of this program to its end and reads its figures.
pub(crate) fn measure(words: &[&str]) -> Figures {
    eprintln!("   measuring: {}", words.join(" "));
    let output = Command::new(std::env::current_exe().expect("this program"))
        .args(words)
        .stderr(Stdio::inherit())
        .output()
        .expect("started");
    assert!(output.status.success(), "{words:?} failed");
    let text = String::from_utf8(output.stdout).expect("text");
    eprintln!("   {}", text.trim());
    figures(&text)
}
