//! What the documentation shows twice is the same twice, and what its guide promises comes out.

use std::collections::BTreeSet;
use std::time::Duration;

use authsec_ciba::sandbox::{Call, Fault, Reaction, Sandbox, User};
use authsec_ciba::{CibaClient, ErrorKind, TotpOutcome};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::time::Instant;

use crate::support::{EMAIL, polled_at, start};

const README: &str = include_str!("../../README.md");
const PROVIDERS: &str = include_str!("../../docs/providers.md");

#[test]
fn the_inline_diagrams_are_the_drawn_ones() {
    let line =
        |name: &str, svg: &[u8]| format!("[{name}]: data:image/svg+xml;base64,{}\n", STANDARD.encode(svg));
    let drawn = line("login", include_bytes!("../../docs/images/login.svg"))
        + &line("outcomes", include_bytes!("../../docs/images/outcomes.svg"));
    let inline = include_str!("../../docs/images/inline.md");
    assert!(inline == drawn, "a diagram was changed: run docs/images/inline");
}

/// The repository page and rustdoc take their links from different lists; both name the same things.
#[test]
fn each_link_of_the_readme_is_known_to_rustdoc() {
    let labels = |text: &str| -> BTreeSet<String> {
        let label = |line: &str| line.strip_prefix('[')?.split_once("]: ").map(|(label, _)| label.to_owned());
        text.lines().filter_map(label).collect()
    };
    let mut rustdoc = labels(include_str!("../../docs/links.md"));
    rustdoc.extend(["login", "outcomes", "testing"].map(str::to_owned));
    assert_eq!(labels(README), rustdoc);
}

#[test]
fn the_guide_shows_the_code_that_its_tests_include() {
    let code = include_str!("../../docs/testing-your-login.rs");
    assert!(include_str!("../../docs/testing-your-login.md").contains(&format!("```rust\n{code}```\n")));
}

#[test]
fn f57_the_guide_shows_the_sample_that_is_played_through() {
    let sample = include_str!("../../docs/web-sample.rs");
    assert!(include_str!("../../docs/web-login.md").contains(&format!("```rust\n{sample}# fn main()")));
    assert!(sample.lines().count() < 60, "it is to be read");
}

/// Whoever reads the README of a package or of a repository can follow each of its links, and so in rustdoc.
#[test]
fn the_guides_links_are_known_to_rustdoc() {
    let known = include_str!("../../docs/guide-links.md");
    for guide in [
        include_str!("../../docs/errors.md"),
        include_str!("../../docs/from-authsec-json-to-oauth.md"),
        include_str!("../../docs/from-python.md"),
        include_str!("../../docs/operating.md"),
        PROVIDERS,
        include_str!("../../docs/replicas.md"),
        include_str!("../../docs/telemetry.md"),
        include_str!("../../docs/timing.md"),
        include_str!("../../docs/web-login.md"),
        include_str!("../../docs/wire.md"),
    ] {
        let label = |line: &str| line.strip_prefix('[')?.split_once("]: ").map(|(label, _)| label.to_owned());
        for label in guide.lines().filter_map(label) {
            assert!(known.contains(&format!("[{label}]: ")), "{label}");
        }
    }
}

