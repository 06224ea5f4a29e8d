use reqwest::{Certificate, ClientBuilder};

use super::HttpOptions;
use crate::error::Error;

/// Sets whom to trust, and checks what reqwest would panic about.
pub(super) fn set_up(builder: ClientBuilder, options: &HttpOptions) -> Result<ClientBuilder, Error> {
    #[cfg(not(feature = "rustls"))]
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        return Err(Error::config(
            "tls",
            "needs a crypto provider: call rustls::crypto::CryptoProvider::install_default once, or use the feature `rustls`",
        ));
    }
    let mut extra = Vec::new();
    for pem in &options.root_certificates {
        let certificates = Certificate::from_pem_bundle(pem)
            .map_err(|_| Error::config("root_certificate", "is not a certificate in PEM"))?;
        if certificates.is_empty() {
            return Err(Error::config("root_certificate", "holds no certificate in PEM"));
        }
        extra.extend(certificates);
    }
    if options.base_url.scheme() == "http" {
        // Plain http to loopback trusts nobody, and must not fail for want of a trust store.
        return Ok(builder.tls_certs_only(extra));
    }
    #[cfg(feature = "webpki-roots")]
    {
        for der in webpki_root_certs::TLS_SERVER_ROOT_CERTS {
            let root = Certificate::from_der(der.as_ref())
                .map_err(|_| Error::config("webpki-roots", "hold a certificate that cannot be read"))?;
            extra.push(root);
        }
        Ok(builder.tls_certs_only(extra))
    }
    #[cfg(not(feature = "webpki-roots"))]
    Ok(if extra.is_empty() { builder } else { builder.tls_certs_merge(extra) })
}
