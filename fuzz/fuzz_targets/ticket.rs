//! Any bytes as a ticket, and as what is sealed in one.
#![no_main]

use authsec_ciba::internals::fuzzing::{is_ticket, read_record};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    // Nobody has the key.
    assert!(!std::str::from_utf8(data).is_ok_and(is_ticket));
    let Some((shown, written)) = read_record(data) else { return };
    assert!(data.len() < 1 << 16);
    assert_eq!(written.len() % 32, 0, "filled up");
    let (again, rewritten) = read_record(&written).expect("what was written");
    assert_eq!(shown, again);
    assert_eq!(written, rewritten, "it is written in one way");
});
