//! Guides: what a page of its own says better than a doc line.
//!
//! How to test a login stands in the module `sandbox`.

// The first definition of a link wins: these, where rustdoc has modules and a repository page has files.
#[doc = include_str!("../docs/guide-links.md")]
#[doc = ""]
#[doc = include_str!("../docs/errors.md")]
pub mod errors {}

#[doc = include_str!("../docs/guide-links.md")]
#[doc = ""]
#[doc = include_str!("../docs/from-authsec-json-to-oauth.md")]
pub mod from_authsec_json_to_oauth {}

#[doc = include_str!("../docs/guide-links.md")]
#[doc = ""]
#[doc = include_str!("../docs/from-python.md")]
pub mod from_python {}

#[doc = include_str!("../docs/guide-links.md")]
#[doc = ""]
#[doc = include_str!("../docs/operating.md")]
pub mod operating {}

#[cfg(feature = "openid")]
#[doc = include_str!("../docs/guide-links.md")]
#[doc = ""]
#[doc = include_str!("../docs/providers.md")]
pub mod providers {}

#[doc = include_str!("../docs/guide-links.md")]
#[doc = ""]
#[doc = include_str!("../docs/replicas.md")]
pub mod replicas {}

#[doc = include_str!("../docs/guide-links.md")]
#[doc = ""]
#[doc = include_str!("../docs/telemetry.md")]
pub mod telemetry {}

#[doc = include_str!("../docs/guide-links.md")]
#[doc = ""]
#[doc = include_str!("../docs/timing.md")]
pub mod timing {}

#[doc = include_str!("../docs/guide-links.md")]
#[doc = ""]
#[doc = include_str!("../docs/web-login.md")]
pub mod web_login {}

#[doc = include_str!("../docs/guide-links.md")]
#[doc = ""]
#[doc = include_str!("../docs/wire.md")]
pub mod wire {}
