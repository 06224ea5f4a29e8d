use std::fmt;

use icu_casemap::CaseMapper;
use icu_normalizer::ComposingNormalizer;
use icu_normalizer::properties::CanonicalCombiningClassMapBorrowed;

use crate::trace::MaskedEmail;

/// Whom a request is for: what this crate counts, replaces and cancels by, for the maps of an application that must agree with it.
///
/// Of an [`Email`](crate::Email) it is the trimmed address with every difference taken out that some server may not see: NFKC-normalised, Unicode
/// case-folded, a dot above an `i` dropped (`İ` in lower case is `i` to some and `i̇` to others), and NFKC-normalised
/// again. So `ＵＳＥＲ@example.com`, the Kelvin sign for a `k`, `jÜrgen` and `jürgen`, `straße` and `strasse` are one each.
/// What a person may call the same and no server does, dots and plus tags, stays apart, and so do look-alike letters of
/// other alphabets. A server may tell apart what this does not, so it is not an address to send to, and no call takes it.
///
/// ```
/// use std::collections::HashMap;
/// use authsec_ciba::{Email, PersonKey};
///
/// # fn main() -> Result<(), authsec_ciba::Error> {
/// let mut sign_ins: HashMap<PersonKey, u32> = HashMap::new();
/// for typed in ["User@Example.com", " user@example.com"] {
///     *sign_ins.entry(Email::new(typed)?.key()).or_default() += 1;
/// }
/// assert_eq!(sign_ins.len(), 1);
/// # Ok(())
/// # }
/// ```
///
/// Of a text that is no address (a name of the application's own for its user, by `From`) it is that text, byte for byte.
///
/// `Debug` masks it; `Display` and [`as_str`](Self::as_str) show it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonKey(Box<str>);

impl PersonKey {
    /// Of an address that was checked and trimmed.
    pub(super) fn of(address: &str) -> Self {
        Self(if address.is_ascii() { address.to_ascii_lowercase().into() } else { fold(address).into() })
    }

    /// The key as text, for a database that several processes share.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for PersonKey {
    /// The text as it is. For an address take [`Email::key`](crate::Email::key), which sees through its spellings.
    fn from(name: &str) -> Self {
        Self(name.into())
    }
}

impl From<String> for PersonKey {
    /// The text as it is. For an address take [`Email::key`](crate::Email::key), which sees through its spellings.
    fn from(name: String) -> Self {
        Self(name.into())
    }
}

impl AsRef<str> for PersonKey {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for PersonKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for PersonKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PersonKey({})", MaskedEmail(&self.0))
    }
}

/// Takes out what some server may not see. Too much rather than too little: an address that slips by its own key gets
/// fresh attempts and fresh pushes.
fn fold(address: &str) -> String {
    let nfkc = ComposingNormalizer::new_nfkc();
    let folded = CaseMapper::new().fold_string(&nfkc.normalize(address)).into_owned();
    let marks = CanonicalCombiningClassMapBorrowed::new();
    // The letter that a mark belongs to, however many other marks stand between.
    let mut letter = None;
    let is_kept = |c: &char| {
        if marks.get_u8(*c) == 0 {
            letter = Some(*c);
        }
        *c != '\u{307}' || letter != Some('i')
    };
    let undotted: String = folded.chars().filter(is_kept).collect();
    // A mark that stands alone may bring a space along.
    nfkc.normalize(&undotted).trim().to_owned()
}
