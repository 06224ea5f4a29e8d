//! The pure rooms, each alone: what is checked, read, written and decided around a request.
//!
//! `RUSTFLAGS="--cfg authsec_bench" cargo bench --manifest-path benches/Cargo.toml --bench rooms`: the cfg opens them.

#[cfg(authsec_bench)]
mod rooms {
    use std::hint::black_box;

    use authsec_ciba::internals::benching::{Polls, Schedule, read_initiate, read_poll, read_totp};
    use authsec_ciba::{AuthReqId, BindingMessage, Email, MatchCode};
    use criterion::Criterion;

    pub(crate) fn types(c: &mut Criterion) {
        let mut group = c.benchmark_group("types");
        group.bench_function("email", |b| b.iter(|| Email::new(black_box("user00001@example.com"))));
        group.bench_function("email, not ASCII", |b| {
            b.iter(|| Email::new(black_box("jürgen.müller@bücher.example")))
        });
        group.bench_function("auth_req_id", |b| {
            b.iter(|| AuthReqId::new(black_box("q3Zr0yJ2mXbT8vKc5LpW1nHs7dGf4aQeUo6iRt9wZ=")));
        });
        group.bench_function("match code", |b| b.iter(MatchCode::generate));
        group.bench_function("binding message", |b| {
            b.iter(|| BindingMessage::new(black_box("Sign in to the example shop with code 42")));
        });
    }

    pub(crate) fn wire(c: &mut Criterion) {
        let pending =
            br#"{"error":"authorization_pending","error_description":"The person has not answered yet"}"#;
        let token = "t".repeat(540);
        let approved = format!(
            r#"{{"access_token":"{token}","token_type":"Bearer","expires_in":86400,"scope":"openid email"}}"#
        );
        let verified = format!(r#"{{"success":true,"token":"{token}","message":"Signed in"}}"#);
        let acknowledged = br#"{"auth_req_id":"q3Zr0yJ2mXbT8vKc5LpW1nHs7dGf4aQe","expires_in":300,"interval":5,"message":"Sent"}"#;
        let nested =
            format!(r#"{{"error":"authorization_pending","more":{}{}}}"#, "[".repeat(100), "]".repeat(100));
        let email = Email::new("user@example.com").expect("an address").key();
        for (status, body) in [(202, &pending[..]), (200, approved.as_bytes()), (202, nested.as_bytes())] {
            assert!(read_poll(status, body, &email));
        }
        assert!(read_totp(200, verified.as_bytes(), &email) && read_initiate(200, acknowledged, &email));

        let mut group = c.benchmark_group("wire");
        group.bench_function("pending", |b| b.iter(|| read_poll(202, black_box(pending), &email)));
        group.bench_function("approved", |b| {
            b.iter(|| read_poll(200, black_box(approved.as_bytes()), &email))
        });
        group.bench_function("nested 100 deep", |b| {
            b.iter(|| read_poll(202, black_box(nested.as_bytes()), &email))
        });
        group.bench_function("verified", |b| {
            b.iter(|| read_totp(200, black_box(verified.as_bytes()), &email))
        });
        group.bench_function("acknowledged", |b| {
            b.iter(|| read_initiate(200, black_box(acknowledged), &email))
        });
        let polls = Polls::of("0b7c52a1-8f3e-4c6d-9a21-5d4e3f2b1c0a");
        let id = AuthReqId::new("q3Zr0yJ2mXbT8vKc5LpW1nHs7dGf4aQeUo6iRt9wZ=").expect("an id");
        group.bench_function("body of a poll", |b| b.iter(|| polls.body(black_box(&id))));
    }

    pub(crate) fn schedule(c: &mut Criterion) {
        let mut group = c.benchmark_group("schedule");
        let mut schedule = Schedule::begun();
        assert!(schedule.pending().0 && !schedule.pending().1.is_zero());
        group.bench_function("pending", |b| b.iter(|| black_box(&mut schedule).pending()));
        group.bench_function("fault", |b| b.iter(|| black_box(&mut schedule).fault()));
    }
}

#[cfg(authsec_bench)]
criterion::criterion_group!(benches, rooms::types, rooms::wire, rooms::schedule);
#[cfg(authsec_bench)]
criterion::criterion_main!(benches);

#[cfg(not(authsec_bench))]
fn main() {
    panic!("needs RUSTFLAGS=\"--cfg authsec_bench\": see benches/README.md");
}
