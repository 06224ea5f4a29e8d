//! How many instructions a call takes, against reqwest: `cargo run --release --manifest-path benches/Cargo.toml --bin instructions`.
//!
//! A count, not a time: it repeats on any machine however noisy. Needs valgrind, and `gungraun-runner` of the version in `Cargo.lock`.

mod counted;
mod counts;
mod server;
mod table;

use std::error::Error;

use counts::Counts;

fn main() -> Result<(), Box<dyn Error>> {
    match std::env::args().nth(1).as_deref() {
        Some("serve") => Ok(server::run()?),
        Some(word) => Err(format!("unknown word: {word}").into()),
        None => table::judge(&Counts::take()?),
    }
}
