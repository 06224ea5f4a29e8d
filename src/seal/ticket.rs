use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use super::Sealer;
use super::envelope::Purpose;
use super::record::{LONGEST_TEXT, Reader, Writer};
use crate::error::Error;
use crate::trace::FlowId;
use crate::types::{ApprovalTicket, AuthReqId, Email, PersonKey, Started, Whom};

/// What a ticket carries: what a process has to know of an approval to go on with it.
#[derive(Debug)]
pub(crate) struct Carried {
    pub(crate) whom: Whom,
    pub(crate) id: AuthReqId,
    pub(crate) flow: FlowId,
    /// The server's, of the acknowledgement.
    pub(crate) interval: Duration,
    /// How long it lives in all.
    pub(crate) expires_in: Duration,
    /// How long the acknowledgement took.
    pub(crate) push: Duration,
    /// When its life is over, by the wall clock: no other one is known to two processes.
    pub(crate) ends_at: SystemTime,
    pub(crate) resource: Option<Box<str>>,
    /// What the start of an OpenID provider's request said, for the checks of what is granted.
    pub(crate) started: Option<Started>,
}

/// Which fields there are besides those that every ticket has.
mod has {
    pub(super) const EMAIL: u8 = 1;
    /// Where it is not that of the email.
    pub(super) const PERSON: u8 = 2;
    pub(super) const RESOURCE: u8 = 4;
    pub(super) const STARTED: u8 = 8;
    pub(super) const SUBJECT: u8 = 16;
    pub(super) const SCOPE: u8 = 32;
    pub(super) const ALL: u8 = 63;
}

/// The fields of every ticket that are no texts, and the time of the start, in bytes.
const NUMBERS: usize = 1 + 4 * 4 + 2 * 8;

impl Sealer {
    /// # Errors
    ///
    /// [`ErrorKind::Input`](crate::ErrorKind::Input) with field `ticket` for what is longer than any ticket;
    /// [`ErrorKind::Runtime`](crate::ErrorKind::Runtime) when the system has no randomness to give.
    pub(crate) fn seal_ticket(&self, carried: &Carried) -> Result<ApprovalTicket, Error> {
        let too_long = || Error::input("ticket", "would be longer than 64 KiB");
        let record = carried.record().ok_or_else(too_long)?;
        let sealed = self.seal(Purpose::Ticket, &record)?;
        let text = Zeroizing::new(URL_SAFE_NO_PAD.encode(&*sealed));
        if text.len() > ApprovalTicket::LONGEST {
            return Err(too_long());
        }
        Ok(ApprovalTicket::new(&text))
    }

    /// # Errors
    ///
    /// [`ErrorKind::Input`](crate::ErrorKind::Input) with field `ticket`: it is none, or none of this client's.
    pub(crate) fn open_ticket(&self, ticket: &ApprovalTicket) -> Result<Carried, Error> {
        let refuse = |why| Error::input("ticket", why);
        let sealed = URL_SAFE_NO_PAD.decode(ticket.as_str()).map(Zeroizing::new);
        let sealed = sealed.map_err(|_| refuse("is cut off, or is none"))?;
        let record = self.open(Purpose::Ticket, &sealed).map_err(refuse)?;
        Carried::read(&record).ok_or_else(|| refuse("holds what this version of the crate cannot read"))
    }
}

impl Carried {
    /// `None` where a text is too long for a ticket.
    pub(crate) fn record(&self) -> Option<Zeroizing<Vec<u8>>> {
        let email = self.whom.email.as_ref();
        let person = Some(&self.whom.key).filter(|key| email.map(Email::key).as_ref() != Some(*key));
        let started = self.started.as_ref();
        let (subject, scope) =
            (started.and_then(|it| it.subject.as_deref()), started.and_then(|it| it.scope.as_deref()));
        let optional = [
            (has::EMAIL, email.map(Email::as_str)),
            (has::PERSON, person.map(PersonKey::as_str)),
            (has::RESOURCE, self.resource.as_deref()),
            (has::SUBJECT, subject),
            (has::SCOPE, scope),
        ];
        let texts = || optional.iter().filter_map(|(flag, text)| Some((*flag, (*text)?)));
        let flags = texts().fold(0, |flags, (flag, _)| flags | flag);
        let id = self.id.expose_secret();
        let room = texts()
            .map(|(_, text)| text.len())
            .chain([id.len(), NUMBERS])
            .fold(0, |room: usize, length| room.saturating_add(length).saturating_add(2));
        if room > LONGEST_TEXT {
            return None;
        }
        let mut writer = Writer::with_room(room);
        writer.byte(if started.is_some() { flags | has::STARTED } else { flags });
        writer.number(self.flow.to_number());
        for time in [self.interval, self.expires_in, self.push] {
            writer.number(u32::try_from(time.as_millis()).unwrap_or(u32::MAX));
        }
        writer.long(millis_of(self.ends_at));
        if let Some(started) = started {
            writer.long(millis_of(started.at));
        }
        writer.text(id)?;
        for (_, text) in texts() {
            writer.text(text)?;
        }
        Some(writer.finish())
    }

    /// `None` for anything that [`record`](Self::record) has not written.
    pub(crate) fn read(record: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(record);
        let flags = reader.byte().filter(|flags| flags & !has::ALL == 0)?;
        let flow = FlowId::from_number(reader.number()?);
        let mut time = || Some(Duration::from_millis(reader.number()?.into()));
        let (interval, expires_in, push) = (time()?, time()?, time()?);
        let ends_at = instant(reader.long()?)?;
        let has = |flag| flags & flag != 0;
        let started_at = if has(has::STARTED) { Some(instant(reader.long()?)?) } else { None };
        let id = AuthReqId::new(reader.text()?).ok()?;
        let mut text = |flag| if has(flag) { reader.text().map(Some) } else { Some(None) };
        let email = match text(has::EMAIL)? {
            Some(text) => Some(Email::new(text).ok()?),
            None => None,
        };
        let person = text(has::PERSON)?.map(PersonKey::from);
        let resource = text(has::RESOURCE)?.map(Box::from);
        let (subject, scope) = (text(has::SUBJECT)?.map(Box::from), text(has::SCOPE)?.map(Box::from));
        let started = match started_at {
            Some(at) => Some(Started { at, subject, scope }),
            None if subject.is_some() || scope.is_some() => return None,
            None => None,
        };
        let key = person.or_else(|| email.as_ref().map(Email::key))?;
        let whom = Whom { key, email };
        reader.is_over().then_some(Self {
            whom,
            id,
            flow,
            interval,
            expires_in,
            push,
            ends_at,
            resource,
            started,
        })
    }

    /// What is left of its life, never more than it had: a clock that is wrong prolongs nothing. `None` where it is over.
    pub(crate) fn left(&self, at: SystemTime) -> Option<Duration> {
        let left = self.ends_at.duration_since(at).ok().filter(|left| !left.is_zero())?;
        Some(left.min(self.expires_in))
    }
}

/// Since 1970; before it there were none.
fn millis_of(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

fn instant(millis: u64) -> Option<SystemTime> {
    UNIX_EPOCH.checked_add(Duration::from_millis(millis))
}
