//! TLS, by rustls and by nothing else: whatever other crates of the program switch on in reqwest, it is told which.

use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use super::options::HttpOptions;
use crate::error::Error;

/// Whom to trust, and how to speak. It is made once; a connection takes a copy, which is a few pointers.
pub(super) fn config(options: &HttpOptions) -> Result<ClientConfig, Error> {
    let provider = provider()?;
    let extra = extra(&options.root_certificates)?;
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| {
            Error::config("tls", "has a crypto provider without TLS 1.2 and 1.3").with_source(error)
        })?;
    let mut config = if options.base_url.scheme() == "http" {
        // Plain http trusts nobody, and must not fail for want of a trust store.
        builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth()
    } else {
        prove(trust(builder, provider, extra)?, options.client_certificate.as_deref())?
    };
    if cfg!(feature = "http2") {
        config.alpn_protocols.push(b"h2".to_vec());
    }
    config.alpn_protocols.push(b"http/1.1".to_vec());
    Ok(config)
}

fn provider() -> Result<Arc<CryptoProvider>, Error> {
    if let Some(installed) = CryptoProvider::get_default() {
        return Ok(Arc::clone(installed));
    }
    #[cfg(feature = "rustls")]
    return Ok(Arc::new(rustls::crypto::aws_lc_rs::default_provider()));
    #[cfg(not(feature = "rustls"))]
    Err(Error::config(
        "tls",
        "needs a crypto provider: call rustls::crypto::CryptoProvider::install_default once, or use the feature `rustls`",
    ))
}

/// The authorities that the caller adds. Each is looked at, so that a bad one is named by its setting.
fn extra(pems: &[Vec<u8>]) -> Result<Vec<CertificateDer<'static>>, Error> {
    let refuse = |why| Error::config("root_certificate", why);
    let mut certificates = Vec::new();
    for pem in pems {
        let before = certificates.len();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|_| refuse("holds a block that is not PEM"))?;
            RootCertStore::empty()
                .add(certificate.clone())
                .map_err(|_| refuse("holds a block that is no certificate of an authority"))?;
            certificates.push(certificate);
        }
        if certificates.len() == before {
            return Err(refuse("holds no certificate in PEM"));
        }
    }
    Ok(certificates)
}

type Builder = rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>;

/// It knows whom to trust, and not yet how to prove who it is itself.
type TrustBuilder = rustls::ConfigBuilder<ClientConfig, rustls::client::WantsClientCert>;

/// With the caller's certificate, chain and key, if there is one.
fn prove(builder: TrustBuilder, pem: Option<&Vec<u8>>) -> Result<ClientConfig, Error> {
    let refuse = |why| Error::config("client_certificate", why);
    let Some(pem) = pem else { return Ok(builder.with_no_client_auth()) };
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let chain = chain.map_err(|_| refuse("holds a block that is not PEM"))?;
    if chain.is_empty() {
        return Err(refuse("holds no certificate in PEM"));
    }
    let key = PrivateKeyDer::from_pem_slice(pem).map_err(|_| refuse("holds no private key in PEM"))?;
    builder.with_client_auth_cert(chain, key).map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => refuse("has a key that is not that of its first certificate"),
        _ => refuse("has a certificate or a key that TLS cannot use"),
    })
}

/// Mozilla's certificates, compiled in.
#[cfg(feature = "webpki-roots")]
fn trust(
    builder: Builder,
    _: Arc<CryptoProvider>,
    extra: Vec<CertificateDer<'static>>,
) -> Result<TrustBuilder, Error> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().cloned().chain(extra));
    Ok(builder.with_root_certificates(roots))
}

/// The file that a variable names in place of the platform's. One that cannot be read would be passed over without a word, and
/// every server be refused later.
#[cfg(all(unix, not(target_os = "android"), not(target_vendor = "apple"), not(feature = "webpki-roots")))]
fn check_certificate_file() -> Result<(), Error> {
    use std::io::Read as _;

    let Some(path) = std::env::var_os("SSL_CERT_FILE").filter(|path| !path.is_empty()) else { return Ok(()) };
    // A folder can be opened, and not be read.
    let read = std::fs::File::open(path).and_then(|mut file| file.read(&mut [0]));
    read.map(drop).map_err(|error| {
        Error::config("tls", "trusts what SSL_CERT_FILE names, and that is no file that can be read")
            .with_source(error)
    })
}

/// The platform's certificates, and its rules.
#[cfg(not(feature = "webpki-roots"))]
fn trust(
    builder: Builder,
    provider: Arc<CryptoProvider>,
    extra: Vec<CertificateDer<'static>>,
) -> Result<TrustBuilder, Error> {
    use rustls_platform_verifier::Verifier;

    #[cfg(all(unix, not(target_os = "android"), not(target_vendor = "apple")))]
    check_certificate_file()?;
    #[cfg(not(target_os = "android"))]
    let verifier = Verifier::new_with_extra_roots(extra, provider);
    #[cfg(target_os = "android")]
    let verifier = if extra.is_empty() {
        Verifier::new(provider)
    } else {
        return Err(Error::config(
            "root_certificate",
            "cannot be added to Android's: use the feature `webpki-roots`",
        ));
    };
    let verifier = verifier.map_err(|error| {
        Error::config(
            "tls",
            "finds no authority to trust: an image without CA files needs the feature `webpki-roots`, a \
             root_certificate, or SSL_CERT_FILE",
        )
        .with_source(error)
    })?;
    Ok(builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier)))
}
