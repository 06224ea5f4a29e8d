use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use proptest::prelude::*;

use super::{Audience, Sealer, SealingKey, audience, carried, key, refused, sealer};
use crate::seal::envelope::Purpose;
use crate::{Error, ErrorKind};

fn bytes(ticket: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(ticket).expect("base64url")
}

fn ticket(sealer: &Sealer) -> String {
    sealer.seal_ticket(&carried()).expect("sealed").to_string()
}

#[test]
fn r57_one_bit_anywhere_makes_it_none() {
    let sealer = sealer();
    let whole = bytes(&ticket(&sealer));
    for place in 0..whole.len() * 8 {
        let mut altered = whole.clone();
        altered[place / 8] ^= 1 << (place % 8);
        let error = refused(&sealer, &URL_SAFE_NO_PAD.encode(altered)).to_string();
        let expected = match place / 8 {
            0 => "is none, or of another version of this crate",
            1..=4 => "is sealed with a key that this process does not have",
            _ => "was altered, or is of another client",
        };
        assert_eq!(error, format!("ticket {expected}"), "bit {place}");
    }
}

#[test]
fn r57_each_cut_and_each_addition_makes_it_none() {
    let sealer = sealer();
    let text = ticket(&sealer);
    for length in 0..text.len() {
        refused(&sealer, &text[..length]);
        refused(&sealer, &text[length + 1..]);
    }
    for more in ["A", "AA", "AAAA", "=", "==", " ", "\n", "\0", "é", "."] {
        refused(&sealer, &format!("{text}{more}"));
        refused(&sealer, &format!("{more}{text}"));
    }
    refused(&sealer, &format!("{text}{text}"));
    for letter in ["+", "/", "%2B", "\u{430}"] {
        refused(&sealer, &format!("{}{letter}{}", &text[..50], &text[51..]));
    }
    refused(&sealer, &"A".repeat(1 << 20));
}

/// The last letter of a text may hold bits that mean nothing: another one with the same bytes is no ticket.
#[test]
fn r57_a_ticket_has_one_spelling() {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let sealer = sealer();
    let text = ticket(&sealer);
    let (front, last) = text.split_at(text.len() - 1);
    for letter in ALPHABET.chars().filter(|letter| !last.starts_with(*letter)) {
        refused(&sealer, &format!("{front}{letter}"));
    }
}

#[test]
fn r57_a_ticket_of_another_key_says_so() {
    let error = refused(&Sealer::new(key(2), vec![key(3)], audience()), &ticket(&sealer()));
    assert_eq!(error.to_string(), "ticket is sealed with a key that this process does not have");
}

/// Whoever takes the name of a key that this process has for one that it has not gets no further.
#[test]
fn r57_a_ticket_under_another_keys_name_does_not_open() {
    let strange = Sealer::new(key(9), Vec::new(), audience());
    let (mut forged, own) = (bytes(&ticket(&strange)), bytes(&ticket(&sealer())));
    forged[1..5].copy_from_slice(&own[1..5]);
    let error = refused(&sealer(), &URL_SAFE_NO_PAD.encode(&forged));
    assert_eq!(error.to_string(), "ticket was altered, or is of another client");
    // Nor the other way: a ticket of the newest key under the name of an old one that still opens.
    let rotating = Sealer::new(key(1), vec![key(9)], audience());
    let mut downgraded = bytes(&ticket(&rotating));
    downgraded[1..5].copy_from_slice(&bytes(&ticket(&strange))[1..5]);
    refused(&rotating, &URL_SAFE_NO_PAD.encode(downgraded));
}

/// Which key sealed it is sealed along: even with the key's own bytes no other name is taken.
#[test]
fn b102_the_head_is_sealed_along() {
    let own = bytes(&ticket(&sealer()));
    let cipher = XChaCha20Poly1305::new_from_slice(&[1; 32]).expect("a key");
    let nonce = XNonce::try_from(&own[5..29]).expect("24 bytes");
    let plain = sealer().open(Purpose::Ticket, &own).expect("opens");
    let seal = |aad: &[u8]| {
        let sealed = cipher.encrypt(&nonce, Payload { msg: &plain, aad }).expect("sealed");
        URL_SAFE_NO_PAD.encode([&own[..29], &sealed].concat())
    };
    let whom = audience();
    let right = [b"authsec-ciba ticket\0", &own[..5], whom.bytes()].concat();
    assert_eq!(seal(&right), URL_SAFE_NO_PAD.encode(&own), "this is how it is done");
    for wrong in [
        [b"authsec-ciba ticket\0".as_slice(), &own[..1], &[0; 4], whom.bytes()].concat(),
        [b"authsec-ciba ticket\0".as_slice(), &[2], &own[1..5], whom.bytes()].concat(),
        [b"authsec-ciba outcome\0".as_slice(), &own[..5], whom.bytes()].concat(),
        [&own[..5], whom.bytes()].concat(),
        Vec::new(),
    ] {
        refused(&sealer(), &seal(&wrong));
    }
}

