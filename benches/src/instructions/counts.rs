//! What callgrind counted.

use std::collections::HashMap;
use std::error::Error;
use std::process::{Command, Stdio};

use super::counted::COUNTED;

/// Instructions per call, by call and by who makes it.
pub(crate) struct Counts(HashMap<(String, String), f64>);

impl Counts {
    /// Runs `calls` under callgrind.
    pub(crate) fn take() -> Result<Self, Box<dyn Error>> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = Command::new(cargo)
            .args(["bench", "-q", "--manifest-path", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")])
            .args(["--bench", "calls", "--", "--output-format=json"])
            .stderr(Stdio::inherit())
            .output()?;
        if !output.status.success() {
            return Err(
                "the calls could not be counted: valgrind and gungraun-runner have to be there".into()
            );
        }
        String::from_utf8(output.stdout)?
            .lines()
            .map(count)
            .collect::<Option<_>>()
            .map(Self)
            .ok_or_else(|| "gungraun's summary is not of the version that is read here (7)".into())
    }

    pub(crate) fn of(&self, call: &str, by: &str) -> Result<f64, Box<dyn Error>> {
        let count = self.0.get(&(call.to_owned(), by.to_owned()));
        count.copied().ok_or_else(|| format!("{call} by {by} was not counted").into())
    }
}

/// Reads one measurement of gungraun's JSON output, which is one a line.
fn count(line: &str) -> Option<((String, String), f64)> {
    let summary: serde_json::Value = serde_json::from_str(line).ok()?;
    let name = |member| summary.get(member)?.as_str().map(str::to_owned);
    let total = summary.pointer("/profiles/0/data/total/metrics/Ir/values/new")?.as_f64()?;
    Some(((name("function_name")?, name("id")?), total / COUNTED as f64))
}
