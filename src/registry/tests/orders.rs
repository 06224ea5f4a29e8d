//! Every order of claims, cancels, commits and drops up to a length, against a model that is plain to read.

#![allow(clippy::arithmetic_side_effects, reason = "indices of two ids")]

use super::{Claim, Registry, id, user};
use crate::outcome::CancelReason;

#[derive(Clone, Copy, Debug)]
enum Act {
    Claim(usize),
    Cancel,
    Initiate(usize),
    CommitFirst,
    CommitLast,
    DropFirst,
}

const ACTS: [Act; 7] = [
    Act::Claim(0),
    Act::Claim(1),
    Act::Cancel,
    Act::Initiate(1),
    Act::CommitFirst,
    Act::CommitLast,
    Act::DropFirst,
];

const NAMES: [&str; 2] = ["id-0", "id-1"];

/// What one id should be like.
#[derive(Clone, Copy, Default)]
struct Id {
    known: bool,
    ended: Option<CancelReason>,
    holder: Option<usize>,
}

#[derive(Default)]
struct Model {
    ids: [Id; 2],
    /// What each claim, numbered as it was made, would commit to.
    claims: Vec<Result<(), CancelReason>>,
}

impl Model {
    fn stop(&mut self, id: usize, reason: CancelReason) -> bool {
        let Some(holder) = self.ids[id].holder else { return false };
        let ran = self.claims[holder].is_ok();
        if ran {
            self.claims[holder] = Err(reason);
        }
        ran
    }

    fn claim(&mut self, id: usize) {
        self.ids[id].known = true;
        if let Some(reason) = self.ids[id].ended {
            self.claims.push(Err(reason));
            return;
        }
        if let Some(before) = self.ids[id].holder {
            self.claims[before] = Err(CancelReason::Superseded);
        }
        self.ids[id].holder = Some(self.claims.len());
        self.claims.push(Ok(()));
        self.stop(1 - id, CancelReason::Superseded);
    }

    fn end(&mut self, reason: CancelReason) -> usize {
        let known: Vec<_> = (0..2).filter(|&id| self.ids[id].known).collect();
        for &id in &known {
            self.ids[id].ended.get_or_insert(reason);
        }
        known.into_iter().filter(|&id| self.stop(id, reason)).count()
    }

    fn initiate(&mut self, id: usize) {
        self.end(CancelReason::Superseded);
        self.ids[id] = Id { known: true, ..Id::default() };
    }

    fn leave(&mut self, claim: usize) -> Result<(), CancelReason> {
        for id in &mut self.ids {
            if id.holder == Some(claim) {
                id.holder = None;
            }
        }
        self.claims[claim]
    }

    fn live(&self) -> usize {
        self.ids.iter().filter(|id| id.holder.is_some()).count()
    }
}

fn run(acts: &[Act]) {
    let registry = std::sync::Arc::new(Registry::new(false));
    let mut model = Model::default();
    let mut claims: std::collections::VecDeque<(usize, Claim)> = std::collections::VecDeque::new();
    for &act in acts {
        match act {
            Act::Claim(place) => {
                claims.push_back((model.claims.len(), registry.claim(&user(), &id(NAMES[place]), None)));
                model.claim(place);
            }
            Act::Cancel => {
                assert_eq!(registry.cancel(&user()), model.end(CancelReason::Requested), "{acts:?}")
            }
            Act::Initiate(place) => {
                super::initiate(&registry, NAMES[place]);
                model.initiate(place);
            }
            Act::CommitFirst | Act::CommitLast => {
                let taken =
                    if matches!(act, Act::CommitFirst) { claims.pop_front() } else { claims.pop_back() };
                let Some((number, claim)) = taken else { continue };
                assert_eq!(claim.commit(), model.leave(number), "{acts:?}");
            }
            Act::DropFirst => {
                let Some((number, claim)) = claims.pop_front() else { continue };
                drop(claim);
                let _ = model.leave(number);
            }
        }
        for (number, claim) in &claims {
            assert_eq!(claim.is_live(), model.claims[*number].is_ok(), "{acts:?}: claim {number}");
        }
        assert_eq!(registry.usage().0, model.live(), "{acts:?}");
    }
}

fn inside(test: impl FnOnce()) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let _inside = runtime.enter();
    test();
}

#[test]
fn b42_b43_every_order_of_five_acts() {
    inside(|| {
        for number in 0..ACTS.len().pow(5) {
            let mut rest = number;
            let acts: [Act; 5] = std::array::from_fn(|_| {
                let act = ACTS[rest % ACTS.len()];
                rest /= ACTS.len();
                act
            });
            // What ends a claim before there is one does nothing: those orders are shorter ones.
            if matches!(acts[0], Act::Claim(_) | Act::Initiate(_) | Act::Cancel) {
                run(&acts);
            }
        }
    });
}

#[test]
fn b42_b43_long_orders_drawn_at_random() {
    inside(|| {
        let mut random = fastrand::Rng::with_seed(42);
        for _ in 0..3_000 {
            let acts: [Act; 20] = std::array::from_fn(|_| ACTS[random.usize(..ACTS.len())]);
            run(&acts);
        }
    });
}