/// Each row of the table of providers leads to a section with a setting that compiles, and names its preset there; each preset
/// has its row.
#[test]
fn each_provider_has_one_worked_setting() {
    let table = PROVIDERS.split("## Provider by provider").nth(1).expect("the table");
    let sections: BTreeSet<&str> =
        PROVIDERS.split("\n### ").skip(1).filter_map(|it| it.lines().next()).collect();
    let mut named = BTreeSet::new();
    for row in table.lines().filter(|line| line.starts_with("| [")) {
        let [name, _issuer, settings, tried] =
            row.trim_matches('|').split(" | ").map(str::trim).collect::<Vec<_>>()[..]
        else {
            panic!("no four columns: {row}");
        };
        let (name, anchor) = name.trim_start_matches('[').split_once("](#").expect("a link to its section");
        assert_eq!(anchor.trim_end_matches(')'), name.to_lowercase().replace(' ', "-"), "{row}");
        assert!(tried == "no" || tried.starts_with("yes, ") || tried.starts_with("at "), "{row}");
        let section = PROVIDERS.split(&format!("\n### {name}\n")).nth(1).expect(name);
        let section = section.split("\n## ").next().and_then(|it| it.split("\n### ").next()).expect(name);
        assert_eq!(section.matches("```rust,no_run\n").count(), 1, "{name}");
        if let Some(preset) = settings.strip_prefix("`Quirks::") {
            assert!(
                section.contains(&format!(".quirks(Quirks::{})", preset.trim_end_matches('`'))),
                "{name}"
            );
        } else {
            assert!(!section.contains("Quirks::"), "{name}");
        }
        named.insert(name);
    }
    assert_eq!(named, sections);
    let presets = include_str!("../../src/openid/quirks.rs")
        .lines()
        .filter_map(|line| line.trim().strip_prefix("pub fn ")?.strip_suffix("() -> Self {"));
    for preset in presets {
        assert!(table.contains(&format!("| `Quirks::{preset}()` |")), "{preset}");
    }
}

/// What the guide says it was tried at is what the comparison installs.
#[test]
fn what_was_tried_is_what_is_compared() {
    let installed = include_str!("../interop/openid/package.json");
    let (_, version) = installed.split_once("\"oidc-provider\": \"").expect("pinned");
    let version = version.split('"').next().expect("a version");
    assert!(PROVIDERS.contains(&format!("| yes, {version} |")), "{version}");
    assert_eq!(
        PROVIDERS.matches("| yes, ").count(),
        1,
        "nothing else is tried by anything in this repository"
    );
}

/// The project has no page yet: an address of one would lead nowhere, or to a stranger.
#[test]
fn f66_no_document_names_an_address_of_ours() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = files_below(&["docs", "src", "examples"]);
    files.extend(
        ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "Cargo.toml"]
            .map(|name| root.join(name)),
    );
    for file in files {
        let text = String::from_utf8_lossy(&std::fs::read(&file).expect("a file")).into_owned();
        for host in ["github.com/", "docs.rs/", "crates.io/", "gitlab.com/", "lib.rs/"] {
            let ours = text.match_indices(host).any(|(at, _)| {
                text.get(at..)
                    .and_then(|rest| rest.lines().next())
                    .is_some_and(|line| line.contains("authsec"))
            });
            assert!(!ours, "{} names an address at {host}", file.display());
        }
    }
}

#[test]
fn the_readme_can_be_read_in_one_go() {
    assert!(README.lines().count() <= 250);
    assert!(README.contains("It is not made by AuthSec"));
}

/// No document cites what its reader does not have.
#[test]
fn f63_what_is_cited_can_be_read() {
    for document in [README, include_str!("../../docs/errors.md"), include_str!("../../docs/timing.md")] {
        assert!(!document.contains("wire contract"));
    }
    // There is no page on the web whose buttons could be pressed.
    assert!(!include_str!("../../SECURITY.md").contains("vulnerability reporting"));
    let headings: Vec<&str> = README.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    for file in files_below(&["src", "examples"]) {
        let text = String::from_utf8_lossy(&std::fs::read(&file).expect("a file")).into_owned();
        for cited in text.split("README, \"").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(headings.contains(&cited), "{}: the README has no section {cited:?}", file.display());
        }
    }
}

