//! What is read from the environment, in processes of their own: a test must not change its own.

use std::process::{Command, Output};

use authsec_ciba::CibaClient;

/// Runs one test of this binary in a process with this environment.
fn run(test: &str, environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(std::env::current_exe().expect("this binary"));
    for name in ["AUTHSEC_BASE_URL", "AUTHSEC_CLIENT_ID", "AUTHSEC_CLIENT_SECRET", "AUTHSEC_WORKSPACE_ID"] {
        command.env_remove(name);
    }
    command.args(["--exact", test, "--nocapture", "--include-ignored"]).env("INNER", "1");
    command.envs(environment.iter().copied()).output().expect("started")
}

/// Says what a client of the environment is. Does nothing unless a test below starts it.
#[test]
fn inner() {
    if std::env::var_os("INNER").is_none() {
        return;
    }
    match CibaClient::from_env() {
        Ok(client) => println!("client: {client:?}"),
        Err(error) => println!("field: {:?}, error: {error}", error.field()),
    }
}

fn told(environment: &[(&str, &str)]) -> String {
    let output = run("environment::inner", environment);
    assert!(output.status.success());
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn g09_without_any_variable_it_is_the_production_host() {
    assert!(told(&[]).contains("https://prod.api.authsec.ai"));
    assert!(told(&[("AUTHSEC_BASE_URL", "")]).contains("https://prod.api.authsec.ai"), "empty is missing");
}

#[test]
fn b62_variables_are_checked_and_their_secrets_not_shown() {
    let there = told(&[("AUTHSEC_BASE_URL", "http://127.0.0.1:7468/")]);
    assert!(there.contains("http://127.0.0.1:7468"), "{there}");
    let public = told(&[("AUTHSEC_BASE_URL", "http://example.com")]);
    assert!(public.contains(r#"field: Some("base_url")"#), "{public}");
    let lonely = told(&[("AUTHSEC_CLIENT_SECRET", "canary-secret")]);
    assert!(lonely.contains(r#"field: Some("client_secret")"#) && !lonely.contains("canary"), "{lonely}");
    let broken = told(&[("AUTHSEC_CLIENT_ID", "id"), ("AUTHSEC_CLIENT_SECRET", "canary\nsecret")]);
    assert!(broken.contains(r#"field: Some("client_secret")"#) && !broken.contains("canary"), "{broken}");
}
