#![allow(clippy::arithmetic_side_effects, clippy::type_complexity, reason = "a test's numbers")]

mod endpoint;
mod form;
mod hint;
mod id_token;
mod key_set;
mod keys;
mod metadata;
mod quirks;
mod signing;
mod start;
mod svid;
mod token;

use std::time::Duration;

use super::id_token::Rules;
use crate::error::{Error, ErrorKind};
use crate::jose::Alg;

/// What the ID Tokens of these tests are checked by.
fn rules() -> Rules {
    Rules {
        issuer: "https://op.example".into(),
        client_id: "checkout".into(),
        algs: vec![Alg::ES256],
        skew: Duration::from_secs(60),
        trusted_audiences: Vec::new(),
        required_acr: Vec::new(),
    }
}

/// Asserts a refused setting, and returns what the error says.
fn misconfigured<T: std::fmt::Debug>(result: Result<T, Error>, field: &str, what: &str) -> String {
    let error = result.expect_err(what);
    assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some(field)), "{what}: {error}");
    error.to_string()
}

/// Asserts a refused argument, and returns what the error says.
fn refused<T>(result: Result<T, Error>, field: &str, what: &str) -> String {
    let Err(error) = result else { panic!("{what} was taken") };
    assert_eq!((error.kind(), error.field()), (ErrorKind::Input, Some(field)), "{what}: {error}");
    assert!(!error.may_have_reached_server(), "{what}");
    error.to_string()
}
