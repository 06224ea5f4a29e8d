//! The golden answers: `tests/fixtures/<routes>/<call>-<state>.json`, written by hand from the contract, one per
//! state, generation and plane.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Answer, PollAnswer, TotpAnswer, key, meaning, read_poll, seconds};
use crate::authsec::{off_the_routes, read_initiate, read_totp};

/// What every route can answer (`docs/wire.md`, section 2.0).
const COMMON: [&str; 4] = ["rate-limited", "handler-timeout", "panic", "unknown-route"];

const ADMIN: &[&str] = &[
    "initiate-acknowledged",
    "initiate-no-device",
    "initiate-user-not-found",
    "initiate-validation",
    "initiate-failed",
    "poll-approved",
    "poll-pending",
    "poll-server-error",
    "poll-denied",
    "poll-expired",
    "poll-validation",
    "poll-failed",
    "totp-verified",
    "totp-wrong-code",
    "totp-no-device",
    "totp-user-not-found",
    "totp-validation",
    "totp-device-query-failed",
    "totp-failed",
];

const CLIENT: &[&str] = &[
    "initiate-acknowledged",
    "initiate-validation",
    "initiate-invalid-client",
    "initiate-user-not-found",
    "initiate-no-device",
    "initiate-failed",
    "poll-approved",
    "poll-pending",
    "poll-denied",
    "poll-expired",
    "poll-invalid-client",
    "poll-validation",
    "poll-failed",
    "totp-verified",
    "totp-wrong-code",
    "totp-user-not-found",
    "totp-no-device",
    "totp-client-not-mapped",
    "totp-client-id-malformed",
    "totp-validation",
    "totp-failed",
];

/// The routes of the standard have no codes.
const OAUTH: &[&str] = &[
    "initiate-acknowledged",
    "initiate-invalid-request",
    "initiate-user-not-found",
    "initiate-no-device",
    "initiate-invalid-scope",
    "initiate-invalid-client",
    "initiate-unauthenticated",
    "initiate-switched-off",
    "initiate-another-host",
    "initiate-failed",
    "poll-approved",
    "poll-approved-without-scope",
    "poll-pending",
    "poll-denied",
    "poll-expired",
    "poll-invalid-grant",
    "poll-invalid-scope",
    "poll-invalid-request",
    "poll-invalid-client",
    "poll-unauthenticated",
    "poll-switched-off",
    "poll-another-host",
    "poll-failed",
];

/// The tables of the contract's sections 2.1, 2.2 and 2.6: each directory with its states.
const TABLES: [(&str, &[&str], &[&str]); 7] = [
    ("unprefixed-admin", ADMIN, &[]),
    ("tenant-admin", ADMIN, &[]),
    ("workspace-admin", ADMIN, &["initiate-invalid-request", "poll-foreign-client", "totp-locked"]),
    ("unprefixed-tenant", CLIENT, &["totp-tenant-missing"]),
    ("tenant", CLIENT, &["totp-tenant-missing"]),
    (
        "workspace",
        CLIENT,
        &[
            "initiate-invalid-scope",
            "initiate-unauthenticated",
            "poll-approved-native",
            "poll-invalid-grant",
            "poll-invalid-scope",
            "poll-unauthenticated",
            "totp-locked",
        ],
    ),
    ("oauth", OAUTH, &[]),
];

