//! The three answers of the contract, each after a moment: a client that has to wait for every answer wakes up equally often in
//! every run, so its instructions repeat.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use super::counted::ENDED_AFTER;

/// Longer than a client under valgrind needs from its last write to its sleep.
const MOMENT: Duration = Duration::from_millis(4);

const ACKNOWLEDGED: &str = r#"{"auth_req_id":"q3Zr0yJ2mXbT8vKc5LpW1nHs7dGf4aQe","expires_in":300,"interval":5,"message":"A request was sent to the device"}"#;
const PENDING: &str =
    r#"{"error":"authorization_pending","error_description":"The person has not answered yet"}"#;

const DENIED: &str = r#"{"error":"access_denied","error_description":"The person denied the request"}"#;

/// Serves until its standard input ends, so that it never outlives its parent.
pub(crate) fn run() -> std::io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    println!("{}", listener.local_addr()?);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || answer(stream));
        }
    });
    std::io::read_to_string(std::io::stdin()).map(drop)
}

fn answer(mut stream: TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let verified = format!(r#"{{"success":true,"token":"{}","message":"Signed in"}}"#, token());
    let mut bytes = [0; 4096];
    let mut length = 0;
    let mut polls = 0;
    loop {
        match stream.read(&mut bytes[length..])? {
            0 => return Ok(()),
            read => length += read,
        }
        // One request at a time, and its body is an object.
        if !bytes[..length].ends_with(b"}") {
            continue;
        }
        let line = bytes[..length].split(|byte| *byte == b'\r').next().unwrap_or_default();
        let (status, body) = match line {
            line if line.ends_with(b"/ciba/initiate HTTP/1.1") => ("200 OK", ACKNOWLEDGED),
            line if line.ends_with(b"/ciba/token HTTP/1.1") && is_over(&bytes[..length], &mut polls) => {
                ("400 Bad Request", DENIED)
            }
            line if line.ends_with(b"/ciba/token HTTP/1.1") => ("202 Accepted", PENDING),
            line if line.ends_with(b"/totp/login HTTP/1.1") => ("200 OK", verified.as_str()),
            _ => ("404 Not Found", ""),
        };
        length = 0;
        std::thread::sleep(MOMENT);
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json; charset=utf-8\r\nx-request-id: 6f1c1e0a\r\n\
             date: Tue, 24 Nov 2026 08:00:00 GMT\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all((head + body).as_bytes())?;
    }
}

/// Whether a wait has had as many answers as its id asks for.
fn is_over(request: &[u8], polls: &mut usize) -> bool {
    let request = String::from_utf8_lossy(request);
    let Some((_, wanted)) = request.split_once(ENDED_AFTER) else { return false };
    let wanted: usize = wanted.chars().take(4).collect::<String>().parse().unwrap_or_default();
    *polls = (*polls + 1) % wanted;
    *polls == 0
}

/// As long as a signed token with a dozen claims.
fn token() -> String {
    format!("{}.{}.{}", "h".repeat(36), "c".repeat(460), "s".repeat(43))
}
