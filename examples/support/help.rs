//! `--help`, for the examples that take next to no options.

#![allow(dead_code, reason = "not every example needs all of it")]

use std::process::ExitCode;

/// Prints the text where somebody asks for it.
pub(crate) fn is_asked_for(text: &str) -> bool {
    let asked = std::env::args().skip(1).any(|word| word == "--help" || word == "-h");
    if asked {
        // If nobody reads it any more, as behind `| head -1`, nobody misses it.
        let _ = std::io::Write::write_all(&mut std::io::stdout(), text.as_bytes());
    }
    asked
}

/// The words behind the program's name, `most` at the most. Else how the program ends, and why has been said: somebody asked
/// for help, or wrote what nobody reads.
pub(crate) fn or_words(text: &str, most: usize) -> Result<Vec<String>, ExitCode> {
    if is_asked_for(text) {
        return Err(ExitCode::SUCCESS);
    }
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().find(|word| word.starts_with('-')).or(words.get(most)) {
        Some(unknown) => {
            eprintln!("not known here: {unknown}\n\n{text}");
            Err(ExitCode::from(2))
        }
        None => Ok(words),
    }
}
