#[cfg(feature = "openid")]
use crate::form::Form;

/// What a start asks for, before it is known in whose words it is sent.
pub(crate) struct Wish<'a> {
    /// Whom to ask.
    pub(crate) login_hint: &'a str,
    pub(crate) binding_message: &'a str,
    pub(crate) scopes: &'a [String],
    pub(crate) resource: Option<&'a str>,
    /// The whole of it, as an OpenID provider takes it.
    #[cfg(feature = "openid")]
    pub(crate) form: Option<&'a Form>,
}
