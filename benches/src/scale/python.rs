//! The official Python SDK in the same run.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::process::{Figures, Server, figures, reset, stats};

/// Its figures, or why there are none.
pub(crate) fn measure(threads: usize, seconds: usize) -> Result<Figures, String> {
    let python = environment()?;
    let server = Server::start(20_000);
    let mut child = Command::new(python)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/src/scale/python_sdk.py"))
        .args([&server.address, &threads.to_string(), &seconds.to_string()])
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| error.to_string())?;
    let mut all = Figures::new();
    for line in BufReader::new(child.stdout.take().expect("piped")).lines() {
        let line = line.map_err(|error| error.to_string())?;
        eprintln!("   python: {line}");
        let new = figures(&line);
        if new.contains_key("ready") {
            reset(&server.address);
        }
        if new.contains_key("crowd_cpu") {
            let polls = stats(&server.address)["polls"];
            all.insert("crowd_us".to_owned(), new["crowd_cpu"] / polls * 1e6);
            all.insert("per_second".to_owned(), polls / seconds as f64);
        }
        all.extend(new);
    }
    if child.wait().is_ok_and(|status| status.success()) { Ok(all) } else { Err("it failed".to_owned()) }
}

/// A virtual environment with the SDK, made once.
fn environment() -> Result<PathBuf, String> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/target/python-sdk"));
    let python = folder.join("bin/python3");
    let run = |command: &mut Command| match command.stdout(Stdio::null()).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{command:?}: {status}")),
        Err(error) => Err(format!("{command:?}: {error}")),
    };
    if !python.exists() {
        run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
    }
    run(Command::new(&python).args(["-m", "pip", "install", "-q", "authsec-sdk==4.7.3"]))?;
    Ok(python)
}