/// What is compiled for tests only stays out of the package.
#[test]
fn f66_the_package_holds_no_unit_tests() {
    let manifest = include_str!("../../Cargo.toml");
    let left_out: Vec<&str> =
        manifest.lines().filter_map(|line| line.trim().strip_prefix("\"!/")?.strip_suffix("\",")).collect();
    assert!(left_out.contains(&"src/**/tests.rs"), "{left_out:?}");
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = 0;
    for file in files_below(&["src"]) {
        let text = std::fs::read_to_string(&file).expect("a source file");
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            let for_tests = ["#[cfg(test)]", "#[cfg(all(test,"].iter().any(|cfg| line.starts_with(cfg));
            let next = lines.clone().find(|line| !line.starts_with("#["));
            let Some(module) = next.filter(|_| for_tests).and_then(module) else { continue };
            let stem = file.file_stem().expect("a name");
            let folder = file.parent().expect("a folder");
            let folder =
                if ["lib", "mod"].iter().any(|it| stem == *it) { folder.into() } else { folder.join(stem) };
            let path = folder.join(format!("{module}.rs"));
            let path = path.strip_prefix(root).expect("of ours").to_string_lossy().replace('\\', "/");
            assert!(left_out.iter().any(|pattern| fits(pattern, &path)), "{path} is in the package");
            found += 1;
        }
    }
    assert!(found > 5, "{found}");
}

/// The name of a module that is declared in this line, and stands in a file of its own.
fn module(line: &str) -> Option<&str> {
    let declared = line.strip_prefix("pub(crate) ").unwrap_or(line);
    declared.strip_prefix("mod ")?.strip_suffix(';')
}

/// Whether a path fits a pattern, whose `**/` is any folders and whose `*` any part of a name.
fn fits(pattern: &str, path: &str) -> bool {
    if let Some(rest) = pattern.strip_prefix("**/") {
        return fits(rest, path) || path.split_once('/').is_some_and(|(_, below)| fits(pattern, below));
    }
    if pattern == "**" {
        return !path.is_empty();
    }
    match (pattern.chars().next(), path.chars().next()) {
        (None, None) => true,
        (Some('*'), there) => {
            fits(&pattern[1..], path)
                || there.is_some_and(|it| it != '/' && fits(pattern, &path[it.len_utf8()..]))
        }
        (Some(wanted), Some(there)) if wanted == there => {
            fits(&pattern[wanted.len_utf8()..], &path[there.len_utf8()..])
        }
        _ => false,
    }
}

fn files_below(folders: &[&str]) -> Vec<std::path::PathBuf> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut left: Vec<_> = folders.iter().map(|folder| root.join(folder)).collect();
    let mut files = Vec::new();
    while let Some(folder) = left.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() { left.push(path) } else { files.push(path) }
        }
    }
    files
}

/// Nobody who writes a web page can overlook what the default lockout means there.
#[test]
fn f57_the_readme_says_what_a_page_without_strict_gives_away() {
    for document in [README, include_str!("../../docs/web-login.md")] {
        let document = document.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(document.contains("15 guesses in 5 rounds") && document.contains("TotpLockout::Strict"));
    }
    assert!(include_str!("../../docs/web-sample.rs").contains(".totp_lockout(TotpLockout::Strict)"));
}

/// The guide's table "Test as you go", row by row, as far as no other test here is the same.
#[tokio::test(start_paused = true)]
async fn the_guides_table_comes_out() {
    let (sandbox, client) = start().await;
    let pending = client.initiate_app_approval(EMAIL).await.expect("pushed");
    assert_eq!(
        pending.wait().timeout(Duration::from_secs(20)).await.expect("an outcome").status(),
        "timeout"
    );
    assert_eq!(pending.wait().await.expect("an outcome").status(), "expired_token");

    let task = client.initiate_app_approval(EMAIL).await.expect("pushed").wait().spawn();
    sandbox.clock().advance(Duration::from_secs(301));
    let before = Instant::now();
    assert_eq!(task.await.expect("an outcome").status(), "expired_token");
    assert_eq!(before.elapsed(), Duration::from_secs(5));

    let error = client.initiate_app_approval("stranger@example.com").await.expect_err("a stranger");
    assert_eq!(error.kind(), ErrorKind::UserNotFound);

    let task = client.initiate_app_approval(EMAIL).await.expect("pushed").wait().spawn();
    sandbox.go_down().await.expect("down");
    tokio::time::sleep(Duration::from_secs(60)).await;
    sandbox.come_back().await.expect("back");
    sandbox.phone(EMAIL).approve().await;
    assert_eq!(task.await.expect("an outcome").status(), "approved");

    sandbox.phone(EMAIL).react(Reaction::Approve);
    sandbox.faults().next(Call::Poll, Fault::too_many_requests_429(Some("40")));
    let pending = client.initiate_app_approval(EMAIL).await.expect("pushed");
    let (before, polls) = (Instant::now(), sandbox.calls(Call::Poll).len());
    assert_eq!(pending.wait().await.expect("an outcome").status(), "approved");
    let mine: Vec<_> = polled_at(&sandbox, before).split_off(polls);
    assert_eq!(mine, [5_000, 45_000]);
}

