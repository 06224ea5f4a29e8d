//! Which server an example talks to.

#![allow(dead_code, unreachable_pub, reason = "not every example needs all of it")]

use std::error::Error;

use authsec_ciba::sandbox::{Sandbox, SandboxBuilder};
use authsec_ciba::{CibaClient, CibaClientBuilder};

/// What `--help` says about it.
pub const HELP: &str = "
The server is an embedded fake one, unless AUTHSEC_BASE_URL or AUTHSEC_CLIENT_ID is set: then these name a real one.
  AUTHSEC_BASE_URL, AUTHSEC_CLIENT_ID, AUTHSEC_CLIENT_SECRET, AUTHSEC_WORKSPACE_ID, AUTHSEC_ROUTES
";

/// A client, and the server behind it: the real one that the environment names, or an embedded fake one.
pub struct Server {
    pub client: CibaClient,
    /// The fake server, unless a real one is used.
    pub sandbox: Option<Sandbox>,
}

impl Server {
    /// Whether the environment names a real server.
    pub fn is_named() -> bool {
        ["AUTHSEC_BASE_URL", "AUTHSEC_CLIENT_ID"].iter().any(|name| std::env::var_os(name).is_some())
    }

    /// The real server if the environment names one, else a fake one like `sandbox`.
    pub async fn choose(client: CibaClientBuilder, sandbox: SandboxBuilder) -> Result<Self, Box<dyn Error>> {
        if Self::is_named() { Self::real(client) } else { Self::fake(client, sandbox).await }
    }

    pub fn real(client: CibaClientBuilder) -> Result<Self, Box<dyn Error>> {
        Ok(Self { client: client.env()?.build()?, sandbox: None })
    }

    pub async fn fake(client: CibaClientBuilder, sandbox: SandboxBuilder) -> Result<Self, Box<dyn Error>> {
        let sandbox = sandbox.start().await?;
        let client = client
            .base_url(sandbox.base_url())
            .client_id(sandbox.client_id())
            .client_secret(sandbox.client_secret())
            .workspace_id(sandbox.workspace_id())
            .build()?;
        Ok(Self { client, sandbox: Some(sandbox) })
    }

    /// Ends every poll and waits for it, then stops the fake server.
    pub async fn stop(self) {
        self.client.shutdown().await;
        if let Some(sandbox) = self.sandbox {
            sandbox.stop().await;
        }
    }
}
