/// So many calls are counted in one go: what happens once in a while is spread over them.
pub(crate) const COUNTED: usize = 100;
