/// So many calls are counted in one go: what happens once in a while is spread over them.
pub(crate) const COUNTED: usize = 100;

/// Behind this in an id stands, in four digits, after how many polls the server ends it.
pub(crate) const ENDED_AFTER: &str = "ended-after-";
