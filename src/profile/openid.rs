use std::sync::Arc;
use std::time::{Duration, SystemTime};

use url::Origin;

use super::Outgoing;
use super::credential::credential;
use crate::answer::{Acknowledgement, Answer, PollAnswer};
use crate::error::Error;
use crate::form::Form;
use crate::jose::{Alg, SigningKey};
use crate::openid::{
    About, Addresses, Authenticator, Challenge, ClientAuth, Endpoints, Hint, Identity, Keys, Limits,
    Metadata, Named, OpenId, Quirks, Rules, Unverified, Wishes, failed, issuer, poll_form, read_poll,
    read_start,
};
use crate::outcome::{Granted, More};
#[cfg(feature = "ticket")]
use crate::seal::Audience;
use crate::secret::ClientSecret;
use crate::sync::{Mutex, lock};
use crate::transport::{Authorization, Media, ReplyHeaders, Target};
use crate::types::{AuthReqId, Started, Whom};

/// An OpenID provider, as one client speaks to it. Its addresses are those of the day on which it was made: nothing that arrives
/// later changes where a credential goes.
pub(crate) struct OpenIdProvider {
    start: Target,
    token: Target,
    quirks: Quirks,
    takes_user_code: bool,
    speaks_openid: bool,
    auth: Authenticator,
    /// It can be changed while polls run.
    basic: Mutex<Option<Authorization>>,
    rules: Rules,
    /// `None` where nothing is signed by a key of the provider's.
    keys: Option<Arc<Keys>>,
}

/// A provider whose settings are checked, before anything is connected.
pub(crate) struct Plan {
    settings: OpenId,
    metadata: Metadata,
    pub(crate) addresses: Addresses,
}

impl Plan {
    /// Checks the metadata, and the settings against it; what can be said of them alone was checked before. `fetched` is the
    /// document of the issuer, where there is one to fetch.
    pub(crate) fn new(
        settings: OpenId,
        fetched: Option<&[u8]>,
        plain_http_to: Option<&str>,
        with_certificate: bool,
    ) -> Result<Self, Error> {
        let metadata = settings.metadata(fetched)?;
        let url = issuer(&metadata.issuer, plain_http_to)?;
        let origins: Vec<Origin> = settings.origins()?;
        let endpoints = Endpoints { issuer: &url, plain_http_to, origins: &origins };
        let addresses = metadata.addresses(&endpoints, with_certificate)?;
        if !settings.trust_my_settings {
            metadata.delivers_by_poll()?;
        }
        Ok(Self { settings, metadata, addresses })
    }

    pub(crate) fn quirks(&self) -> &Quirks {
        &self.settings.quirks
    }
}

/// A start that was checked, ready to be sent.
pub(crate) struct Prepared {
    pub(crate) form: Form,
    pub(crate) named: Named,
    pub(crate) scope: Option<String>,
    resources: Option<String>,
}

impl Prepared {
    /// What its polls need, and what is granted is checked by. `ago`: how long ago it was sent.
    pub(crate) fn started(self, ago: Duration) -> (Option<String>, Option<Started>) {
        let now = SystemTime::now();
        let started = Started {
            at: now.checked_sub(ago).unwrap_or(now),
            subject: self.named.subject,
            scope: self.scope.map(Into::into),
        };
        (self.resources, Some(started))
    }
}

impl OpenIdProvider {
    pub(crate) fn new(
        plan: Plan,
        client_id: &str,
        auth: ClientAuth,
        keys: Option<Arc<Keys>>,
    ) -> Result<Self, Error> {
        let Plan { settings, metadata, addresses } = plan;
        let trusted = settings.trust_my_settings;
        let algs = algs(&settings, &metadata)?;
        let needs_keys = !settings.without_id_token && algs.iter().any(|alg| !alg.is_symmetric());
        if needs_keys && keys.is_none() {
            return Err(Error::config(
                "jwks_uri",
                "is not named by the provider's metadata, and ID Tokens need keys",
            ));
        }
        let identity = Identity {
            client_id,
            issuer: &metadata.issuer,
            token_endpoint: &addresses.token,
            audience: settings.assertion_audience,
            id_in_form: settings.quirks.client_id_in_form,
        };
        let auth = Authenticator::new(identity, auth, (!trusted).then_some(&metadata))?;
        let basic = basic(&auth)?;
        Ok(Self {
            start: Target::new(addresses.start),
            token: Target::new(addresses.token),
            takes_user_code: metadata.takes_user_code() || trusted,
            quirks: settings.quirks,
            speaks_openid: !settings.without_id_token,
            basic: Mutex::new(basic),
            auth,
            rules: Rules {
                issuer: metadata.issuer.into(),
                client_id: client_id.into(),
                algs,
                skew: settings.skew,
                trusted_audiences: settings.trusted_audiences,
                required_acr: settings.required_acr,
            },
            keys,
        })
    }

