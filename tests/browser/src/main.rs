//! The example `web_login`, played through in a real browser. Start it with the script `run` beside this package.

mod browser;
mod phone;
mod scenarios;
mod stand;
mod until;