/// As the guide sets it up: `Sandbox::start`, and the workspace for codes.
#[tokio::test(start_paused = true)]
async fn the_guides_codes_are_judged() {
    let sandbox = Sandbox::start().await.expect("a port");
    let client = CibaClient::builder()
        .base_url(sandbox.base_url())
        .client_id("client-id")
        .client_secret("client-secret")
        .workspace_id(sandbox.workspace_id())
        .build()
        .expect("valid");
    let codes = sandbox.authenticator(EMAIL);
    for left in [2, 1, 0] {
        let outcome = client.verify_totp(EMAIL, &codes.wrong_code()).await.expect("judged");
        assert!(
            matches!(outcome, TotpOutcome::InvalidCode { remaining } if remaining == left),
            "{outcome:?}"
        );
    }
    let outcome = client.verify_totp(EMAIL, &codes.code()).await.expect("judged");
    assert!(matches!(outcome, TotpOutcome::TooManyRetries { .. }), "{outcome:?}");
    tokio::time::sleep(Duration::from_secs(15 * 60)).await;
    let outcome = client.verify_totp(EMAIL, &codes.code()).await.expect("judged");
    assert!(matches!(&outcome, TotpOutcome::Verified(login) if login.remaining() == 3), "{outcome:?}");
}

/// What `Usage` says of a client that was shut down.
#[tokio::test(start_paused = true)]
async fn usage_after_a_shutdown() {
    let (_sandbox, client) = start().await;
    let kept = client.initiate_app_approval(EMAIL).await.expect("pushed").wait().spawn();
    client.shutdown().await;
    let usage = client.usage();
    assert_eq!((usage.live_polls, usage.remembered_ids, usage.push_counts), (1, 0, 1));
    assert_eq!(kept.await.expect("an outcome").status(), "cancelled");
    assert_eq!(client.usage().live_polls, 0);
    tokio::time::sleep(Duration::from_secs(301)).await;
    assert_eq!(client.usage(), authsec_ciba::Usage::default());
}

/// "Several replicas": whoever takes over an id gets the token, and the one that comes second hears that it is gone.
#[tokio::test(start_paused = true)]
async fn another_process_goes_on_with_an_id() {
    let sandbox = Sandbox::builder()
        .user(User::new(EMAIL).reaction(Reaction::Approve))
        .client("client-id", Some("client-secret"))
        .start()
        .await
        .expect("a port");
    let client = || {
        let builder = CibaClient::builder().base_url(sandbox.base_url());
        builder.client_id("client-id").client_secret("client-secret").build().expect("valid")
    };
    let (here, there) = (client(), client());
    let pending = here.initiate_app_approval(EMAIL).await.expect("pushed");
    let id = authsec_ciba::AuthReqId::new(pending.auth_req_id().expose_secret()).expect("an id");
    let start = Instant::now();
    let poll = there.poll_for_approval(EMAIL, &id).interval(pending.interval()).timeout(pending.expires_in());
    assert_eq!(poll.await.expect("an outcome").status(), "approved");
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert_eq!(pending.wait().await.expect("an outcome").status(), "expired_token");
}
