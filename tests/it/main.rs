//! Black-box tests: the published API against the sandbox, through real sockets. Client and server share one
//! current-thread runtime, so that its clock can be paused; no test waits in real time.

mod capture;
mod cancelling;
mod environment;
mod faults;
mod futures;
mod observability;
mod planes;
mod secrets;
mod support;
mod timing;
