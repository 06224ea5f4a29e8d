pub(crate) fn nothing() {}
