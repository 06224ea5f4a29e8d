//! The sandbox's rooms use one another one way: `docs/architecture.md` draws the arrows, this test reads the `use` lines.

use std::collections::BTreeSet;
use std::path::Path;

/// Each room with those that it may use.
const ARROWS: [(&str, &[&str]); 7] = [
    ("state", &[]),
    ("message", &["state"]),
    ("authsec", &["state", "message"]),
    ("openid", &["state", "message"]),
    ("phone", &["state"]),
    ("control", &["state", "message", "phone"]),
    ("server", &["state", "message", "authsec", "openid", "control"]),
];

#[test]
fn no_arrow_between_rooms_goes_up() {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/sandbox");
    let rooms: BTreeSet<&str> = ARROWS.iter().map(|(room, _)| *room).collect();
    for (room, allowed) in ARROWS {
        for file in std::fs::read_dir(home.join(room)).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_none_or(|end| end != "rs") {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            for used in code.flat_map(|line| line.split("crate::sandbox::").skip(1)) {
                let used = used.split("::").next().unwrap_or_default();
                let inside = used == room || !rooms.contains(used) || allowed.contains(&used);
                assert!(inside, "{} uses {used}", path.display());
                assert!(used != "Sandbox" && used != "SandboxBuilder", "{} uses {used}", path.display());
            }
        }
    }
}

/// Within a room, too, no two files use each other.
#[test]
fn no_file_of_a_room_goes_in_a_circle() {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/sandbox");
    for (room, _) in ARROWS {
        let mut left: Vec<(String, BTreeSet<String>)> = Vec::new();
        for file in std::fs::read_dir(home.join(room)).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_some_and(|end| end == "rs") {
                let name = path.file_stem().unwrap().to_string_lossy().into_owned();
                let text = std::fs::read_to_string(&path).unwrap();
                let text = text.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
                let uses = text.lines().filter_map(|line| line.strip_prefix("use super::"));
                let name_of = |line: &str| line.split([':', ';']).next().unwrap_or_default().to_owned();
                left.push((name, uses.map(name_of).collect()));
            }
        }
        while !left.is_empty() {
            let names: BTreeSet<String> = left.iter().map(|(name, _)| name.clone()).collect();
            let before = left.len();
            left.retain(|(_, uses)| uses.iter().any(|used| names.contains(used)));
            assert!(left.len() < before, "{room}: a circle among {names:?}");
        }
    }
}
