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
        let length =
            std::fs::metadata(path).map_err(|error| refuse("cannot be read").with_source(error))?.len();
        if length > LONGEST {
            return Err(refuse("is longer than 64 KiB"));
        }
        let text = std::fs::read(path).map_err(|error| refuse("cannot be read").with_source(error))?;
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