    pub(crate) fn poll_target(&self) -> &Target {
        &self.token
    }

    #[cfg(feature = "ticket")]
    pub(crate) fn audience(&self) -> Audience {
        Audience::new(&["openid", &self.rules.issuer, &self.rules.client_id])
    }

    /// Checks what a start asks for, before anything is sent.
    pub(crate) fn prepare(&self, hint: &Hint, wishes: &Wishes) -> Result<Prepared, Error> {
        let limits = Limits {
            quirks: &self.quirks,
            takes_user_code: self.takes_user_code,
            speaks_openid: self.speaks_openid,
        };
        let named = hint.named(&self.rules.issuer, &self.rules.client_id)?;
        let mut form = wishes.form(&limits)?;
        form.add_secret(named.parameter, &named.value);
        let resources = (!wishes.resources.is_empty()).then(|| wishes.resources.join("\n"));
        Ok(Prepared { form, named, scope: wishes.scope(&limits), resources })
    }

    /// Whom a hint means to this client.
    pub(crate) fn name(&self, hint: &Hint) -> Result<Whom, Error> {
        let named = hint.named(&self.rules.issuer, &self.rules.client_id)?;
        Ok(Whom { key: named.person, email: named.email })
    }

    pub(crate) fn keys(&self) -> Option<&Keys> {
        self.keys.as_deref()
    }

    /// Fetches the provider's keys where they are no longer fresh, beside a start: so they are there when the person approves.
    pub(crate) fn keys_to_refresh(&self) -> Option<Arc<Keys>> {
        self.keys.as_ref().filter(|keys| keys.are_stale()).map(Arc::clone)
    }

