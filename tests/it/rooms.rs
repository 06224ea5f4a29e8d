//! The house (`docs/architecture.md`): no `use` line runs up a floor, and no two files use each other in a circle.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The floor of each room, as `docs/architecture.md` has them. Of several that fit, the longest name counts.
const FLOORS: &[(&str, u8)] = &[
    ("lib", 7),
    ("client", 6),
    ("request", 5),
    ("poll", 4),
    ("client::inner", 3),
    ("client::usage", 3),
    ("client::headers", 3),
    ("profile", 3),
    ("openid::keys", 3),
    ("openid::fetch", 3),
    ("openid::discover", 3),
    ("registry", 2),
    ("attempts", 2),
    ("push_guard", 2),
    ("evidence", 2),
    ("poll::schedule", 2),
    ("poll::progress", 2),
    ("authsec", 1),
    ("openid", 1),
    ("jose", 1),
    ("seal", 1),
    ("answer", 1),
    ("answer::code", 0),
    ("transport", 1),
    ("poll::pace", 1),
    ("poll::policy", 1),
    ("poll::life", 1),
    ("poll::millis", 1),
    ("address", 0),
    ("form", 0),
    ("types", 0),
    ("outcome", 0),
    ("error", 0),
    ("secret", 0),
    ("expiring", 0),
    ("clock", 0),
    ("sync", 0),
    ("trace", 0),
];

/// Rooms that never meet.
const STRANGERS: &[(&str, &str)] = &[
    ("authsec", "transport"),
    ("answer", "transport"),
    ("poll", "authsec"),
    ("authsec", "openid"),
    ("jose", "transport"),
    ("poll", "openid"),
];

/// Circles that are still there.
const CIRCLES: &[&[&str]] = &[];

/// A house of its own, and what is built for measuring alone.
const APART: &[&str] = &["sandbox", "guide", "internals"];

/// A file of `src`, by the path of its module.
#[derive(Default)]
struct File {
    /// What it uses: paths from the crate's root.
    uses: Vec<Vec<String>>,
    /// What it hands on: a name, and where that comes from.
    hands_on: Vec<(String, Vec<String>)>,
}

type House = BTreeMap<Vec<String>, File>;

fn words(path: &str) -> Vec<String> {
    path.split("::").map(str::to_owned).collect()
}

/// Reads every file of a folder that is not a test's.
fn read(folder: &Path, module: &[String], house: &mut House) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_stem().and_then(|name| name.to_str()).expect("a name").to_owned();
        let is_tests = ["tests", "model", "script"].contains(&name.as_str()) || name.ends_with("_tests");
        if is_tests || name.ends_with("_simulation") || module.is_empty() && APART.contains(&name.as_str()) {
            continue;
        }
        let module = if module.is_empty() && name == "lib" { vec![] } else { [module, &[name]].concat() };
        if path.is_dir() {
            read(&path, &module, house);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("a source file");
            // A test beside its code may use what it likes.
            let text = text.split("\nmod tests {").next().unwrap_or_default();
            let file = house.entry(module.clone()).or_default();
            *file = parse(text, &module);
        }
    }
}

/// The `use` lines of a text. Those under a `#[cfg(test)]` and its like are not the house's.
fn parse(text: &str, module: &[String]) -> File {
    let mut file = File::default();
    let mut lines = text.lines();
    let mut before = "";
    while let Some(line) = lines.next() {
        let trimmed = line.trim_start();
        let is_public = trimmed.starts_with("pub use ") || trimmed.starts_with("pub(");
        let Some(start) =
            trimmed.find("use ").filter(|at| *at == 0 || is_public && trimmed[..*at].ends_with(' '))
        else {
            // A path may stand in the code, too.
            if !trimmed.starts_with("//") {
                file.uses.extend(inline(trimmed).filter_map(|path| from_the_root(path, module)));
            }
            before = trimmed;
            continue;
        };
        let hidden = ["cfg(test)", "cfg(fuzzing)", "cfg(all(test", "cfg(authsec"]
            .iter()
            .any(|cfg| before.contains(cfg));
        let mut statement = trimmed[start + 4..].to_owned();
        while !statement.contains(';') {
            let Some(more) = lines.next() else { break };
            statement.push_str(more.trim());
        }
        before = "";
        if hidden {
            continue;
        }
        let mut paths = Vec::new();
        expand("", statement.trim_end_matches(';'), &mut paths);
        for path in paths {
            let (path, name) = match path.split_once(" as ") {
                Some((path, name)) => (path.to_owned(), name.trim().to_owned()),
                None => (path.clone(), path.rsplit("::").next().unwrap_or_default().to_owned()),
            };
            let Some(path) = from_the_root(&path, module) else { continue };
            if is_public {
                file.hands_on.push((name, path));
            } else {
                file.uses.push(path);
            }
        }
    }
    file
}

