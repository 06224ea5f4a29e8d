use std::collections::{BTreeMap, BTreeSet};

use public_api::PublicApi;
use serde_json::Value;

/// What every Rust program has.
const EVERYWHERE: [&str; 3] = ["std", "core", "alloc"];

/// The dependencies' types and traits that the API names: the full path of each, and an item that names it.
pub fn in_api(json: &Value, api: &PublicApi) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for item in api.items() {
        let mut named = BTreeSet::new();
        collect(json, inner(json, item.id().0.into()), &mut named);
        for path in named.into_iter().filter_map(|id| foreign_path(json, id)) {
            found.entry(path).or_insert_with(|| item.to_string());
        }
    }
    found
}

fn inner(json: &Value, id: u64) -> &Value {
    &json["index"][id.to_string()]["inner"]
}

/// Wherever something is named, its id stands beside its path, or beside the source of a re-export.
fn collect(json: &Value, value: &Value, named: &mut BTreeSet<u64>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| collect(json, value, named)),
        Value::Object(members) => {
            if members.contains_key("path") || members.contains_key("source") {
                named.extend(members.get("id").and_then(Value::as_u64));
            }
            // Fields without names are not items of the listing; those with names are.
            let fields = members.get("tuple").and_then(Value::as_array).into_iter().flatten();
            for field in fields.filter_map(Value::as_u64) {
                collect(json, inner(json, field), named);
            }
            members.values().for_each(|value| collect(json, value, named));
        }
        _ => {}
    }
}

fn foreign_path(json: &Value, id: u64) -> Option<String> {
    let summary = json["paths"].get(id.to_string())?;
    let origin = json["external_crates"].get(summary["crate_id"].to_string())?;
    if EVERYWHERE.contains(&origin["name"].as_str()?) {
        return None;
    }
    let names: Vec<_> = summary["path"].as_array()?.iter().filter_map(Value::as_str).collect();
    Some(names.join("::"))
}
