//! Prints the public API that a rustdoc JSON file describes, and fails where a dependency's type or trait is part of it
//! without being meant to.

mod foreign;
mod intended;
mod listing;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde::Deserialize as _;
use serde_json::Value;

/// What the pinned public-api reads.
const FORMAT: u64 = 57;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let path = PathBuf::from(std::env::args_os().nth(1).ok_or("which rustdoc JSON file?")?);
    let json = read(&path)?;
    if json["format_version"].as_u64() != Some(FORMAT) {
        eprintln!(
            "*** This toolchain's rustdoc writes JSON of format {}, and the pinned public-api reads {FORMAT}, which is that \
             of Rust 1.95: take that toolchain, or move the pin in tests/api/Cargo.toml and FORMAT.",
            json["format_version"],
        );
        return Ok(ExitCode::FAILURE);
    }
    // What every type gets, or gets by its fields, is noise here. That the types are `Send` is asserted by a test.
    let api = public_api::Builder::from_rustdoc_json(path)
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .build()?;
    print!("{}", listing::of(&json, &api));
    let complaints = intended::complaints(&foreign::in_api(&json, &api));
    complaints.iter().for_each(|complaint| eprintln!("*** {complaint}"));
    Ok(if complaints.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn read(path: &Path) -> Result<Value, Box<dyn Error>> {
    let text = std::fs::read_to_string(path)?;
    let mut reader = serde_json::Deserializer::from_str(&text);
    // serde_json's limit of depth is there for strangers' JSON.
    reader.disable_recursion_limit();
    Ok(Value::deserialize(&mut reader)?)
}
