//! Why a connection failed, with what to do about it.

use std::error::Error;
use std::io;

/// Why a connection failed: not a byte of the request was sent. Holds no credential.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ConnectFailure {
    /// The server's certificate comes from a CA that is not trusted.
    #[error("the certificate of {host} is signed by a CA that is not trusted here: {remedy}")]
    UnknownCa {
        /// The server.
        host: String,
        /// Where to give the CA's certificate.
        remedy: &'static str,
    },
    /// The server's certificate is invalid for another reason.
    #[error("the certificate of {host} is not valid ({reason}): tell the admin of that server")]
    BadCertificate {
        /// The server.
        host: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The proxy requires credentials and none are configured.
    #[error(
        "the proxy at {proxy} wants credentials: put user:password into {variable}, as in http://user:password@{proxy}"
    )]
    ProxyWantsCredentials {
        /// Where the proxy is.
        proxy: String,
        /// The variable that names it.
        variable: &'static str,
    },
    /// The proxy rejects the configured credentials.
    #[error("the proxy at {proxy} does not accept these credentials: correct user:password in {variable}")]
    ProxyRefusesCredentials {
        /// Where the proxy is.
        proxy: String,
        /// The variable that names it.
        variable: &'static str,
    },
    /// The proxy cannot be reached, or what answers is no proxy.
    #[error(
        "the proxy at {proxy} cannot be reached ({reason}): check {variable}, or name {target} in NO_PROXY"
    )]
    ProxyUnreachable {
        /// Where the proxy is.
        proxy: String,
        /// The variable that names it.
        variable: &'static str,
        /// What happened.
        reason: String,
        /// The host and port to connect to.
        target: String,
    },
    /// The proxy refuses to connect there.
    #[error(
        "the proxy at {proxy} does not connect to {target} (status {status}): have it allowed there, or name {target} in NO_PROXY"
    )]
    ProxyRefuses {
        /// Where the proxy is.
        proxy: String,
        /// The host and port to connect to.
        target: String,
        /// Its status.
        status: u16,
    },
    /// Not in time.
    #[error("time-out")]
    TimedOut,
    /// Another error, in the system's own words.
    #[error("{0}")]
    Other(String),
}

impl ConnectFailure {
    /// Whether the message already names the next step.
    #[must_use]
    pub fn says_what_to_do(&self) -> bool {
        !matches!(self, Self::TimedOut | Self::Other(_))
    }

    /// Whether the same request may succeed later without a change of settings.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        match self {
            Self::UnknownCa { .. }
            | Self::BadCertificate { .. }
            | Self::ProxyWantsCredentials { .. }
            | Self::ProxyRefusesCredentials { .. } => false,
            Self::ProxyUnreachable { .. } | Self::ProxyRefuses { .. } | Self::TimedOut | Self::Other(_) => {
                true
            }
        }
    }
}

/// Recovers a failure that was wrapped in an I/O error on its way through hyper and rustls.
impl From<io::Error> for ConnectFailure {
    fn from(error: io::Error) -> Self {
        let inner: Option<&(dyn Error + 'static)> = error.get_ref().map(|inner| inner as _);
        let ours = match inner.and_then(|inner| inner.downcast_ref()) {
            Some(rustls::Error::InvalidCertificate(rustls::CertificateError::Other(other))) => {
                other.0.downcast_ref::<Self>()
            }
            _ => inner.and_then(|inner| inner.downcast_ref::<Self>()),
        };
        ours.cloned().unwrap_or_else(|| Self::Other(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn unknown_ca() -> ConnectFailure {
        ConnectFailure::UnknownCa { host: "idp.example".to_owned(), remedy: "give it" }
    }

    #[test]
    fn a_failure_survives_the_way_through_other_libraries() {
        let from_dialling = io::Error::other(unknown_ca());
        let other = rustls::OtherError(Arc::new(unknown_ca()));
        let from_tls = rustls::Error::InvalidCertificate(rustls::CertificateError::Other(other));
        let from_tls = io::Error::new(io::ErrorKind::InvalidData, from_tls);
        for error in [from_dialling, from_tls] {
            let failure = ConnectFailure::from(error);
            assert!(matches!(failure, ConnectFailure::UnknownCa { .. }), "{failure:?}");
        }
        let refused = ConnectFailure::from(io::Error::from(io::ErrorKind::ConnectionRefused));
        assert!(matches!(refused, ConnectFailure::Other(_)), "{refused:?}");
    }
}