fn directory(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn states(table: &[&str], more: &[&str]) -> BTreeSet<String> {
    let has = |call: &&str| table.iter().any(|state| state.starts_with(call));
    let of_calls = ["initiate", "poll", "totp"]
        .into_iter()
        .filter(has)
        .flat_map(|call| COMMON.iter().map(move |state| format!("{call}-{state}")));
    table.iter().chain(more).map(|&state| state.to_owned()).chain(of_calls).collect()
}

#[test]
fn j18_to_j55_every_state_of_the_contract_has_a_golden_answer() {
    for (name, table, more) in TABLES {
        let files: BTreeSet<String> = std::fs::read_dir(directory(name))
            .expect("a directory of fixtures")
            .map(|entry| entry.expect("an entry").path())
            .map(|path| path.file_stem().expect("a name").to_string_lossy().into_owned())
            .collect();
        assert_eq!(files, states(table, more), "{name}: the fixtures are not the contract's table");
    }
    let directories: BTreeSet<_> = std::fs::read_dir(directory("."))
        .expect("the fixtures")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    assert_eq!(directories, TABLES.iter().map(|(name, ..)| (*name).to_owned()).collect());
}

#[test]
fn b34_b54_b73_every_golden_answer_is_read_as_what_it_means() {
    let mut read = 0;
    for (name, table, more) in TABLES {
        for state in states(table, more) {
            let file = directory(name).join(format!("{state}.json"));
            let text = std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            let fixture: Value = serde_json::from_slice(&text).expect("a fixture is JSON");
            check(&format!("{name}/{state}"), &fixture);
            read += 1;
        }
    }
    assert!(read > 200, "only {read} fixtures");
}

fn check(name: &str, fixture: &Value) {
    let text = |member: &str| fixture[member].as_str().unwrap_or_else(|| panic!("{name}: {member}"));
    let body = match fixture["body"]["text"].as_str() {
        Some(text) => text.as_bytes().to_vec(),
        None => serde_json::to_vec(&fixture["body"]).expect("a body"),
    };
    let retry_after = fixture["headers"]["Retry-After"].as_str().map(|wait| wait.parse().expect("seconds"));
    let answer = Answer {
        status: u16::try_from(fixture["status"].as_u64().expect("a status")).expect("a status"),
        retry_after: retry_after.map(seconds),
        body: Some(&body),
    };
    assert!(name.contains(&format!("/{}-", text("call"))), "{name}: the call is not that of the name");
    let at_these_routes = |error| if name.starts_with("oauth/") { off_the_routes(error) } else { error };
    let means = match text("call") {
        "initiate" => {
            let read = read_initiate(&answer, &key()).map_err(at_these_routes);
            if let Ok(ack) = &read {
                assert_eq!(Some(ack.auth_req_id.expose_secret()), fixture["body"]["auth_req_id"].as_str());
                assert_eq!((ack.expires_in, ack.interval), (seconds(300), seconds(5)), "{name}");
            }
            meaning::of_initiate(&read)
        }
        "poll" => {
            let read = match read_poll(&answer) {
                PollAnswer::Fatal(error) => PollAnswer::Fatal(at_these_routes(error)),
                read => read,
            };
            if let PollAnswer::Approved(approval) = &read {
                let body = &fixture["body"];
                assert_eq!(Some(approval.token.expose_secret()), body["access_token"].as_str(), "{name}");
                assert_eq!(approval.expires_in, body["expires_in"].as_u64().map(lifetime), "{name}");
                assert_eq!(approval.scope.as_deref(), body["scope"].as_str(), "{name}");
                assert_eq!(approval.token_type.as_deref(), Some("Bearer"), "{name}");
            }
            let (means, ends) = meaning::of_poll(&read);
            let ends = match read {
                PollAnswer::Codeless { .. } => Value::from("unless answered"),
                _ => Value::from(ends),
            };
            assert_eq!(ends, fixture["ends"], "{name}: whether the poll ends");
            means
        }
        "totp" => {
            let read = read_totp(&answer, &key());
            if let TotpAnswer::Verified(token) = &read {
                assert_eq!(Some(token.expose_secret()), fixture["body"]["token"].as_str(), "{name}");
            }
            meaning::of_totp(&read)
        }
        call => panic!("{name}: an unknown call {call}"),
    };
    assert_eq!(means, text("means"), "{name}");
}

fn lifetime(stated: u64) -> std::time::Duration {
    seconds(stated)
}