    pub(crate) async fn start(&self, form: Option<&Form>) -> Result<Outgoing<'_>, Error> {
        let form = form.ok_or_else(|| Error::input("hint", "is missing"))?;
        self.outgoing(&self.start, form).await
    }

    pub(crate) fn read_start(
        &self,
        answer: &Answer<'_>,
        headers: &ReplyHeaders,
    ) -> Result<Acknowledgement, Error> {
        read_start(answer, challenge(headers))
    }

    pub(crate) async fn poll(
        &self,
        auth_req_id: &str,
        resource: Option<&str>,
    ) -> Result<Outgoing<'_>, Error> {
        // Several stand one in a line: no URI holds a line break.
        let resources = resource.into_iter().flat_map(str::lines);
        self.outgoing(&self.token, &poll_form(auth_req_id, resources)).await
    }

    pub(crate) fn read_poll(&self, answer: &Answer<'_>, headers: &ReplyHeaders) -> PollAnswer {
        read_poll(answer, challenge(headers), self.quirks.denied_may_mean_expired)
    }

    /// A request with its credential, made for it alone.
    async fn outgoing<'a>(&self, target: &'a Target, form: &Form) -> Result<Outgoing<'a>, Error> {
        let credential = credential(&self.auth, target).await?;
        let secrets = form.secrets().chain(credential.secrets()).collect();
        let body = Form::encode_all(&[form, &credential]);
        Ok(Outgoing { target, media: Media::Form, body, authorization: self.authorization(), secrets })
    }

    pub(crate) fn authorization(&self) -> Option<Authorization> {
        lock(&self.basic).clone()
    }

    pub(crate) fn set_secret(&self, secret: ClientSecret) -> Result<(), Error> {
        self.auth.set_secret(secret)?;
        let authorization = basic(&self.auth)?;
        // Named, so that the old one is dropped when the lock is not held any more.
        let _old = std::mem::replace(&mut *lock(&self.basic), authorization);
        Ok(())
    }

    pub(crate) fn set_key(&self, key: SigningKey) -> Result<(), Error> {
        self.auth.set_key(key)
    }

    /// How long the [check](Self::check) of what was granted may take: as long as keys may, where there are any.
    pub(crate) fn longest_check(&self) -> Option<Duration> {
        // The timers of the fetch end it; a second more, and nobody waits for them.
        self.keys.as_ref().map(|_| Keys::LONGEST_CHECK.saturating_add(Duration::from_secs(1)))
    }

    /// Checks what was granted: nothing of it is handed out but behind the checks of its ID Token (OpenID Connect Core, section
    /// 3.1.3.7).
    pub(crate) async fn check(
        &self,
        granted: &mut Granted,
        id: &AuthReqId,
        started: Option<&Started>,
    ) -> Result<More, Error> {
        let Some(unchecked) = granted.unchecked.take() else {
            return Err(failed("id_token", "is missing"));
        };
        let id_token = match &unchecked.id_token {
            Some(token) => {
                let about = About {
                    access_token: granted.token.expose_secret(),
                    refresh_token: unchecked.refresh_token.as_ref().map(|token| token.expose_secret()),
                    auth_req_id: id.expose_secret(),
                    subject: started.and_then(|started| started.subject.as_deref()),
                    started: started.map(|started| started.at),
                };
                let unverified = Unverified::read(token, &self.rules)?;
                self.verify(&unverified).await?;
                Some(unverified.verified().check(&self.rules, &about, SystemTime::now())?)
            }
            None if self.speaks_openid => return Err(failed("id_token", "is missing")),
            None if started.is_some_and(|started| started.subject.is_some()) => {
                return Err(failed("sub", "is not told, and a certain person was asked"));
            }
            None if !self.rules.required_acr.is_empty() => {
                return Err(failed("acr", "is not told, and is required"));
            }
            None => None,
        };
        Ok(More {
            id_token,
            refresh_token: unchecked.refresh_token,
            authorization_details: unchecked.authorization_details,
            asked: started.and_then(|started| started.scope.clone()),
        })
    }

    async fn verify(&self, token: &Unverified<'_>) -> Result<(), Error> {
        if token.alg.is_symmetric() {
            let is_ours = self.auth.secret().is_some_and(|secret| {
                token.jws.is_signed_by_secret(token.alg, secret.expose_secret().as_bytes())
            });
            return if is_ours { Ok(()) } else { Err(failed("signature", "is not by the client's secret")) };
        }
        match &self.keys {
            Some(keys) => keys.verify(token).await,
            None => Err(failed("signature", "cannot be verified: no jwks_uri is known")),
        }
    }
}

fn basic(auth: &Authenticator) -> Result<Option<Authorization>, Error> {
    auth.basic().map(|pair| Authorization::basic(&pair.id, &pair.secret)).transpose()
}

fn challenge(headers: &ReplyHeaders) -> Challenge {
    let mut challenge = Challenge::default();
    for text in headers.challenges() {
        challenge.is_there = true;
        challenge.refuses_client |= text.contains("invalid_client");
    }
    challenge
}

/// By what the ID Tokens of this client may be signed, decided before any is looked at (OpenID Connect Core, section 3.1.3.7, 7
/// and 8).
fn algs(settings: &OpenId, metadata: &Metadata) -> Result<Vec<Alg>, Error> {
    const FIELD: &str = "id_token_alg";
    let listed = metadata.id_token_algs().map(|names| names.iter().filter_map(|name| Alg::named(name)));
    if settings.id_token_algs.is_empty() {
        let Some(listed) = listed else { return Ok(vec![Alg::RS256]) };
        let algs: Vec<_> = listed.filter(|alg| !alg.is_symmetric()).collect();
        if algs.is_empty() && !settings.without_id_token {
            return Err(Error::config(
                FIELD,
                "is not set, and the metadata lists none that is known and asymmetric",
            ));
        }
        return Ok(algs);
    }
    let algs = &settings.id_token_algs;
    if let Some(listed) = listed.filter(|_| !settings.trust_my_settings) {
        let listed: Vec<_> = listed.collect();
        if let Some(alg) = algs.iter().find(|alg| !listed.contains(alg)) {
            return Err(Error::config(FIELD, format_args!("is {alg}, which the metadata does not list")));
        }
    }
    Ok(algs.clone())
}
