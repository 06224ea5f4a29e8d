//! What can be wrong with an ID Token.

/// What is wrong with the ID Token of an answer that approves. Everything else about it is right, so that it is refused for this
/// one reason or for none ([`Fault::WrongIdToken`](crate::sandbox::Fault::WrongIdToken)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IdTokenFlaw {
    /// The signature is not the key's.
    Signature,
    /// `alg` is `none`, and there is no signature.
    Unsigned,
    /// `kid` names a key that is not in the set.
    UnknownKey,
    /// `iss` is another issuer.
    Issuer,
    /// `aud` is another client.
    Audience,
    /// `iat` is an hour ago, and `exp` is 55 minutes ago.
    Expired,
    /// `at_hash` is of another access token.
    AccessTokenHash,
    /// `urn:openid:params:jwt:claim:auth_req_id` is another request.
    AuthReqId,
    /// There is no ID Token in the answer.
    Missing,
}

impl IdTokenFlaw {
    /// Every flaw, with its name in the control API.
    pub(crate) const NAMED: [(Self, &'static str); 9] = [
        (Self::Signature, "signature"),
        (Self::Unsigned, "unsigned"),
        (Self::UnknownKey, "unknown_key"),
        (Self::Issuer, "issuer"),
        (Self::Audience, "audience"),
        (Self::Expired, "expired"),
        (Self::AccessTokenHash, "access_token_hash"),
        (Self::AuthReqId, "auth_req_id"),
        (Self::Missing, "missing"),
    ];
}
