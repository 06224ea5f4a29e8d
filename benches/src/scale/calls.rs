//! Client CPU per call, one call after the other over kept-alive HTTP/1.1.

use authsec_ciba::AuthReqId;

use super::memory::client;
use super::process::cpu;

pub(crate) fn run(address: &str, calls: usize) {
    // One thread, as the Python program that it is compared with.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let client = client(address, false, 8);
        let mut used = std::time::Duration::ZERO;
        for n in 0..calls + 100 {
            if n == 100 {
                used = cpu();
            }
            let id = AuthReqId::new(format!("id-{n:09}-abcdefghijklmnopqrstuvwxyzABCD=")).expect("valid");
            let _ =
                client.poll_for_approval(format!("user{n}@example.com"), &id).once().await.expect("pending");
        }
        println!("cpu_us={}", (cpu() - used).as_secs_f64() / calls as f64 * 1e6);
        std::process::exit(0);
    });
}
