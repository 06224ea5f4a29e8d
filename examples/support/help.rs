//! `--help`, for the examples that take next to no options.

/// Prints the text where somebody asks for it.
pub(crate) fn is_asked_for(text: &str) -> bool {
    let asked = std::env::args().skip(1).any(|word| word == "--help" || word == "-h");
    if asked {
        print!("{text}");
    }
    asked
}
