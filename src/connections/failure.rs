//! Why a request got no answer, in words that never contain its URL.

use std::error::Error as StdError;
use std::{fmt, io};

use rustls::CertificateError;

/// A request got no answer. Displays as a phrase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionFailure {
    reason: String,
    pub(super) timed_out: bool,
}

impl ConnectionFailure {
    /// Reads the cause from an error and the errors behind it.
    pub(super) fn of(error: &reqwest::Error) -> Self {
        let connecting = error.is_connect();
        let reason = match cause(error) {
            Some(cause) => cause,
            None if error.is_timeout() && connecting => "the connection was not established in time".to_owned(),
            None if error.is_timeout() => "no answer in time".to_owned(),
            None if connecting => "the connection could not be established".to_owned(),
            None => "the connection was closed without an answer".to_owned(),
        };
        Self { reason, timed_out: error.is_timeout() }
    }
}

impl fmt::Display for ConnectionFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl StdError for ConnectionFailure {}

/// The first known cause in a chain of errors.
fn cause(error: &(dyn StdError + 'static)) -> Option<String> {
    let mut next = Some(error);
    while let Some(error) = next {
        // The error inside an I/O error is not its source, so it is read first.
        let io = error.downcast_ref::<io::Error>();
        let inner = io.and_then(io::Error::get_ref).map(|inner| inner as &(dyn StdError + 'static));
        let tls = error.downcast_ref::<rustls::Error>();
        if let Some(tls) = tls.or_else(|| inner.and_then(<dyn StdError>::downcast_ref)) {
            return Some(tls_cause(tls));
        }
        // The resolver's error is of a private type.
        if error.to_string().starts_with("dns error") {
            return Some("the host name could not be resolved".to_owned());
        }
        if io.is_some_and(|io| io.kind() == io::ErrorKind::ConnectionRefused) {
            return Some("the connection was refused".to_owned());
        }
        next = inner.or_else(|| error.source());
    }
    None
}

fn tls_cause(error: &rustls::Error) -> String {
    let rustls::Error::InvalidCertificate(certificate) = error else {
        return "the TLS handshake failed".to_owned();
    };
    let why = match certificate {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "it has expired",
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => "it is not valid yet",
        CertificateError::UnknownIssuer => "its issuer is unknown",
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => "it is for another host",
        CertificateError::Revoked => "it is revoked",
        _ => "it is not valid",
    };
    format!("the server's certificate was not accepted: {why}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the TLS library and the HTTP client wrap it.
    #[derive(Debug, thiserror::Error)]
    #[error("error sending request for url (https://bucket/?X-Amz-Signature=secret)")]
    struct Wrapped(#[source] io::Error);

    fn cause_of(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Option<String> {
        cause(&Wrapped(io::Error::other(error)))
    }

    #[test]
    fn a_certificate_that_is_not_accepted_says_why() {
        for (certificate, why) in [
            (CertificateError::UnknownIssuer, "its issuer is unknown"),
            (CertificateError::Expired, "it has expired"),
            (CertificateError::NotValidForName, "it is for another host"),
            (CertificateError::BadSignature, "it is not valid"),
        ] {
            let expected = format!("the server's certificate was not accepted: {why}");
            assert_eq!(cause_of(rustls::Error::InvalidCertificate(certificate)), Some(expected));
        }
        let handshake = rustls::Error::HandshakeNotComplete;
        assert_eq!(cause_of(handshake).as_deref(), Some("the TLS handshake failed"));
    }

    #[test]
    fn an_unknown_error_has_no_cause() {
        assert_eq!(cause_of("https://bucket/?X-Amz-Signature=secret"), None);
    }
}
