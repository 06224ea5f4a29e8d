#[test]
fn sizes() {
    use std::mem::size_of;
    println!("Watch {}", size_of::<super::watch::Watch>());
    println!("Slot {}", size_of::<crate::registry::Slot>());
    println!("Pace {}", size_of::<super::Pace>());
    println!("Schedule {}", size_of::<super::Schedule>());
    println!("Claim {}", size_of::<crate::registry::Claim>());
    println!("Finished {}", size_of::<super::watch::Finished>());
    println!("Span {}", size_of::<tracing::Span>());
    println!("Sleep {}", size_of::<tokio::time::Sleep>());
    println!("Error {}", size_of::<crate::Error>());
    println!("Option<Outcome> {}", size_of::<Option<super::driver::Outcome>>());
    println!("Task {}", size_of::<super::ApprovalTask>());
    let script = crate::transport::script::Script::new([]);
    let client = crate::client::tests::scripted(&script);
    let id = crate::AuthReqId::new("x").unwrap();
    client.poll_for_approval("a@b", &id).run_size();
}