/// The paths from the crate's root in a line of code.
fn inline(line: &str) -> impl Iterator<Item = &str> {
    line.match_indices("crate::").filter_map(|(at, _)| {
        let path = line.get(at..)?;
        let end = path.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).unwrap_or(path.len());
        (!line.get(..at)?.ends_with(char::is_alphanumeric)).then(|| path.get(..end))?
    })
}

/// `a::{b, c::{d, e}}` into `a::b`, `a::c::d`, `a::c::e`.
fn expand(prefix: &str, tree: &str, paths: &mut Vec<String>) {
    let tree = tree.trim();
    let Some(open) = tree.find('{') else {
        if !tree.is_empty() {
            paths.push(format!("{prefix}{tree}").trim_end_matches("::self").to_owned());
        }
        return;
    };
    let prefix = format!("{prefix}{}", &tree[..open]);
    let inside = tree[open + 1..].trim_end().trim_end_matches('}');
    let inside = if tree.ends_with('}') { &tree[open + 1..tree.len() - 1] } else { inside };
    let (mut depth, mut from) = (0, 0);
    for (at, letter) in inside.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                expand(&prefix, &inside[from..at], paths);
                from = at + 1;
            }
            _ => {}
        }
    }
    expand(&prefix, &inside[from..], paths);
}

/// A path of this crate from its root; `None` for another crate's.
fn from_the_root(path: &str, module: &[String]) -> Option<Vec<String>> {
    let path = words(path);
    let supers = path.iter().take_while(|word| *word == "super").count();
    match path[0].as_str() {
        "crate" => Some(path[1..].to_vec()),
        "self" => Some([module, &path[1..]].concat()),
        "super" => Some([&module[..module.len().checked_sub(supers)?], &path[supers..]].concat()),
        // A module's own children, as `pub(crate) use pace::Pace` names them.
        _ => Some([module, &path].concat()).filter(|path| path.len() > module.len() + 1),
    }
}

impl File {
    fn origin(&self, name: &str) -> Option<&Vec<String>> {
        self.hands_on.iter().find(|(known, _)| known == name).map(|(_, path)| path)
    }
}

/// The file that a path leads to, through whatever hands it on.
fn home<'a>(house: &'a House, path: &[String], depth: usize) -> Option<&'a Vec<String>> {
    let mut module = Vec::new();
    for word in path {
        let child = [module.as_slice(), std::slice::from_ref(word)].concat();
        if house.contains_key(&child) {
            module = child;
            continue;
        }
        let (file, rest) = (house.get(&module)?, &path[module.len() + 1..]);
        if let Some(origin) = file.origin(word).filter(|_| depth < 8) {
            return home(house, &[origin.as_slice(), rest].concat(), depth + 1);
        }
        break;
    }
    house.get_key_value(&module).map(|(module, _)| module)
}

fn floor(module: &[String]) -> Option<u8> {
    let name = if module.is_empty() { "lib".to_owned() } else { module.join("::") };
    let fits = |room: &str| name == room || name.starts_with(&format!("{room}::"));
    FLOORS.iter().filter(|(room, _)| fits(room)).max_by_key(|(room, _)| room.len()).map(|(_, floor)| *floor)
}

fn arrows(house: &House) -> BTreeMap<&Vec<String>, BTreeSet<&Vec<String>>> {
    let of = |module, file: &File| {
        let homes = file.uses.iter().filter_map(|path| home(house, path, 0));
        homes.filter(|home| *home != module && !home.is_empty()).collect()
    };
    house.iter().map(|(module, file)| (module, of(module, file))).collect()
}

