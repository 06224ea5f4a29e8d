//! Many calls of one kind, one after the other.

use std::io::{BufRead as _, BufReader};
use std::ops::Range;
use std::process::{Child, Command, Stdio};

use tokio::runtime::{Builder, Runtime};

use super::counted::COUNTED;

/// Calls that go first: they warm up connection, buffers and tables.
pub(crate) const WARM: usize = 20;

type Make = dyn Fn(&Runtime, Range<usize>);

/// Calls that are ready to be made.
pub(crate) struct Batch {
    make: Box<Make>,
    runtime: Runtime,
    server: Child,
}

impl Batch {
    /// Starts a server, makes a client for it, and warms it up. Each call gets a number of its own.
    pub(crate) fn warm<C: 'static>(
        client: impl FnOnce(&str) -> C,
        call: impl AsyncFn(&C, usize) + 'static,
    ) -> Self {
        Self::of(client, move |runtime, client, numbers| {
            runtime.block_on(async {
                for number in numbers {
                    call(client, number).await;
                }
            });
        })
    }

    /// One long call instead of many, which makes so many requests.
    pub(crate) fn long<C: 'static>(
        client: impl FnOnce(&str) -> C,
        call: impl AsyncFn(&C, usize) + 'static,
    ) -> Self {
        Self::of(client, move |runtime, client, numbers| runtime.block_on(call(client, numbers.len())))
    }

    fn of<C: 'static>(
        client: impl FnOnce(&str) -> C,
        make: impl Fn(&Runtime, &C, Range<usize>) + 'static,
    ) -> Self {
        let mut server = Command::new(env!("CARGO_BIN_EXE_instructions"))
            .arg("serve")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a server");
        let mut address = String::new();
        BufReader::new(server.stdout.take().expect("piped")).read_line(&mut address).expect("an address");
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let client = client(&format!("http://{}", address.trim()));
        make(&runtime, &client, 0..WARM);
        let make = move |runtime: &Runtime, numbers: Range<usize>| make(runtime, &client, numbers);
        Self { make: Box::new(make), runtime, server }
    }

    /// The counted part. It gives itself back, so that taking it down is not counted.
    pub(crate) fn run(self) -> Self {
        (self.make)(&self.runtime, WARM..WARM + COUNTED);
        self
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
