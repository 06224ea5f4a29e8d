use proptest::option;
use proptest::prelude::*;

use super::*;
use crate::seal::envelope::Purpose;

/// Sealed by libsodium (`crypto_aead_xchacha20poly1305_ietf_encrypt`) with the key 00 01 02 … 1f, of bytes that were written by
/// hand: the layout is what this says, whatever becomes of the code.
const OF_AUTHSEC: &str = "AWMNzSlkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ent9eFR6AS6JkQ8wmaxGb73JI7tScEc0luCMVU_9RmcOScZAOjNo846KkFdUUj41PB45o7lGreBY_KJrZCms-MwOEeKxh-MvpD27ftnmjZ_2Kp6d7UCggKyWkV2pkeaQ_LV5lHxNngduigjz66_XyKIL";
const OF_OPENID: &str = "AWMNzSnIycrLzM3Oz9DR0tPU1dbX2Nna29zd3t9HaCiERXJ8H0Crd2KAwz9jGNTF5gSDduEj7nYOQKbEQ7G8Dk3UYws-yePbynwtK3VIGmfnna136IcjgERkOfQ8jwuuNS2qz0LDTjvvvQTByiELHLY6AFjShLx1S9Qt6sHyd0dgI3fbn5H7O6scXeffPyGIFEA1bn6x-F72K1LeMRWsN4K_su-SbKajGXbAAv0";

fn opened(audience: Audience, ticket: &str) -> Carried {
    let counting: Vec<u8> = (0..32).collect();
    let sealer = Sealer::new(SealingKey::new(counting).expect("32 bytes"), Vec::new(), audience);
    sealer.open_ticket(&ticket.parse().expect("a text of a ticket")).expect("a ticket")
}

/// All that a ticket carries, to be compared.
fn shown(carried: &Carried) -> String {
    let email = carried.whom.email.as_ref().map(Email::as_str);
    format!("{carried:?} {email:?} {} {}", carried.whom.key, carried.id.expose_secret())
}

#[test]
fn b102_the_layout_is_the_one_that_another_library_sealed() {
    let carried = opened(audience(), OF_AUTHSEC);
    assert_eq!(carried.whom.email.as_ref().map(Email::as_str), Some("User@example.com"));
    assert_eq!(carried.whom.key.as_str(), "user@example.com");
    assert_eq!(carried.id.expose_secret(), "Zm9vYmFyMDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1ub3A");
    assert_eq!(carried.flow.to_string(), "0badcafe");
    assert_eq!((carried.interval, carried.expires_in), (Duration::from_secs(5), Duration::from_secs(300)));
    assert_eq!((carried.push, carried.ends_at), (Duration::from_millis(120), at(1_800_000_000_000)));
    assert!(carried.resource.is_none() && carried.started.is_none());
}

#[test]
fn b102_what_a_start_said_at_an_openid_provider_comes_along() {
    let audience = Audience::new(&["openid", "https://op.example/", "checkout"]);
    let carried = opened(audience, OF_OPENID);
    assert!(carried.whom.email.is_none());
    assert_eq!(carried.whom.key.as_str(), "account-42");
    assert_eq!(carried.id.expose_secret(), "id-1.a_b-c");
    assert_eq!(carried.resource.as_deref(), Some("https://one.example\nhttps://two.example"));
    let started = carried.started.expect("what its ID Token is checked by");
    assert_eq!(started.at, at(1_799_999_880_000));
    assert_eq!(
        (started.subject.as_deref(), started.scope.as_deref()),
        (Some("alice-1"), Some("openid payments"))
    );
}

#[test]
fn b102_b127_a_ticket_shows_nothing() {
    let sealer = sealer();
    let ticket = sealer.seal_ticket(&carried()).expect("sealed");
    let text = ticket.to_string();
    assert_eq!(format!("{ticket:?}"), "ApprovalTicket([redacted])");
    assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
    // Persons and ids of about the same length make tickets of the same length.
    let length_for = |email: &str, id: &str| {
        let whom = Email::new(email).expect("an address").into();
        let carried = Carried { whom, id: AuthReqId::new(id).expect("an id"), ..carried() };
        sealer.seal_ticket(&carried).expect("sealed").to_string().len()
    };
    assert_eq!(length_for("al@example.com", "id-1"), length_for("alexander@example.com", "id-22"));
}

#[test]
fn what_is_too_long_for_a_ticket_is_refused_when_it_is_made() {
    let sealer = sealer();
    for (length, fits) in [(40_000, true), (50_000, false), (70_000, false)] {
        let carried = Carried { resource: Some("r".repeat(length).into()), ..carried() };
        let made = sealer.seal_ticket(&carried);
        assert_eq!(made.is_ok(), fits, "{length}");
        match made {
            Ok(ticket) => {
                let ticket = ticket.to_string().parse().expect("a text of a ticket");
                let opened = sealer.open_ticket(&ticket).expect("a ticket");
                assert_eq!(opened.resource.map(|text| text.len()), Some(length));
            }
            Err(error) => {
                assert_eq!((error.kind(), error.field()), (ErrorKind::Input, Some("ticket")));
            }
        }
    }
}

