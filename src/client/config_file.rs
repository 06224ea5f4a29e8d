use std::io::Read as _;
use std::path::Path;

use serde::Deserialize;

use crate::error::Error;

/// Longer than any configuration that the official SDKs write, in bytes.
const LONGEST: u64 = 64 * 1024;

/// What the official SDKs write to `.authsec.json`, as far as it concerns CIBA.
#[derive(Deserialize)]
pub(super) struct ConfigFile {
    pub(super) client_id: Option<String>,
    pub(super) ciba_base_url: Option<String>,
}

impl ConfigFile {
    pub(super) fn read(path: &Path) -> Result<Self, Error> {
        let refuse = |why: &'static str| Error::config("config_file", why);
        let unreadable = |error: std::io::Error| refuse("cannot be read").with_source(error);
        let file = std::fs::File::open(path).map_err(unreadable)?;
        // Counted as it is read: a device or a pipe states no length.
        let mut text = Vec::new();
        file.take(LONGEST.saturating_add(1)).read_to_end(&mut text).map_err(unreadable)?;
        if text.len() as u64 > LONGEST {
            return Err(refuse("is longer than 64 KiB"));
        }
        Self::parse(&text)
    }

    /// The error says nothing of the content: a configuration may hold secrets of others.
    pub(super) fn parse(text: &[u8]) -> Result<Self, Error> {
        let refuse = || Error::config("config_file", "is not the JSON of the official SDKs");
        // serde would take an array for an object without names.
        if !text.trim_ascii_start().starts_with(b"{") {
            return Err(refuse());
        }
        serde_json::from_slice(text).map_err(|_| refuse())
    }
}
