//! A fake AuthSec server with a phone.
