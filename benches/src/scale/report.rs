//! All figures with their targets, in one table.

use super::process::{Figures, Server, measure};
use super::python;
use super::svg::{self, Point};

struct Table {
    rows: usize,
    missed: usize,
}

impl Table {
    /// One figure against what is to be reached.
    fn row(&mut self, what: &str, figure: f64, unit: &str, target: f64, at_most: bool) {
        let reached = if at_most { figure <= target } else { figure >= target };
        let sign = if at_most { "at most" } else { "at least" };
        let verdict = if reached {
            "reached".to_owned()
        } else {
            format!("MISSED by {:.0} %", (figure / target - 1.0).abs() * 100.0)
        };
        println!("| {what} | {} {unit} | {sign} {target} {unit} | {verdict} |", short(figure));
        self.rows += 1;
        self.missed += usize::from(!reached);
    }
}

fn short(figure: f64) -> String {
    match figure.abs() {
        size if size >= 100.0 => format!("{figure:.0}"),
        size if size >= 1.0 => format!("{figure:.1}"),
        _ => format!("{figure:.3}"),
    }
}

/// A child with a server of its own.
fn on_server(ids: usize, words: &[&str]) -> Figures {
    let server = Server::start(ids);
    let words: Vec<&str> =
        words.iter().map(|word| if *word == "ADDRESS" { &server.address } else { *word }).collect();
    measure(&words)
}

/// `wanted`: parts of the report; none is all of them.
pub(crate) fn run(wanted: &[&str]) {
    let all = wanted.is_empty();
    let part = |name: &str| all || wanted.contains(&name);
    let mut table = Table { rows: 0, missed: 0 };
    println!("| figure | measured | target | |\n|---|---|---|---|");
    let mut points = Vec::new();
    if part("growth") {
        growth(&mut table, &mut points);
    }
    if part("crowd") {
        crowd(&mut table);
    }
    if part("burst") {
        burst(&mut table);
    }
    if part("cancels") {
        cancels(&mut table);
    }
    if part("trouble") {
        trouble(&mut table);
    }
    if part("python") {
        python(&mut table);
    }
    if !points.is_empty() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/scale.svg");
        std::fs::write(path, svg::draw(&points)).expect("written");
        eprintln!("   the picture is in benches/scale.svg");
    }
    println!("\n{} figures, {} missed", table.rows, table.missed);
}

/// Bytes and CPU from a thousand to a million.
fn growth(table: &mut Table, points: &mut Vec<Point>) {
    // So many polls at such an interval, so that no crowd asks for more than 20,000 polls a second.
    for (polls, interval) in [(1_000, "5"), (10_000, "5"), (100_000, "5"), (1_000_000, "50")] {
        let text = polls.to_string();
        let sleeping = on_server(polls + 2_000, &["memory", "ADDRESS", &text, "h1"]);
        let running = on_server(polls, &["crowd", "ADDRESS", &text, interval, "20", "h1"]);
        points.push(Point { polls, bytes: sleeping["bytes"], cpu_us: running["cpu_us"] });
        if polls >= 100_000 {
            table.row(
                &format!("memory per sleeping poll at {polls}"),
                sleeping["bytes"],
                "bytes",
                1_000.0,
                true,
            );
        }
        if polls == 1_000_000 {
            table.row(
                "memory of 1000000 sleeping polls",
                sleeping["total"] / f64::from(1 << 30),
                "GiB",
                1.0,
                true,
            );
        }
    }
    let cpu =
        |polls| points.iter().find(|point: &&Point| point.polls == polls).map_or(0.0, |point| point.cpu_us);
    table.row("growth of CPU per poll, 10000 to 1000000", cpu(1_000_000) / cpu(10_000), "times", 1.25, true);
}

/// 100,000 polls at 5 s.
fn crowd(table: &mut Table) {
    let bare = || on_server(100_000, &["bare", "ADDRESS", "100000", "5", "20"])["cpu_us"];
    // Once before ours and once behind: the neighbours of a virtual machine come and go.
    let mut bare_us = bare();
    for http in ["h1", "h2"] {
        let ours = on_server(100_000, &["crowd", "ADDRESS", "100000", "5", "20", http]);
        let name = |what: &str| format!("100000 polls at 5 s, {http}: {what}");
        table.row(&name("sent of those scheduled"), ours["per_second"] / 20_000.0 * 100.0, "%", 99.0, false);
        table.row(&name("late p99"), ours["p99"] / 1e3 - 5_000.0, "ms", 50.0, true);
        table.row(&name("shortest gap"), ours["min"] / 1e6, "s", 5.0, false);
        table.row(&name("cores"), ours["cores"], "cores", 0.5, true);
        table.row(&name("sockets"), ours["peak"], "sockets", if http == "h1" { 512.0 } else { 8.0 }, true);
        if http == "h1" {
            bare_us = f64::midpoint(bare_us, bare());
            table.row(&name("CPU against bare reqwest"), ours["cpu_us"] / bare_us, "times", 1.15, true);
        }
    }
}

