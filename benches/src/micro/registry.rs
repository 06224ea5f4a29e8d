//! The registry alone: join, receive, cancel, drop, per person, beside nobody and beside 100,000 others.
//!
//! `RUSTFLAGS="--cfg authsec_bench" cargo bench --manifest-path benches/Cargo.toml --bench registry`: the cfg opens it.

#[cfg(authsec_bench)]
mod registry {
    use std::hint::black_box;

    use authsec_ciba::internals::benching::{Registry, Wait};
    use authsec_ciba::{AuthReqId, Email};
    use criterion::{BatchSize, Criterion, Throughput};

    const PEOPLE: usize = 10_000;
    const OTHERS: usize = 100_000;

    type Person = (Email, AuthReqId);

    fn people(from: usize, number: usize) -> Vec<Person> {
        let person = |n| {
            let id = format!("id-{n:09}-abcdefghijklmnopqrstuvwxyzABCDEF=");
            (
                Email::new(&format!("user{n:09}@example.com")).expect("an email"),
                AuthReqId::new(id).expect("an id"),
            )
        };
        (from..from + number).map(person).collect()
    }

    fn waits(registry: &Registry, people: &[Person]) -> Vec<Wait> {
        people.iter().map(|(email, id)| registry.join(email, id).expect("theirs")).collect()
    }

    /// What makes or ends records: each needs a registry of its own, so that none of them grows for as long as it is measured.
    pub(crate) fn first(c: &mut Criterion) {
        let people = people(0, PEOPLE);
        let mut group = c.benchmark_group("registry, per person");
        group.throughput(Throughput::Elements(PEOPLE as u64)).sample_size(20);
        group.bench_function("first join", |b| {
            b.iter_batched(Registry::empty, |it| (waits(&it, &people), it), BatchSize::LargeInput);
        });
        let held = || {
            let registry = Registry::empty();
            (waits(&registry, &people), registry)
        };
        group.bench_function("cancel", |b| {
            b.iter_batched(
                held,
                |(waits, it)| {
                    let stopped: usize = people.iter().map(|(email, _)| it.cancel(email)).sum();
                    assert_eq!(stopped, PEOPLE);
                    (waits, it)
                },
                BatchSize::LargeInput,
            );
        });
        group.bench_function("drop", |b| {
            b.iter_batched(
                held,
                |(waits, it)| {
                    drop(waits);
                    it
                },
                BatchSize::LargeInput,
            );
        });
    }

    /// Beside many others.
    pub(crate) fn among_others(c: &mut Criterion) {
        let registry = Registry::empty();
        let others = people(0, OTHERS);
        let _waits = waits(&registry, &others);
        let (email, id) = people(OTHERS, 1).remove(0);
        let stranger = Email::new("stranger@example.com").expect("an email");
        let join = || registry.join(black_box(&email), &id).expect("theirs");
        assert!(join().receives_a_denial() && registry.cancel(&stranger) == 0);

        let mut group = c.benchmark_group("registry, among 100,000");
        group.bench_function("join and drop", |b| b.iter(|| drop(join())));
        group.bench_function("join and receive", |b| b.iter(|| join().receives_a_denial()));
        group.bench_function("cancel of nobody", |b| b.iter(|| registry.cancel(black_box(&stranger))));
    }
}

#[cfg(authsec_bench)]
criterion::criterion_group!(benches, registry::first, registry::among_others);
#[cfg(authsec_bench)]
criterion::criterion_main!(benches);

#[cfg(not(authsec_bench))]
fn main() {
    panic!("needs RUSTFLAGS=\"--cfg authsec_bench\": see benches/README.md");
}
