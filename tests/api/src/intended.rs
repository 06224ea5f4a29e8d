use std::collections::BTreeMap;

/// What is meant to be there, and why: a new major version of its crate is a new major version of this one.
const INTENDED: &[(&str, &str)] = &[
    ("serde_core::de::Deserialize", SERDE),
    (
        "serde_core::de::DeserializeOwned",
        "IdToken::claim: a provider's own claims are of any shape; at 1.0 since 2017",
    ),
    ("serde_core::de::Deserializer", SERDE),
    ("serde_core::ser::Serialize", SERDE),
    ("serde_core::ser::Serializer", SERDE),
    (
        "serde_json::value::Value",
        "sandbox: a test looks into a body of any shape that a client sent; at 1.0 since 2017",
    ),
    (
        "tokio::time::instant::Instant",
        "sandbox: the one clock that a test can pause; the client itself needs tokio 1",
    ),
];

const SERDE: &str = "feature serde: what it is for; at 1.0 since 2017";

/// What is there without being meant to, and what is meant to be there and is not.
pub fn complaints(found: &BTreeMap<String, String>) -> Vec<String> {
    let is_meant = |path: &str| INTENDED.iter().any(|(intended, _)| *intended == path);
    let stray = found.iter().filter(|(path, _)| !is_meant(path)).map(|(path, item)| {
        format!(
            "{path} belongs to a dependency and is part of the public API: hide it, or say in tests/api/src/intended.rs why \
             it is meant to be. It is named by\n    {item}"
        )
    });
    let stale = INTENDED.iter().filter(|(path, _)| !found.contains_key(*path)).map(|(path, _)| {
        format!("{path} is no longer part of the public API: take it out of tests/api/src/intended.rs.")
    });
    stray.chain(stale).collect()
}
