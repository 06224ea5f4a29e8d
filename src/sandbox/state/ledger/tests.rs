use super::*;

const START: Duration = Duration::from_secs(1_900_000_000);
const LIFETIME: Duration = Duration::from_secs(300);

fn request(id: &str) -> NewRequest {
    NewRequest {
        auth_req_id: id.to_owned(),
        table: Table::Admin,
        email: "user@example.com".to_owned(),
        binding_message: None,
        scopes: Vec::new(),
        client: None,
        resource: None,
        pushes: 1,
    }
}

fn ledger() -> Ledger {
    let mut ledger = Ledger::default();
    ledger.insert(request("a"), START, LIFETIME);
    ledger
}

fn at(millis: u64) -> Duration {
    START.saturating_add(Duration::from_millis(millis))
}

#[test]
fn a_request_is_valid_in_the_second_of_its_expiry_and_not_in_the_next() {
    let ledger = ledger();
    let row = ledger.get("a").unwrap();
    assert_eq!(row.state_at(at(300_999)), RequestState::Pending);
    assert_eq!(row.state_at(at(301_000)), RequestState::Expired);
}

#[test]
fn an_approval_is_spent_once() {
    let mut ledger = ledger();
    assert!(ledger.answer("a", true, START));
    assert_eq!(ledger.get("a").unwrap().state_at(START), RequestState::Approved);
    ledger.consume("a", "token".to_owned());
    assert_eq!(ledger.get("a").unwrap().state_at(START), RequestState::Consumed);
    assert_eq!(ledger.get("a").unwrap().token.as_deref(), Some("token"));
}

#[test]
fn the_first_answer_stands() {
    let mut ledger = ledger();
    assert!(ledger.answer("a", false, START));
    assert!(!ledger.answer("a", true, START));
    assert_eq!(ledger.get("a").unwrap().state_at(START), RequestState::Denied);
}

#[test]
fn expiry_goes_before_the_state() {
    let mut ledger = ledger();
    ledger.answer("a", true, START);
    assert_eq!(ledger.get("a").unwrap().state_at(at(301_000)), RequestState::Expired);
    assert!(!ledger.answer("a", true, at(301_000)));
}

#[test]
fn a_consumed_request_is_reported_as_consumed_for_ever() {
    let mut ledger = ledger();
    ledger.answer("a", true, START);
    ledger.consume("a", "token".to_owned());
    assert_eq!(ledger.get("a").unwrap().outcome_at(at(900_000)), RequestState::Consumed);
    assert_eq!(ledger.get("a").unwrap().state_at(at(900_000)), RequestState::Expired);
}

#[test]
fn open_requests_come_newest_first() {
    let mut ledger = ledger();
    ledger.insert(request("b"), at(5), LIFETIME);
    ledger.insert(request("c"), at(6), LIFETIME);
    ledger.answer("b", false, at(7));
    let ids: Vec<&str> = ledger.open(at(7), |_| true).map(|row| row.request.auth_req_id.as_str()).collect();
    assert_eq!(ids, ["c", "a"]);
}

#[test]
fn an_unknown_id_cannot_be_answered() {
    assert!(!ledger().answer("b", true, START));
}
