use public_api::{PublicApi, PublicItem};
use serde_json::Value;

/// One item a line, grouped by type.
pub fn of(json: &Value, api: &PublicApi) -> String {
    api.items().filter(|item| says_something(json, item)).map(|item| format!("{item}\n")).collect()
}

/// The methods of a trait are told by the line of its implementation; its associated types are not.
fn says_something(json: &Value, item: &PublicItem) -> bool {
    let inner = |id: u32| &json["index"][id.to_string()]["inner"];
    let of_a_trait = item.parent_id().is_some_and(|parent| inner(parent.0)["impl"]["trait"].is_object());
    let of_the_compiler = inner(item.id().0)["impl"]["trait"]["path"] == "StructuralPartialEq";
    !(of_the_compiler || of_a_trait && inner(item.id().0)["function"].is_object())
}
