//! Settings checked at `build`, files and the environment (G-faults of the catalogue; B-70 for what errors show).

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::client::Inner;
use crate::client::config_file::ConfigFile;
use crate::client::environment::Environment;
use crate::transport::script::Script;
use crate::{ApiRoutes, CibaClient, CibaClientBuilder, Error, ErrorKind, PollPolicy};

/// Complete but for whom to ask for.
fn builder() -> CibaClientBuilder {
    CibaClient::builder().base_url("https://authsec.example")
}

fn complete() -> CibaClientBuilder {
    builder().client_id("client")
}

/// All that `build` checks but what the transport does: that loads the trust store each time.
fn checked(builder: CibaClientBuilder) -> Result<Inner, Error> {
    builder.into_inner(Box::new(Script::new([])))
}

/// Refused with this field, and without a word of the canary.
fn refused(result: Result<impl std::fmt::Debug, Error>, field: &str) {
    let error = result.expect_err(field);
    assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some(field)), "{error}");
    let mut shown = format!("{error} {error:?}");
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        shown.push_str(&cause.to_string());
        source = cause.source();
    }
    assert!(!shown.contains("canary"), "{shown}");
}

#[test]
fn b70_a_wrong_credential_is_refused_without_being_shown() {
    refused(checked(builder().client_secret("canary")), "client_secret");
    refused(checked(builder().client_id("c").client_secret("")), "client_secret");
    refused(checked(builder().client_id("c").client_secret("canary\r\nX-Evil: 1")), "client_secret");
    refused(checked(builder().client_id("c").client_secret("canary\0")), "client_secret");
    refused(checked(builder().client_id("https://canary.example").client_secret("canary")), "client_id");
    assert!(
        checked(builder().client_id("https://c.example")).is_ok(),
        "without a secret a colon harms nobody"
    );
    assert!(checked(builder().client_id("c").client_secret("with space, ünïcode: and colon")).is_ok());
}

#[test]
fn g_ids_are_text_of_one_line() {
    for id in ["", " ", "canary\n", "canary\0", "\u{85}canary"] {
        refused(checked(builder().client_id(id)), "client_id");
        refused(checked(builder().workspace_id(id)), "workspace_id");
    }
}

#[test]
fn i19_times_that_cannot_be_are_refused_and_none_panics() {
    let day = Duration::from_secs(24 * 60 * 60);
    for wrong in [Duration::ZERO, day + Duration::from_nanos(1), Duration::MAX] {
        refused(checked(builder().request_timeout(wrong)), "request_timeout");
        refused(checked(builder().connect_timeout(wrong)), "connect_timeout");
        refused(checked(builder().initiate_timeout(wrong)), "initiate_timeout");
        refused(checked(builder().totp_lock_duration(wrong)), "totp_lock_duration");
    }
    refused(builder().connect_timeout(Duration::MAX).build(), "connect_timeout");
    assert!(checked(complete().request_timeout(day).connect_timeout(day).initiate_timeout(day)).is_ok());
}

#[test]
fn b31_an_initiate_waits_at_least_35_seconds() {
    refused(checked(builder().initiate_timeout(Duration::from_millis(34_999))), "initiate_timeout");
    assert!(checked(complete().initiate_timeout(Duration::from_secs(35))).is_ok());
}

#[test]
fn b82_some_requests_must_fit() {
    refused(checked(builder().max_in_flight(0)), "max_in_flight");
    assert!(checked(complete().max_in_flight(usize::MAX)).is_ok(), "no panic in the semaphore");
}

#[test]
fn b10_b16_a_policy_without_sense_is_refused() {
    let policy = PollPolicy::default;
    for wrong in [
        policy().minimum_interval(Duration::ZERO),
        policy().backoff_base(Duration::ZERO),
        policy().backoff_base(Duration::from_secs(31)),
        policy().backoff_cap(Duration::ZERO),
        policy().grace(Duration::from_secs(61)),
        policy().grace(Duration::MAX),
    ] {
        refused(checked(complete().poll_policy(wrong)), "poll_policy");
    }
    let longest = policy().minimum_interval(Duration::MAX).timeout(Duration::MAX).backoff_cap(Duration::MAX);
    assert!(checked(complete().poll_policy(longest)).is_ok(), "cut to a week");
}

