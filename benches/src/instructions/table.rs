//! What may not grow unseen.

use std::error::Error;

use super::counts::Counts;

/// At most so much of what people write, and of a call that is tuned by hand.
struct Limits {
    call: &'static str,
    written: Limit,
    tuned: Limit,
}

struct Limit {
    target: f64,
    /// What fails: what was reached when it was set, and one in a hundred. Rebuilding moves a ratio by 0.003.
    most: f64,
}

const fn limit(target: f64, most: f64) -> Limit {
    Limit { target, most }
}

const LIMITS: [Limits; 4] = [
    Limits { call: "verify_totp", written: limit(1.00, 1.00), tuned: limit(1.08, 1.07) },
    Limits { call: "poll", written: limit(1.02, 1.04), tuned: limit(1.14, 1.15) },
    Limits { call: "initiate", written: limit(1.06, 1.04), tuned: limit(1.12, 1.14) },
    Limits { call: "waiting", written: limit(1.02, 1.00), tuned: limit(1.10, 1.06) },
];

/// Prints the table, and fails where a limit is passed.
pub(crate) fn judge(counts: &Counts) -> Result<(), Box<dyn Error>> {
    let mut grown = Vec::new();
    println!(
        "| call | instructions | as people write it | ratio | target | limit | tuned by hand | ratio | target | limit |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    for Limits { call, written, tuned } in &LIMITS {
        let ours = counts.of(call, "ours")?;
        let mut row = format!("| `{call}` | {ours:.0} |");
        for (by, limit) in [("written", written), ("tuned", tuned)] {
            let theirs = counts.of(call, by)?;
            let ratio = ours / theirs;
            let missed = if ratio > limit.target { " (missed)" } else { "" };
            row += &format!(" {theirs:.0} | {ratio:.3} | {:.2}{missed} | {:.3} |", limit.target, limit.most);
            if ratio > limit.most {
                grown.push(format!("{call} against {by}: {ratio:.3}"));
            }
        }
        println!("{row}");
    }
    println!();
    println!("{} passed, {} failed", 2 * LIMITS.len() - grown.len(), grown.len());
    if grown.is_empty() { Ok(()) } else { Err(format!("grown: {}", grown.join("; ")).into()) }
}
