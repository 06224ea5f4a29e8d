//! Telling something on standard output.

/// Prints a line. If nobody reads it any more, as behind `| head -1`, the program goes on to its own end.
macro_rules! say {
    ($($words:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stdout(), $($words)*);
    }};
}