#[test]
fn r57_a_ticket_of_another_client_or_server_does_not_open() {
    let text = ticket(&sealer());
    let parts = ["authsec", "https://authsec.example", "client", "my-client", ""];
    for place in 0..parts.len() {
        let mut other = parts;
        other[place] = "another";
        let other = Sealer::new(key(1), Vec::new(), Audience::new(&other));
        assert_eq!(refused(&other, &text).to_string(), "ticket was altered, or is of another client");
    }
    // The same letters, cut otherwise.
    for other in [
        ["authsec", "https://authsec.example", "clientmy-client", "", ""],
        ["authsechttps://authsec.example", "", "client", "my-client", ""],
        ["", "authsec", "https://authsec.example", "client", "my-client"],
    ] {
        refused(&Sealer::new(key(1), Vec::new(), Audience::new(&other)), &text);
    }
}

#[test]
fn r58_a_key_is_changed_in_three_steps_and_each_ticket_opens_everywhere() {
    let (old, new) = (|| key(1), || key(2));
    let steps = [
        Sealer::new(old(), Vec::new(), audience()),
        Sealer::new(old(), vec![new()], audience()),
        Sealer::new(new(), vec![old()], audience()),
        Sealer::new(new(), Vec::new(), audience()),
    ];
    // While a process takes one step, the others are at it or have it behind them.
    for pair in steps.windows(2) {
        for (seals, opens) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            let ticket = pair[seals].seal_ticket(&carried()).expect("sealed");
            assert!(pair[opens].open_ticket(&ticket).is_ok());
        }
    }
    refused(&steps[3], &ticket(&steps[1]));
    refused(&steps[0], &ticket(&steps[2]));
}

#[test]
fn a_key_may_be_named_twice() {
    let sealer = Sealer::new(key(1), vec![key(1), key(2), key(1)], audience());
    assert!(sealer.open_ticket(&sealer.seal_ticket(&carried()).expect("sealed")).is_ok());
}

#[test]
fn no_two_tickets_are_alike() {
    let sealer = sealer();
    let (one, other) = (bytes(&ticket(&sealer)), bytes(&ticket(&sealer)));
    assert_eq!(one[..5], other[..5]);
    let differ = |from: usize, to: usize| {
        one[from..to].iter().zip(&other[from..to]).filter(|(one, other)| one != other).count()
    };
    assert!(differ(5, 29) > 12, "the nonce is drawn");
    assert!(differ(29, one.len()) > 32);
}

#[test]
fn a_key_is_32_bytes_and_never_shown() {
    for length in [0, 1, 16, 31, 33, 64, 4096] {
        let error = SealingKey::new(vec![0x5a; length]).expect_err("no key");
        assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some("sealing_key")));
        assert_eq!(
            error.to_string(),
            format!("sealing_key has {length} bytes, and 32 random ones are needed")
        );
    }
    let unset: Error = SealingKey::new([0; 32]).expect_err("nobody has set it");
    assert_eq!(unset.to_string(), "sealing_key is nothing but zeros, and no key");
    let mut almost = [0; 32];
    almost[31] = 1;
    assert!(SealingKey::new(almost).is_ok());
    assert_eq!(format!("{:?}", key(0x5a)), "SealingKey([redacted])");
}

proptest! {
    /// Nothing that anybody writes opens, and nothing panics.
    #[test]
    fn r57_no_text_of_a_strangers_opens(text in "\\PC{0,300}", sealed in proptest::collection::vec(any::<u8>(), 0..300)) {
        refused(&sealer(), &text);
        refused(&sealer(), &URL_SAFE_NO_PAD.encode(&sealed));
    }

    /// Nor does it behind a right beginning, of any length.
    #[test]
    fn r57_nothing_behind_a_right_beginning_opens(
        keep in 0_usize..140,
        end in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let whole = bytes(&ticket(&sealer()));
        let keep = keep.min(whole.len());
        let forged = [&whole[..keep], &end].concat();
        prop_assume!(forged != whole);
        refused(&sealer(), &URL_SAFE_NO_PAD.encode(forged));
    }

    /// What was sealed comes back, for any content, and of no other length than any of its size.
    #[test]
    fn what_is_sealed_comes_back(plain in proptest::collection::vec(any::<u8>(), 0..400)) {
        let sealer = sealer();
        let sealed = sealer.seal(Purpose::Ticket, &plain).expect("sealed");
        prop_assert_eq!(sealed.len(), 1 + 4 + 24 + plain.len() + 16);
        prop_assert_eq!(&*sealer.open(Purpose::Ticket, &sealed).expect("opens"), &plain);
    }
}
