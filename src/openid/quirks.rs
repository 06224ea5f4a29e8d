use std::borrow::Cow;

use crate::error::Error;

/// What a provider does otherwise than OpenID CIBA Core says, or more narrowly: plain data, each switch to be set alone. A
/// provider that has no preset here is described by setting the fields of [`Quirks::default`].
///
/// Nothing is guessed from a host name; what every provider does in its own way without harm (`slow_down` on any status, an
/// interval of 0, `expired_token` spelled `invalid_grant` behind the end of life) needs no switch.
///
/// ```
/// use authsec_ciba::{OpenId, Quirks};
///
/// let mut quirks = Quirks::default();
/// quirks.client_id_in_form = true;
/// let provider = OpenId::at("https://login.bank.example").quirks(quirks);
/// # let _ = provider;
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Quirks {
    /// What a `binding_message` has to be. Default: any [`BindingMessage`](crate::BindingMessage), or none.
    pub binding_message: Option<BindingMessageRule>,
    /// `access_denied` also means that the time is over: behind the request's end of life it is
    /// [`ExpiredToken`](crate::ApprovalOutcome::ExpiredToken).
    pub denied_may_mean_expired: bool,
    /// The name by which the provider knows `requested_expiry` (OpenID CIBA Core, section 7.1). `None`: that one.
    pub requested_expiry_name: Option<Cow<'static, str>>,
    /// `client_id` stands in every form, also where the client authenticates by a header.
    pub client_id_in_form: bool,
    /// How many pushes one person may get in a minute, where the program sets no
    /// [`push_guard`](crate::CibaClientBuilder::push_guard) of its own.
    pub pushes_per_minute: Option<u32>,
}

/// What a provider takes for a `binding_message`: letters and digits of ASCII, some other characters, and a length.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BindingMessageRule {
    /// The longest, in characters.
    pub longest: usize,
    /// What it may hold besides `A-Z`, `a-z` and `0-9`.
    pub others: Cow<'static, str>,
    /// A start without one is refused.
    pub required: bool,
}

impl BindingMessageRule {
    /// A rule: letters and digits of ASCII and these other characters, at most so many; it need not be there.
    #[must_use]
    pub fn new(longest: usize, others: impl Into<Cow<'static, str>>) -> Self {
        Self { longest, others: others.into(), required: false }
    }

    /// The same, where a start without a message is refused.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Whether the provider would take this text; the error says which character or length is wrong.
    pub(crate) fn check(&self, message: Option<&str>) -> Result<(), Error> {
        const FIELD: &str = "binding_message";
        let Some(message) = message else {
            return if self.required {
                Err(Error::input(FIELD, "is missing, and the provider requires one"))
            } else {
                Ok(())
            };
        };
        let is_odd = |c: &char| !c.is_ascii_alphanumeric() && !self.others.contains(*c);
        if let Some(odd) = message.chars().find(is_odd) {
            return Err(Error::input(FIELD, format_args!("holds {odd:?}, which the provider does not take")));
        }
        let length = message.chars().count();
        if length > self.longest {
            return Err(Error::input(
                FIELD,
                format_args!("has {length} characters, and the provider takes {} at most", self.longest),
            ));
        }
        Ok(())
    }
}

impl Quirks {
    /// Keycloak: a `binding_message` of at most 50 characters without a space.
    #[must_use]
    pub fn keycloak() -> Self {
        Self { binding_message: Some(BindingMessageRule::new(50, "-._+/!?#")), ..Self::default() }
    }

    /// Auth0: a `binding_message` of at most 64 characters, which is required; `access_denied` where nobody answered in time;
    /// five pushes a minute for one person. Name people by [`Hint::iss_sub`](crate::Hint::iss_sub).
    #[must_use]
    pub fn auth0() -> Self {
        Self {
            binding_message: Some(BindingMessageRule::new(64, "+-_.,:#").required()),
            denied_may_mean_expired: true,
            pushes_per_minute: Some(5),
            ..Self::default()
        }
    }

    /// Okta: `requested_expiry` is called `request_expiry`.
    #[must_use]
    pub fn okta() -> Self {
        Self { requested_expiry_name: Some("request_expiry".into()), ..Self::default() }
    }

    /// PingFederate: `client_id` in every form.
    #[must_use]
    pub fn ping_federate() -> Self {
        Self { client_id_in_form: true, ..Self::default() }
    }

    /// The name of `requested_expiry` on the wire.
    pub(crate) fn requested_expiry(&self) -> Cow<'static, str> {
        self.requested_expiry_name.clone().unwrap_or(Cow::Borrowed("requested_expiry"))
    }
}