#[test]
fn what_is_left_of_a_life_is_never_more_than_it_had() {
    let carried = carried();
    let (end, life) = (1_800_000_000_000, Some(Duration::from_secs(300)));
    assert_eq!(carried.left(at(end - 300_000)), life);
    assert_eq!(carried.left(at(end - 60_001)), Some(Duration::from_millis(60_001)));
    assert_eq!(carried.left(at(end - 1)), Some(Duration::from_millis(1)));
    assert_eq!(carried.left(at(end)), None);
    assert_eq!(carried.left(at(end + 1)), None);
    assert_eq!(carried.left(at(end + 1_000_000_000)), None);
    // A clock that is behind, by an hour and by fifty years.
    assert_eq!(carried.left(at(end - 3_900_000)), life);
    assert_eq!(carried.left(UNIX_EPOCH), life);
}

/// What a newer version may add is refused by this one, not half understood.
#[test]
fn r57_a_sealed_record_of_another_shape_is_refused() {
    let sealer = sealer();
    let record = sealer.open(Purpose::Ticket, &sealed(&sealer, &carried())).expect("opens");
    let with = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut record = record.to_vec();
        change(&mut record);
        use base64::Engine as _;
        let sealed = sealer.seal(Purpose::Ticket, &record).expect("sealed");
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&*sealed)
    };
    sealer.open_ticket(&with(&|_| {}).parse().expect("a text")).expect("the record itself");
    let refuse = |change: &dyn Fn(&mut Vec<u8>)| {
        let error = refused(&sealer, &with(change));
        assert_eq!(error.to_string(), "ticket holds what this version of the crate cannot read");
    };
    for flag in [64, 128] {
        refuse(&|record| record[0] |= flag);
    }
    refuse(&|record| record.clear());
    refuse(&|record| record.truncate(24));
    refuse(&|record| record.extend([0; 32]));
    refuse(&|record| *record.last_mut().expect("filled up") = 1);
    // Nobody; a subject without a start; an id that is none, or empty.
    refuse(&|record| record[0] &= !1);
    refuse(&|record| record[0] |= 16);
    refuse(&|record| record[27] = b' ');
    refuse(&|record| record[26] = 0);
}

fn sealed(sealer: &Sealer, carried: &Carried) -> Vec<u8> {
    use base64::Engine as _;
    let text = sealer.seal_ticket(carried).expect("sealed").to_string();
    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).expect("base64url")
}

fn any_whom() -> impl Strategy<Value = Whom> {
    let email =
        "[A-Za-zäß.+]{1,20}@[a-zü]{1,20}\\.example".prop_map(|text| Email::new(&text).expect("an address"));
    (option::of(email), option::of("\\PC{0,40}")).prop_map(|(email, name)| match (email, name) {
        (Some(email), None) => email.into(),
        (email, name) => Whom { key: PersonKey::from(name.unwrap_or_default()), email },
    })
}

fn any_started() -> impl Strategy<Value = Option<Started>> {
    let text = || option::of("\\PC{0,60}".prop_map(Box::from));
    option::of((0..4_000_000_000_000_u64, text(), text()))
        .prop_map(|it| it.map(|(millis, subject, scope)| Started { at: at(millis), subject, scope }))
}

fn any_carried() -> impl Strategy<Value = Carried> {
    let millis = || any::<u32>().prop_map(|millis| Duration::from_millis(millis.into()));
    let times = (millis(), millis(), millis(), 0..4_000_000_000_000_u64);
    let texts = ("[!-~]{1,200}", option::of("\\PC{0,80}"));
    (any_whom(), any::<u32>(), times, texts, any_started()).prop_map(|(whom, flow, times, texts, started)| {
        let (interval, expires_in, push, ends_at) = times;
        Carried {
            whom,
            id: AuthReqId::new(texts.0).expect("an id"),
            flow: FlowId::from_number(flow),
            interval,
            expires_in,
            push,
            ends_at: at(ends_at),
            resource: texts.1.map(Box::from),
            started,
        }
    })
}

proptest! {
    #[test]
    fn b102_what_a_ticket_carries_comes_back(carried in any_carried()) {
        let sealer = sealer();
        let ticket = sealer.seal_ticket(&carried).expect("sealed").to_string().parse().expect("a text");
        prop_assert_eq!(shown(&sealer.open_ticket(&ticket).expect("opens")), shown(&carried));
    }

    /// Whatever is sealed, reading it never panics; and what is read is written as the same.
    #[test]
    fn r57_no_record_breaks_the_reader(record in proptest::collection::vec(any::<u8>(), 0..300)) {
        read_and_write_again(&record)?;
    }

    /// The same for what is almost a record: one byte of it is another, or its end.
    #[test]
    fn r57_no_altered_record_breaks_the_reader(
        carried in any_carried(),
        place in any::<proptest::sample::Index>(),
        byte in any::<u8>(),
        cut in any::<proptest::sample::Index>(),
    ) {
        let sealer = sealer();
        let mut record = sealer.open(Purpose::Ticket, &sealed(&sealer, &carried)).expect("opens").to_vec();
        let length = record.len();
        record[place.index(length)] = byte;
        read_and_write_again(&record)?;
        record.truncate(cut.index(length));
        read_and_write_again(&record)?;
    }
}

fn read_and_write_again(record: &[u8]) -> Result<(), TestCaseError> {
    let Some(read) = Carried::read(record) else { return Ok(()) };
    let written = read.record().expect("no longer than it was");
    let again = Carried::read(&written).expect("a record");
    prop_assert_eq!(shown(&again), shown(&read));
    Ok(())
}
