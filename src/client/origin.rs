use url::Url;

use crate::address;
use crate::authsec::Paths;
use crate::error::Error;
use crate::profile::Targets;
use crate::transport::Target;

/// Checks a base URL: an address, with nothing behind its path.
pub(super) fn parse(text: &str, plain_http_to: Option<&str>) -> Result<Url, Error> {
    let url = address::check("base_url", text, plain_http_to)?;
    if url.query().is_some() {
        return Err(Error::config("base_url", "must not have a query or a fragment"));
    }
    Ok(url)
}

/// The base URL with each path behind its own.
pub(super) fn join(base: &Url, paths: Paths) -> Targets {
    let join = |path: &str| {
        let mut url = base.clone();
        url.set_path(&format!("{}{path}", base.path().trim_end_matches('/')));
        Target::new(url)
    };
    Targets { initiate: join(paths.initiate), poll: join(paths.poll), totp: join(paths.totp) }
}