/// A circle, if there is one from here.
fn circle<'a>(
    arrows: &BTreeMap<&'a Vec<String>, BTreeSet<&'a Vec<String>>>,
    at: &'a Vec<String>,
    way: &mut Vec<&'a Vec<String>>,
    done: &mut BTreeSet<&'a Vec<String>>,
) -> Option<Vec<String>> {
    if let Some(from) = way.iter().position(|seen| *seen == at) {
        return Some(way[from..].iter().map(|module| module.join("::")).collect());
    }
    if done.contains(at) {
        return None;
    }
    way.push(at);
    let found = arrows[at].iter().find_map(|next| circle(arrows, next, way, done));
    way.pop();
    done.insert(at);
    found
}

fn house() -> House {
    let mut house = House::new();
    let src =
        std::env::var_os("ROOMS_OF").unwrap_or_else(|| concat!(env!("CARGO_MANIFEST_DIR"), "/src").into());
    read(Path::new(&src), &[], &mut house);
    house
}

#[test]
fn no_arrow_runs_up_a_floor_and_every_room_has_one() {
    let house = house();
    assert!(house.len() > 60, "{} files", house.len());
    let mut wrong = Vec::new();
    for (from, uses) in arrows(&house) {
        let Some(mine) = floor(from) else {
            wrong.push(format!("{} has no floor", from.join("::")));
            continue;
        };
        for to in uses {
            let theirs = floor(to).unwrap_or_default();
            let meets = |(one, other): &(&str, &str)| {
                let pair = (from[0].as_str(), to[0].as_str());
                pair == (*one, *other) || pair == (*other, *one)
            };
            if theirs > mine || (!from.is_empty() && STRANGERS.iter().any(meets)) {
                wrong.push(format!(
                    "{} (floor {mine}) uses {} (floor {theirs})",
                    from.join("::"),
                    to.join("::")
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_files_use_each_other_in_a_circle() {
    let house = house();
    let arrows = arrows(&house);
    assert!(arrows.values().map(BTreeSet::len).sum::<usize>() > 150, "the arrows are read");
    let mut done = BTreeSet::new();
    let circles: Vec<_> =
        house.keys().filter_map(|file| circle(&arrows, file, &mut Vec::new(), &mut done)).collect();
    assert_eq!(circles, CIRCLES);
}

/// What the server grants is an approval behind the checks of `profile`, and nowhere else.
#[test]
fn an_approval_is_born_in_one_room() {
    let named = files_of_the_source().into_iter().filter(|(name, text)| {
        let is_tests = name.contains("tests") || name.ends_with("model.rs");
        !is_tests && text.contains(".into_approval(")
    });
    let born: Vec<_> = named.map(|(name, text)| (name, text.matches(".into_approval(").count())).collect();
    assert_eq!(born, [("profile.rs".to_owned(), 1)]);
}

/// Each file of `src`: its name from there, and its text.
fn files_of_the_source() -> Vec<(String, String)> {
    let src = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
    let (mut folders, mut files) = (vec![Path::new(src).to_owned()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(src).expect("below").to_string_lossy().replace('\\', "/");
            files.push((name, fs::read_to_string(&path).expect("a source file")));
        }
    }
    files
}

#[test]
fn reqwest_is_named_in_one_room() {
    for (name, text) in files_of_the_source() {
        assert!(!text.contains("reqwest::") || name.starts_with("transport/http"), "{name}");
    }
}

#[test]
fn what_seals_is_named_in_one_room() {
    for (name, text) in files_of_the_source() {
        assert!(!text.contains("chacha20poly1305::") || name.starts_with("seal/"), "{name}");
    }
}

/// The table of the documents is the one that is checked.
#[test]
fn the_floors_are_the_documented_ones() {
    let text =
        fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/architecture.md")).expect("there");
    let mut documented = BTreeMap::new();
    for line in text.lines().filter(|line| line.starts_with("| ")) {
        let mut columns = line.split('|').map(str::trim).skip(1);
        let (Some(Ok(floor)), Some(rooms)) = (columns.next().map(str::parse::<u8>), columns.next()) else {
            continue;
        };
        for room in rooms.split('`').skip(1).step_by(2) {
            documented.insert(room.trim_end_matches("/*").replace('/', "::"), floor);
        }
    }
    let checked: BTreeMap<_, _> = FLOORS.iter().map(|(room, floor)| ((*room).to_owned(), *floor)).collect();
    assert_eq!(documented, checked);
}
