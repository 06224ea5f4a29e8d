pub(crate) fn run(_wanted: &[&str]) {}
