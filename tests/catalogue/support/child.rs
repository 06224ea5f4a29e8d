//! Processes of their own: for an environment of their own, and for memory that nobody else uses.

use std::process::Command;

/// Runs one test of this binary in a process with this environment, and gives what it printed.
#[track_caller]
pub(crate) fn run(test: &str, environment: &[(&str, &str)]) -> String {
    finish(Command::new(std::env::current_exe().expect("this binary")), test, environment)
}

/// The same with so many file descriptors at most.
#[track_caller]
pub(crate) fn run_limited(test: &str, descriptors: u32) -> String {
    let mut command = Command::new("sh");
    let script = format!("ulimit -n {descriptors}; exec \"$0\" \"$@\"");
    command.arg("-c").arg(script).arg(std::env::current_exe().expect("this binary"));
    finish(command, test, &[])
}

/// The same in a network of its own, which has nothing but loopback and so many local ports. `None` where this machine lets
/// nobody have one.
#[cfg(target_os = "linux")]
#[track_caller]
pub(crate) fn run_with_ports(test: &str, ports: std::ops::RangeInclusive<u16>) -> Option<String> {
    let alone = |script: &str| {
        let mut command = Command::new("unshare");
        let range = format!("'{} {}' > /proc/sys/net/ipv4/ip_local_port_range", ports.start(), ports.end());
        command.arg("-rn").args(["sh", "-c"]).arg(format!("ip link set lo up && echo {range} && {script}"));
        command
    };
    if !alone("true").output().is_ok_and(|output| output.status.success()) {
        println!("not run: no network of its own for {test}");
        return None;
    }
    let mut command = alone("exec \"$0\" \"$@\"");
    command.arg(std::env::current_exe().expect("this binary"));
    Some(finish(command, test, &[]))
}

#[track_caller]
fn finish(mut command: Command, test: &str, environment: &[(&str, &str)]) -> String {
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"] {
        command.env_remove(name).env_remove(name.to_ascii_lowercase());
    }
    for name in ["AUTHSEC_BASE_URL", "AUTHSEC_CLIENT_ID", "AUTHSEC_CLIENT_SECRET", "AUTHSEC_WORKSPACE_ID"] {
        command.env_remove(name);
    }
    command.args(["--exact", test, "--nocapture", "--include-ignored"]).env("INNER", "1");
    let output = command.envs(environment.iter().copied()).output().expect("started");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

/// Whether this process is one of those.
pub(crate) fn is_inner() -> bool {
    std::env::var_os("INNER").is_some()
}
