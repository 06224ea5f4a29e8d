//! What the types cannot do. An inherent constant wins over a trait's where its bound holds, so that the probe says
//! whether a type implements a trait, and its own test shows that it can say both.

use std::fmt::Display;
use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::outcome::{
    Approval, ApprovalOutcome, NotApproved, NotVerified, PollStatus, TotpOutcome, Verified,
};
use crate::secret::ClientSecret;
use crate::types::TotpCode;
use crate::{AccessToken, AuthReqId, CibaClient, CibaClientBuilder, Email, Error, PendingApproval};

macro_rules! implements {
    ($type:ty: $($bound:tt)+) => {{
        struct Probe<T>(PhantomData<T>);
        #[allow(dead_code)]
        trait Otherwise {
            const ANSWER: bool = false;
        }
        impl<T> Otherwise for Probe<T> {}
        #[allow(dead_code)]
        impl<T: $($bound)+> Probe<T> {
            const ANSWER: bool = true;
        }
        let _ = Probe::<$type>(PhantomData);
        std::hint::black_box(<Probe<$type>>::ANSWER)
    }};
}

macro_rules! none_implements {
    ($($type:ty),+ => $bound:path) => {
        $(assert!(!implements!($type: $bound), "{} must not be {}", stringify!($type), stringify!($bound));)+
    };
}

#[test]
fn the_probe_can_say_both() {
    struct Bare;
    assert!(implements!(String: Serialize) && !implements!(Bare: Serialize));
    assert!(implements!(String: Default) && !implements!(Bare: Default));
    assert!(implements!(bool: Into<bool>) && !implements!(Bare: Into<bool>));
    assert!(implements!(String: Display) && !implements!(Bare: Display));
    assert!(implements!(u8: Copy) && !implements!(String: Copy));
    let _ = Bare;
}

#[test]
fn b02_no_outcome_has_a_default_or_a_truth_value() {
    none_implements!(ApprovalOutcome, Approval, TotpOutcome, PollStatus, NotApproved, NotVerified => Default);
    none_implements!(AccessToken, AuthReqId, PendingApproval => Default);
    none_implements!(ApprovalOutcome, Approval, TotpOutcome, PollStatus => Into<bool>);
    none_implements!(ApprovalOutcome, TotpOutcome, PollStatus => Into<Option<AccessToken>>);
    none_implements!(ApprovalOutcome, TotpOutcome, PollStatus => Into<Option<Approval>>);
    none_implements!(ApprovalOutcome, TotpOutcome, PollStatus => std::ops::Not);
    none_implements!(ApprovalOutcome, TotpOutcome, PollStatus => IntoIterator);
    none_implements!(ApprovalOutcome, TotpOutcome, PollStatus => PartialEq<bool>);
}

#[test]
fn b02_no_token_is_made_from_outside() {
    none_implements!(AccessToken => From<String>);
    none_implements!(AccessToken => From<&'static str>);
    none_implements!(AccessToken => std::str::FromStr);
    none_implements!(Approval => From<AccessToken>);
}

#[test]
fn b74_no_secret_is_serialised_or_read_back() {
    none_implements!(AccessToken, AuthReqId, ClientSecret, TotpCode, Approval, Verified, PendingApproval => Serialize);
    // What a look has found is written as its status, without the token (`f61_a_look_is_written_…`), and never read.
    none_implements!(ApprovalOutcome, TotpOutcome, CibaClient, CibaClientBuilder, Error => Serialize);
    none_implements!(AccessToken, AuthReqId, Approval, ApprovalOutcome, TotpOutcome, PollStatus => DeserializeOwned);
}

#[test]
fn b70_b74_no_secret_is_displayed_or_lent_but_by_its_one_method() {
    none_implements!(AccessToken, AuthReqId, ClientSecret, TotpCode, Approval, ApprovalOutcome => Display);
    none_implements!(AccessToken, AuthReqId, ClientSecret, TotpCode => AsRef<str>);
    none_implements!(AccessToken, AuthReqId, ClientSecret, TotpCode => std::borrow::Borrow<str>);
    none_implements!(AccessToken, AuthReqId, ClientSecret, TotpCode => std::ops::Deref);
    none_implements!(AccessToken, AuthReqId, ClientSecret, TotpCode => Into<String>);
    none_implements!(AccessToken, AuthReqId, ClientSecret, TotpCode => Copy);
}

#[test]
fn b81_what_is_shared_between_threads_can_be() {
    assert!(implements!(CibaClient: Clone + Send + Sync + 'static));
    assert!(implements!(Error: std::error::Error + Clone + Send + Sync + 'static));
    assert!(implements!(ApprovalOutcome: Send + Sync + 'static));
    assert!(implements!(crate::ApprovalTask: Send + 'static));
    assert!(implements!(crate::PollForApproval: Send + 'static));
    assert!(implements!(crate::InitiateApproval: Send + 'static));
    assert!(implements!(Email: Clone + Send + Sync + 'static));
}
