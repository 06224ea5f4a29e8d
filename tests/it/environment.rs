//! What is read from the environment, in processes of their own: a test must not change its own.

use std::process::{Command, Output};

use authsec_ciba::{AuthReqId, CibaClient, Error};

use crate::support::{CLIENT, EMAIL, Plane, SECRET};

/// Runs one test of this binary in a process with this environment.
fn run(test: &str, environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(std::env::current_exe().expect("this binary"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("AUTHSEC_") {
            command.env_remove(name);
        }
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
fn g09_b92_f55_without_a_base_url_there_is_no_client() {
    for environment in [&[][..], &[("AUTHSEC_BASE_URL", "")], &[("AUTHSEC_BASEURL", "http://127.0.0.1:7468")]]
    {
        let told = told(environment);
        assert!(told.contains(r#"field: Some("base_url")"#) && told.contains("AUTHSEC_BASE_URL"), "{told}");
    }
}

#[test]
fn b92_f55_without_a_client_the_admin_plane_is_chosen_by_name() {
    let there = ("AUTHSEC_BASE_URL", "http://127.0.0.1:7468/");
    let nobody = told(&[there, ("AUTHSEC_WORKSPACE_ID", "w")]);
    assert!(
        nobody.contains(r#"field: Some("client_id")"#) && nobody.contains("AUTHSEC_CLIENT_ID"),
        "{nobody}"
    );
    let admin = told(&[there, ("AUTHSEC_WORKSPACE_ID", "w"), ("AUTHSEC_ROUTES", "admin")]);
    assert!(admin.contains("client: "), "{admin}");
}

/// Every name that `AUTHSEC_ROUTES` takes stands in the README's table, and the other way round.
#[test]
fn b92_f55_every_name_of_the_routes_is_taken_and_written_down() {
    let table = include_str!("../../README.md").split("| your server |").nth(1).expect("a table");
    let table = table.split("\n\n").next().expect("its end");
    let cells = table.lines().filter_map(|line| line.split('|').nth(2));
    let named: Vec<&str> = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect();
    assert_eq!(
        named,
        [
            "workspace",
            "oauth",
            "admin",
            "workspace-admin",
            "tenant",
            "tenant-admin",
            "unprefixed",
            "unprefixed-admin"
        ]
    );
    for routes in &named {
        let there = ("AUTHSEC_BASE_URL", "http://127.0.0.1:7468/");
        let mut environment = vec![there, ("AUTHSEC_ROUTES", *routes), ("AUTHSEC_WORKSPACE_ID", "w")];
        if !routes.contains("admin") {
            environment.push(("AUTHSEC_CLIENT_ID", CLIENT));
        }
        if *routes == "oauth" {
            environment.push(("AUTHSEC_CLIENT_SECRET", SECRET));
        }
        let told = told(&environment);
        assert!(told.contains("client: "), "{routes}: {told}");
    }
}

#[test]
fn b62_variables_are_checked_and_their_secrets_not_shown() {
    let there = told(&[("AUTHSEC_BASE_URL", "http://127.0.0.1:7468/"), ("AUTHSEC_CLIENT_ID", "id")]);
    assert!(there.contains("http://127.0.0.1:7468"), "{there}");
    let public = told(&[("AUTHSEC_BASE_URL", "http://example.com")]);
    assert!(public.contains(r#"field: Some("base_url")"#), "{public}");
    let lonely = told(&[("AUTHSEC_CLIENT_SECRET", "canary-secret")]);
    assert!(lonely.contains(r#"field: Some("client_secret")"#) && !lonely.contains("canary"), "{lonely}");
    let broken = told(&[("AUTHSEC_CLIENT_ID", "id"), ("AUTHSEC_CLIENT_SECRET", "canary\nsecret")]);
    assert!(broken.contains(r#"field: Some("client_secret")"#) && !broken.contains("canary"), "{broken}");
}

/// Says of each call whether the server takes it from a client of the environment. Does nothing unless a test below
/// starts it.
#[tokio::test]
async fn calls() {
    fn say<T>(call: &str, answer: Result<T, Error>) {
        println!(
            "{call}: {}",
            answer.err().map_or("taken".to_owned(), |error| format!("{:?}", error.kind()))
        );
    }
    if std::env::var_os("INNER").is_none() {
        return;
    }
    let client = CibaClient::from_env().expect("valid");
    let id = AuthReqId::new("an-id").expect("valid");
    say("initiate", client.initiate_app_approval(EMAIL).await);
    say("poll", client.poll_for_approval(EMAIL, &id).once().await);
    say("totp", client.verify_totp(EMAIL, "000000").await);
}

/// As the table of `CibaClient::from_env` says.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_the_newest_server_needs_of_the_environment() {
    let sandbox = Plane::MAIN.sandbox().oauth(true).start().await.expect("a free port");
    let (base_url, workspace) = (sandbox.base_url(), sandbox.workspace_id());
    let base_url = ("AUTHSEC_BASE_URL", base_url.as_ref());
    let id = ("AUTHSEC_CLIENT_ID", CLIENT);
    let secret = ("AUTHSEC_CLIENT_SECRET", SECRET);
    let workspace = ("AUTHSEC_WORKSPACE_ID", workspace.as_ref());
    let admin = ("AUTHSEC_ROUTES", "admin");
    let oauth = ("AUTHSEC_ROUTES", "oauth");
    for (environment, initiate, poll, totp) in [
        (vec![id, secret, workspace], "taken", "taken", "taken"),
        (vec![id, secret], "taken", "taken", "Config"),
        (vec![id, workspace], "ClientAuth", "ClientAuth", "taken"),
        (vec![admin, workspace], "taken", "taken", "taken"),
        (vec![admin], "Refused", "taken", "taken"),
        (vec![id, secret, oauth], "taken", "taken", "taken"),
    ] {
        let environment: Vec<_> = environment.into_iter().chain([base_url]).collect();
        let output = tokio::task::block_in_place(|| run("environment::calls", &environment));
        let said = String::from_utf8_lossy(&output.stdout);
        for told in [format!("initiate: {initiate}\n"), format!("poll: {poll}\n"), format!("totp: {totp}\n")]
        {
            assert!(said.contains(&told), "{environment:?}: not {told}{said}");
        }
    }
}
