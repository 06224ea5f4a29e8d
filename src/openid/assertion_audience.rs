/// Whom a client assertion is for (`aud`; OpenID CIBA Core, section 7.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AssertionAudience {
    /// The issuer, which CIBA requires providers to take.
    #[default]
    Issuer,
    /// The token endpoint, for every request.
    TokenEndpoint,
    /// The endpoint that is called.
    Endpoint,
    /// This text.
    Text(String),
    /// All of these, as a list.
    List(Vec<String>),
}
