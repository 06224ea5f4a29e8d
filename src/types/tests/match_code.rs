use std::collections::{BTreeSet, HashSet};

use crate::MatchCode;

fn codes(number: usize) -> Vec<String> {
    (0..number).map(|_| MatchCode::generate().expect("randomness").to_string()).collect()
}

#[test]
fn b34_a_match_code_is_two_groups_of_letters_that_are_not_mistaken() {
    for code in codes(500) {
        let (left, right) = code.split_once('-').expect("two groups");
        assert_eq!((left.len(), right.len()), (3, 3), "{code}");
        assert!(format!("{left}{right}").chars().all(|c| "3479ACEFHJKMPRTX".contains(c)), "{code}");
    }
}

#[test]
fn b34_match_codes_differ_and_use_the_whole_alphabet_at_every_place() {
    let codes = codes(2_000);
    assert!(codes.iter().collect::<HashSet<_>>().len() > 1_990, "of 16.7 million, 2,000 hardly ever collide");
    for place in [0, 1, 2, 4, 5, 6] {
        let seen: BTreeSet<_> = codes.iter().map(|code| code.as_bytes()[place]).collect();
        assert_eq!(seen.len(), 16, "place {place}");
    }
}

#[test]
fn b34_a_match_code_is_the_same_wherever_it_is_shown() {
    let code = MatchCode::generate().expect("randomness");
    assert_eq!((code.as_str(), code.as_ref()), (code.to_string().as_str(), code.as_str()));
}
