//! What goes wrong with TLS, and whether it is a matter of identity.

use std::error::Error as StdError;

use super::causes::{chain, find};
use crate::transport::FaultKind;

pub(super) fn sort(error: &(dyn StdError + 'static)) -> Option<(FaultKind, Option<&'static str>)> {
    use rustls::Error::{
        AlertReceived, InvalidCertificate, InvalidMessage, NoCertificatesPresented, UnsupportedNameType,
    };

    let error = find::<rustls::Error>(error)?;
    Some(match error {
        InvalidCertificate(why) => (FaultKind::Tls, doubt(why)),
        NoCertificatesPresented | UnsupportedNameType => (FaultKind::Tls, None),
        AlertReceived(alert) if is_about_us(*alert) => (FaultKind::Tls, Some(WANTS_CERTIFICATE)),
        InvalidMessage(_) => (FaultKind::NotTls, None),
        _ => (FaultKind::NotConnected, Some("the server broke off the TLS handshake")),
    })
}

/// What is wrong with a certificate, and what to look at.
fn doubt(why: &rustls::CertificateError) -> Option<&'static str> {
    use rustls::CertificateError::{
        Expired, ExpiredContext, NotValidForName, NotValidForNameContext, NotValidYet, NotValidYetContext,
        Other, UnknownIssuer,
    };

    match why {
        // A wrong clock in a container is as likely.
        Expired | ExpiredContext { .. } => {
            Some("the server's certificate has expired, or the clock of this machine is wrong")
        }
        NotValidYet | NotValidYetContext { .. } => {
            Some("the server's certificate is not valid yet, or the clock of this machine is wrong")
        }
        NotValidForName | NotValidForNameContext { .. } => {
            Some("the server's certificate is for another name than that of the base URL")
        }
        UnknownIssuer => Some(
            "the server's certificate is not of an authority that is trusted here; a private authority is added as \
             root_certificate",
        ),
        // webpki's own error, which rustls does not translate.
        Other(why) if why.to_string().contains("CaUsedAsEndEntity") => Some(
            "the server shows the certificate of an authority as its own: let the authority issue one for the server",
        ),
        _ => None,
    }
}

const WANTS_CERTIFICATE: &str = "the server wants a certificate of its clients, or does not take the one it was shown: see client_certificate";

/// Alerts that say that our certificate, or that there is none, is what is wrong.
fn is_about_us(alert: rustls::AlertDescription) -> bool {
    use rustls::AlertDescription::{
        AccessDenied, BadCertificate, CertificateExpired, CertificateRequired, CertificateRevoked,
        CertificateUnknown, UnknownCA, UnsupportedCertificate,
    };

    matches!(
        alert,
        AccessDenied
            | BadCertificate
            | CertificateExpired
            | CertificateRequired
            | CertificateRevoked
            | CertificateUnknown
            | UnknownCA
            | UnsupportedCertificate
    )
}

/// A server of TLS 1.3 that wants a certificate of its clients says so when the handshake is over for us, and reads nothing of
/// the request. Whatever else goes wrong with TLS behind the handshake is a connection that broke.
pub(super) fn refuses_us(error: &(dyn StdError + 'static)) -> Option<&'static str> {
    let alerts = chain(error).filter_map(|error| error.downcast_ref::<rustls::Error>());
    let mut alerts =
        alerts.filter(|error| matches!(error, rustls::Error::AlertReceived(alert) if is_about_us(*alert)));
    alerts.next().map(|_| WANTS_CERTIFICATE)
}

pub(super) fn is_tls(error: &(dyn StdError + 'static)) -> bool {
    find::<rustls::Error>(error).is_some()
}