#[test]
fn b70_n36_a_proxy_that_is_none_is_refused_without_its_credentials() {
    refused(complete().proxy("http://canary:canary@").build(), "proxy");
    refused(complete().proxy("").build(), "proxy");
}

#[test]
fn g_headers_and_certificates_that_are_none() {
    refused(complete().user_agent("canary\r\nX-Evil: 1").build(), "user_agent");
    refused(complete().root_certificate("canary").build(), "root_certificate");
    let broken = "-----BEGIN CERTIFICATE-----\ncanary!\n-----END CERTIFICATE-----\n";
    refused(complete().root_certificate(broken).build(), "root_certificate");
}

/// A file that is gone with the test.
struct File(PathBuf);

impl File {
    fn new(name: &str, text: &[u8]) -> Self {
        let path = std::env::temp_dir().join(format!("authsec-ciba-{}-{name}", std::process::id()));
        std::fs::write(&path, text).expect("a file");
        Self(path)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn g_a_config_file_gives_what_it_names_and_leaves_the_rest() {
    let file =
        File::new("whole", br#"{"client_id":"from-file","ciba_base_url":"http://127.0.0.1:1","other":[1]}"#);
    let both = builder().client_id("before").config_file(&file.0).expect("a file");
    assert!(format!("{both:?}").contains("from-file"));
    assert!(format!("{:?}", checked(both).expect("a client")).contains("http://127.0.0.1:1"));
    let file = File::new("empty", b"{}");
    let kept =
        builder().client_id("before").base_url("http://127.0.0.1:2").config_file(&file.0).expect("a file");
    assert!(format!("{kept:?}").contains("before"));
    assert!(format!("{:?}", checked(kept).expect("a client")).contains("http://127.0.0.1:2"));
    let file = File::new("wrong", br#"{"ciba_base_url":"http://canary.example"}"#);
    refused(checked(builder().config_file(&file.0).expect("a file")), "base_url");
}

#[test]
fn b70_a_config_file_that_is_none_is_refused_without_its_content() {
    refused(builder().config_file(std::env::temp_dir().join("authsec-ciba-no-such-file")), "config_file");
    refused(builder().config_file(std::env::temp_dir()), "config_file");
    let texts: [&[u8]; 8] = [
        b"",
        b"canary",
        br#"{"client_id":{"canary":1}}"#,
        br#"{"client_id":42}"#,
        br#"["canary"]"#,
        br#"{"client_id":"canary","client_id":"canary"}"#,
        br#"{"client_id":"canary"} canary"#,
        b"{\"client_id\":\"canary\xff\"}",
    ];
    for text in texts {
        refused(ConfigFile::parse(text).map(|_| ()), "config_file");
    }
    let long = File::new("long", format!(r#"{{"x":"{}"}}"#, "c".repeat(64 * 1024)).as_bytes());
    refused(builder().config_file(&long.0), "config_file");
}

#[cfg(unix)]
#[test]
fn b61_a_config_file_without_an_end_is_read_to_its_bound() {
    refused(builder().config_file("/dev/zero"), "config_file");
}

/// Run by the next test in a process of its own, whose environment is not ours.
#[test]
#[ignore = "run by g_the_environment_is_read_only_when_asked"]
fn from_the_environment() {
    let shown = |builder: &CibaClientBuilder| format!("{builder:?}").replace('\n', " ");
    println!("untouched: {}", shown(&CibaClient::builder()));
    match CibaClient::builder().client_id("before").workspace_id("before").env() {
        Err(error) => println!("refused: {:?} {error}", error.field()),
        Ok(read) => {
            println!("read: {}", shown(&read));
            println!("built: {:?}", read.build().map_err(|error| error.to_string()));
        }
    }
    println!("from_env: {:?}", CibaClient::from_env().map_err(|error| error.to_string()));
}

fn in_an_environment(variables: &[(&str, &std::ffi::OsStr)]) -> String {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("AUTHSEC_") {
            command.env_remove(name);
        }
    }
    command.args(["--ignored", "--exact", "client::tests::configuring::from_the_environment", "--nocapture"]);
    let output = command.envs(variables.iter().copied()).output().expect("it runs");
    let told =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && told.contains("1 passed"), "{told}");
    told
}

#[test]
fn g_the_environment_is_read_only_when_asked() {
    let told = in_an_environment(&[
        ("AUTHSEC_BASE_URL", "http://127.0.0.1:9".as_ref()),
        ("AUTHSEC_CLIENT_ID", "from-env".as_ref()),
        ("AUTHSEC_CLIENT_SECRET", "canary".as_ref()),
        ("AUTHSEC_WORKSPACE_ID", "space-from-env".as_ref()),
    ]);
    let line = |start: &str| told.lines().find(|line| line.contains(start)).expect(start).to_owned();
    assert!(!line("untouched:").contains("from-env"), "{told}");
    let read = line("read:");
    assert!(read.contains(r#"Some("from-env")"#) && read.contains("space-from-env"), "{told}");
    assert!(line("built:").contains("http://127.0.0.1:9"), "{told}");
    assert!(line("from_env:").contains("http://127.0.0.1:9"), "{told}");
    assert!(!told.contains("canary"), "{told}");
}

#[test]
fn g_an_empty_environment_changes_nothing() {
    for variables in [vec![], vec![("AUTHSEC_BASE_URL", "".as_ref()), ("AUTHSEC_CLIENT_ID", "".as_ref())]] {
        let told = in_an_environment(&variables);
        assert!(told.contains(r#"client_id: Some("before")"#), "{told}");
        assert!(told.contains("built: Err(\"base_url is not set"), "{told}");
    }
}

#[test]
fn b70_a_wrong_environment_names_the_field_and_shows_nothing() {
    let told = in_an_environment(&[("AUTHSEC_BASE_URL", "https://canary:canary@api.example".as_ref())]);
    assert!(told.contains("from_env: Err(\"base_url must not hold"), "{told}");
    assert!(!told.contains("canary"), "{told}");
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt as _;

        let not_unicode = std::ffi::OsStr::from_bytes(b"canary\xff");
        let told = in_an_environment(&[("AUTHSEC_CLIENT_SECRET", not_unicode)]);
        assert!(told.contains("refused: Some(\"client_secret\")") && !told.contains("canary"), "{told}");
    }
}

/// F-55: nothing set is nobody's cloud, and a slip in a name is not passed over.
#[test]
fn b92_f55_an_incomplete_environment_is_refused_by_the_variables_name() {
    let told = |variables: &[(&str, &str)]| {
        let variables: Vec<_> =
            variables.iter().map(|(name, value)| (*name, std::ffi::OsStr::new(*value))).collect();
        let told = in_an_environment(&variables);
        told.lines().find(|line| line.contains("from_env:")).expect("told").to_owned()
    };
    let there = ("AUTHSEC_BASE_URL", "http://127.0.0.1:9");
    let nothing = told(&[]);
    assert!(nothing.contains("base_url is not set") && nothing.contains("AUTHSEC_BASE_URL"), "{nothing}");
    let slip = told(&[("AUTHSEC_BASEURL", "http://127.0.0.1:9"), ("AUTHSEC_CLIENT_ID", "c")]);
    assert!(slip.contains("AUTHSEC_BASE_URL") && !slip.contains("127.0.0.1"), "{slip}");
    let nobody = told(&[there, ("AUTHSEC_WORKSPACE_ID", "w"), ("AUTHSEC_CLIENTID", "c")]);
    assert!(nobody.contains("AUTHSEC_CLIENT_ID") && nobody.contains("AUTHSEC_ROUTES=admin"), "{nobody}");
    let both = told(&[there, ("AUTHSEC_CLIENT_ID", "c"), ("AUTHSEC_ROUTES", "admin")]);
    assert!(both.contains("exclude each other"), "{both}");
    let wrong = told(&[there, ("AUTHSEC_ROUTES", "canary")]);
    assert!(wrong.contains("AUTHSEC_ROUTES is one of") && !wrong.contains("canary"), "{wrong}");
    let unread = "AUTHSEC_BASEURL is set, and nobody reads it";
    assert!(slip.contains(unread), "{slip}");
    let lonely = told(&[there, ("AUTHSEC_CLIENT_SECRET", "canary")]);
    assert!(lonely.contains("AUTHSEC_CLIENT_SECRET") && lonely.contains("AUTHSEC_CLIENT_ID"), "{lonely}");
    assert!(!lonely.contains("canary"), "{lonely}");
    let blank = told(&[there, ("AUTHSEC_CLIENT_ID", " ")]);
    assert!(blank.contains("client_id is empty; it comes from AUTHSEC_CLIENT_ID"), "{blank}");
    let quoted = told(&[("AUTHSEC_BASE_URL", "\"http://127.0.0.1:9\""), ("AUTHSEC_CLIENT_ID", "c")]);
    assert!(
        quoted.contains("quotation marks") && quoted.contains("it comes from AUTHSEC_BASE_URL"),
        "{quoted}"
    );
    let both_wrong = told(&[("AUTHSEC_ROUTES", "canary"), ("AUTHSEC_BASEURL", "canary")]);
    assert!(both_wrong.contains("AUTHSEC_ROUTES is one of") && both_wrong.contains(unread), "{both_wrong}");
    let admin = told(&[there, ("AUTHSEC_ROUTES", "admin"), ("AUTHSEC_WORKSPACE_ID", "w")]);
    assert!(admin.contains("Ok(") && admin.contains("http://127.0.0.1:9"), "{admin}");
}

/// F-55: a variable that a program has overruled is not named.
#[test]
fn b92_f55_only_what_the_environment_has_set_is_said_to_come_from_it() {
    let told = |builder: CibaClientBuilder| checked(builder).expect_err("refused").to_string();
    let mut builder = builder();
    builder.from_env = vec!["client_id"];
    builder.client_id = Some(" ".to_owned());
    assert!(told(builder).ends_with("; it comes from AUTHSEC_CLIENT_ID"));
    let mut builder = self::builder();
    builder.from_env = vec!["client_id"];
    assert_eq!(told(builder.client_id(" ")), "client_id is empty");
}

#[test]
fn b92_f55_white_space_and_quotation_marks_are_not_part_of_a_setting() {
    for id in [" a", "a ", "\u{a0}a", "\"a\"", "'a'"] {
        refused(checked(builder().client_id(id)), "client_id");
        refused(checked(complete().workspace_id(id)), "workspace_id");
    }
    for secret in [" canary", "canary ", "\u{2003}canary"] {
        refused(checked(complete().client_secret(secret)), "client_secret");
    }
    for url in ["\"https://canary.example\"", "'https://canary.example'", "https://canary.example'"] {
        let error = checked(complete().base_url(url)).expect_err("quotation marks");
        assert!(error.to_string().contains("quotation marks"), "{error}");
    }
}

/// F-58: what leads out of plain http is named.
#[test]
fn b92_f58_plain_http_to_a_host_names_the_setting_for_it() {
    let error = checked(complete().base_url("http://authsec:7468")).expect_err("plain http");
    assert!(error.to_string().contains("danger_unencrypted_http_to"), "{error}");
}

#[test]
fn b92_the_cloud_and_the_admin_plane_are_chosen_by_name() {
    refused(checked(CibaClient::builder().client_id("c")), "base_url");
    refused(checked(CibaClient::builder().admin()), "base_url");
    refused(checked(builder()), "client_id");
    refused(checked(builder().client_id("c").admin()), "client_id");
    assert!(checked(builder().admin().workspace_id("w")).is_ok());
    let cloud = checked(CibaClient::builder().authsec_cloud().client_id("c")).expect("complete");
    assert!(format!("{cloud:?}").contains("\"https://prod.api.authsec.ai\""), "{cloud:?}");
}

#[test]
fn b92_a_variable_that_nobody_reads_is_noticed_by_its_name_alone() {
    let variables = [("AUTHSEC_CLIENTSECRET", "canary"), ("AUTHSEC_ROUTES", "tenant-admin"), ("HOME", "/")];
    let read = Environment::read(variables.map(|(name, value)| (name.into(), value.into())));
    assert!(read.refused.is_none());
    assert_eq!(read.unknown, ["AUTHSEC_CLIENTSECRET"]);
    let routes = read.routes.expect("named");
    assert_eq!((routes.routes, routes.admin), (ApiRoutes::Tenant, true));
}