/// 10,000 polls due in the same instant, with the file descriptors of an ordinary shell.
fn burst(table: &mut Table) {
    for http in ["h1", "h2"] {
        let server = Server::start(20_000);
        let program = std::env::current_exe().expect("this program");
        let line =
            format!("ulimit -n 1024; exec '{}' burst {} 10000 {http}", program.display(), server.address);
        let output = std::process::Command::new("sh").args(["-c", &line]).output().expect("started");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let ours = super::process::figures(&String::from_utf8(output.stdout).expect("text"));
        let name = |what: &str| format!("10000 polls at once, 1024 descriptors, {http}: {what}");
        table.row(&name("sockets"), ours["peak"], "sockets", if http == "h1" { 512.0 } else { 8.0 }, true);
        table.row(&name("errors"), ours["failed"] + ours["repeated"], "errors", 0.0, true);
        table.row(&name("all answered in"), ours["seconds"], "s", 5.0, true);
    }
}

fn cancels(table: &mut Table) {
    let ours = on_server(100_000, &["cancels", "ADDRESS", "100000", "5"]);
    table.row("cancel to return under load, from a task, p99", ours["task_p99"], "us", 50.0, true);
    table.row("cancel to return under load, from any thread, p99", ours["thread_p99"], "us", 1_000.0, true);
    table.row("98000 cancels at once", ours["burst"], "s", 1.0, true);
}

/// A server in trouble, and many in one place.
fn trouble(table: &mut Table) {
    let server = Server::start_late(100_000, 1_000);
    let queued = measure(&["queue", &server.address, "100000", "20"]);
    drop(server);
    table.row("100000 in the queue of a server that needs 1 s: cores", queued["cores"], "cores", 0.08, true);
    let server = Server::start(100_000);
    let back = measure(&["stopped", &server.address, &server.process(), "100000", "5", "6"]);
    drop(server);
    table.row("100000 polls at 5 s, server stopped for 6 s: back after", back["back"], "s", 5.0, true);
    table.row("ended by that", back["failed"], "polls", 0.0, true);
    // As many as find no free port where none is used again, unless connections are.
    let program = std::env::current_exe().expect("this program");
    let line = format!(
        "ip link set lo up && sysctl -qw net.ipv4.tcp_tw_reuse=0 && exec '{}' initiates-here 50000",
        program.display()
    );
    let output = std::process::Command::new("unshare").args(["-n", "sh", "-c", &line]).output();
    match output {
        Ok(output) if output.status.success() => {
            let ours = super::process::figures(&String::from_utf8(output.stdout).expect("text"));
            table.row(
                "50000 initiates at once in a network of their own: failed",
                ours["failed"],
                "",
                0.0,
                true,
            );
        }
        other => {
            eprintln!("\n*** NO NETWORK NAMESPACE, which root and `iproute2` can make: {other:?} ***\n");
            table.row(
                "50000 initiates at once in a network of their own: measured",
                0.0,
                "times",
                1.0,
                false,
            );
        }
    }
    let ids = measure(&["one-person", "10000"]);
    let ratio = ids["one_us"] / ids["many_us"];
    table.row("10000 ids under one email, each against one of 10000 people", ratio, "times", 1.25, true);
}

/// Both ends in this network.
pub(crate) fn initiates_here(people: &str) {
    let server = Server::start(0);
    let ours = measure(&["initiates", &server.address, people]);
    println!("failed={}", ours["failed"]);
}

fn python(table: &mut Table) {
    let theirs = match python::measure(1_000, 20) {
        Ok(figures) => figures,
        Err(why) => {
            eprintln!("\n*** THE OFFICIAL PYTHON SDK COULD NOT BE MEASURED: {why} ***\n");
            table.row("the official Python SDK was measured", 0.0, "times", 1.0, false);
            return;
        }
    };
    let call = on_server(20_000, &["calls", "ADDRESS", "5000"]);
    let crowd = on_server(20_000, &["crowd", "ADDRESS", "1000", "5", "20", "h1"]);
    let sleeping = on_server(20_000, &["memory", "ADDRESS", "1000", "h1"]);
    let cancels = on_server(20_000, &["cancels", "ADDRESS", "4000", "5"]);
    let against = "against the official Python SDK: ";
    table.row(
        &format!("{against}CPU per call"),
        call["cpu_us"] / theirs["call_us"],
        "times",
        1.0 / 40.0,
        true,
    );
    table.row(
        &format!("{against}CPU per poll of 1000"),
        crowd["cpu_us"] / theirs["crowd_us"],
        "times",
        0.1,
        true,
    );
    table.row(
        &format!("{against}memory per poll of 1000"),
        sleeping["bytes"] / theirs["bytes"],
        "times",
        1.0 / 30.0,
        true,
    );
    table.row(
        &format!("{against}cancel p99"),
        cancels["task_p99"] / theirs["cancel_p99_us"],
        "times",
        1e-4,
        true,
    );
}
