//! Which protocol a request asks for on its connection.

use actix_web::http::header::{CONNECTION, HeaderMap, HeaderValue, UPGRADE};

/// A protocol that a connection is upgraded to here; no other one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpgradeProtocol {
    /// RFC 6455.
    WebSocket,
    /// What Kubernetes spoke before.
    Spdy,
}

impl UpgradeProtocol {
    /// As it stands in `Upgrade`.
    #[must_use]
    pub fn token(self) -> &'static str {
        match self {
            Self::WebSocket => "websocket",
            Self::Spdy => "SPDY/3.1",
        }
    }

    /// The first known one that these values of `Upgrade` ask for; a client names the one it likes best first. None without
    /// `Connection: upgrade` (RFC 9110, 7.8).
    pub fn asked<'v>(
        upgrade: impl Iterator<Item = &'v [u8]>,
        mut connection: impl Iterator<Item = &'v [u8]>,
    ) -> Option<Self> {
        let mut wanted = upgrade.flat_map(tokens).filter_map(|token| {
            let known = [Self::WebSocket, Self::Spdy];
            known.into_iter().find(|known| token.eq_ignore_ascii_case(known.token().as_bytes()))
        });
        let protocol = wanted.next()?;
        connection
            .any(|value| tokens(value).any(|token| token.eq_ignore_ascii_case(b"upgrade")))
            .then_some(protocol)
    }

    /// The one that a request asks for.
    #[must_use]
    pub fn asked_by(headers: &HeaderMap) -> Option<Self> {
        let values = |name| headers.get_all(name).map(HeaderValue::as_bytes);
        Self::asked(values(UPGRADE), values(CONNECTION))
    }
}

/// The members of a list (RFC 9110, 5.6.1).
fn tokens(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii).filter(|token| !token.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_protocols_that_connection_names_are_asked_for() {
        use UpgradeProtocol::{Spdy, WebSocket};
        for (upgrade, connection, asked) in [
            ("websocket", "Upgrade", Some(WebSocket)),
            ("h2c, SPDY/3.1, websocket", "keep-alive, upgrade", Some(Spdy)),
            ("WEBSOCKET", "upgrade", Some(WebSocket)),
            ("h2c", "Upgrade", None),
            ("SPDY/3", "Upgrade", None),
            ("websocket", "keep-alive", None),
            ("websocket", "x-upgrade", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(UPGRADE, HeaderValue::from_static(upgrade));
            headers.insert(CONNECTION, HeaderValue::from_static(connection));
            assert_eq!(UpgradeProtocol::asked_by(&headers), asked, "{upgrade}; {connection}");
        }
    }
}
