//! Requests that ask for another protocol on their connection, and the API server's 101: exec, attach, port-forward and cp.

use actix_web::HttpRequest;
use actix_web::http::header::{
    CONTENT_LENGTH, HeaderMap, HeaderValue, SEC_WEBSOCKET_PROTOCOL, TRANSFER_ENCODING,
};
use hyper::header as outward;

use crate::backend::inbound::connection::{Upgradable, UpgradeProtocol};
use crate::problem::Problem;
use crate::protocol::Code;

/// In a subprotocol that begins so, a page sends its bearer token to an API server.
const BEARER: &str = "base64url.bearer.authorization.k8s.io.";

/// An upgrade that was asked for, and that this connection can be given.
pub struct Upgrade {
    protocol: UpgradeProtocol,
    /// Those of a WebSocket, in the order in which they were asked for.
    subprotocols: Vec<String>,
    connection: Upgradable,
}

/// Why a 101 is not the answer to what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Misfit {
    /// No `Connection: upgrade`, or not exactly the protocol that was asked for.
    #[error("it switches to a protocol that was not asked for")]
    Protocol,
    /// RFC 6455, 4.1: the caller would fail the connection.
    #[error("it chooses a subprotocol that was not asked for")]
    Subprotocol,
    /// RFC 6455, 4.1.
    #[error("it has no Sec-WebSocket-Accept")]
    Accept,
}

impl Upgrade {
    /// What a request asks for. None for a protocol that is not known here, and where the connection cannot be upgraded: then it is a
    /// request as any other (RFC 9110, 7.8).
    ///
    /// # Errors
    /// `bad_request` for an upgrade with a body: another server could take the one for the other.
    pub fn asked_by(request: &HttpRequest) -> Result<Option<Self>, Problem> {
        let headers = request.headers();
        let Some(protocol) = UpgradeProtocol::asked_by(headers) else { return Ok(None) };
        // Go sends the length of the body that its POST does not have.
        let is_empty = |length: &HeaderValue| length.as_bytes().trim_ascii() == b"0";
        if headers.contains_key(TRANSFER_ENCODING) || !headers.get_all(CONTENT_LENGTH).all(is_empty) {
            return Err(Problem::new(
                Code::BadRequest,
                "A request that asks for an upgrade has no body: leave out Transfer-Encoding and Content-Length.",
            ));
        }
        let connection = request.conn_data::<Upgradable>().filter(|connection| connection.is_held());
        Ok(connection.map(|connection| Self {
            protocol,
            subprotocols: subprotocols(headers),
            connection: connection.share(),
        }))
    }

    /// The protocol, as it stands in `Upgrade`.
    #[must_use]
    pub fn token(&self) -> &'static str {
        self.protocol.token()
    }

    /// The caller's connection.
    #[must_use]
    pub fn into_connection(self) -> Upgradable {
        self.connection
    }

    /// The headers that ask the API server for it, made anew.
    ///
    /// # Errors
    /// When no header can hold the subprotocols.
    pub fn write(&self, headers: &mut outward::HeaderMap) -> Result<(), outward::InvalidHeaderValue> {
        headers.insert(outward::CONNECTION, outward::HeaderValue::from_static("Upgrade"));
        headers.insert(outward::UPGRADE, outward::HeaderValue::from_static(self.token()));
        if self.protocol == UpgradeProtocol::WebSocket && !self.subprotocols.is_empty() {
            let asked = outward::HeaderValue::try_from(self.subprotocols.join(", "))?;
            headers.insert(outward::SEC_WEBSOCKET_PROTOCOL, asked);
        }
        Ok(())
    }

    /// Whether a 101 with these headers is the answer to it.
    ///
    /// # Errors
    /// As the variants of [`Misfit`] say.
    pub fn check(&self, answer: &outward::HeaderMap) -> Result<(), Misfit> {
        let values = |name| answer.get_all(name).iter().map(outward::HeaderValue::as_bytes);
        let chosen: Vec<&[u8]> = values(outward::UPGRADE).collect();
        let is_ours =
            matches!(chosen[..], [one] if one.trim_ascii().eq_ignore_ascii_case(self.token().as_bytes()));
        let asked = UpgradeProtocol::asked(values(outward::UPGRADE), values(outward::CONNECTION));
        if !is_ours || asked != Some(self.protocol) {
            return Err(Misfit::Protocol);
        }
        if self.protocol == UpgradeProtocol::Spdy {
            return Ok(());
        }
        let chosen: Vec<&[u8]> = values(outward::SEC_WEBSOCKET_PROTOCOL).collect();
        let was_asked = |chosen: &[u8]| self.subprotocols.iter().any(|asked| asked.as_bytes() == chosen);
        if !matches!(chosen[..], []) && !matches!(chosen[..], [one] if was_asked(one.trim_ascii())) {
            return Err(Misfit::Subprotocol);
        }
        if values(outward::SEC_WEBSOCKET_ACCEPT).count() == 1 { Ok(()) } else { Err(Misfit::Accept) }
    }
}

/// The subprotocols that a request offers, without those that hold a credential.
fn subprotocols(headers: &HeaderMap) -> Vec<String> {
    let values = headers.get_all(SEC_WEBSOCKET_PROTOCOL).filter_map(|value| value.to_str().ok());
    let offered =
        values.flat_map(|value| value.split(',')).map(str::trim).filter(|offered| !offered.is_empty());
    let is_bearer =
        |offered: &str| offered.get(..BEARER.len()).is_some_and(|begun| begun.eq_ignore_ascii_case(BEARER));
    offered.filter(|offered| !is_bearer(offered)).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::inbound::connection::Connection;

    fn upgrade(protocol: UpgradeProtocol, subprotocols: &[&str]) -> Upgrade {
        Upgrade {
            protocol,
            subprotocols: subprotocols.iter().map(|&one| one.to_owned()).collect(),
            connection: Connection::new(tokio::io::empty()).upgradable(),
        }
    }

    fn answer(headers: &[(&'static str, &'static str)]) -> outward::HeaderMap {
        let header = |(name, value): &(&'static str, &'static str)| {
            (outward::HeaderName::from_static(name), outward::HeaderValue::from_static(value))
        };
        headers.iter().map(header).collect()
    }

    #[test]
    fn subprotocols_pass_in_order_and_credentials_among_them_never() {
        let mut headers = HeaderMap::new();
        for offered in [
            "v5.channel.k8s.io,base64url.bearer.authorization.k8s.io.dG9rZW4",
            " Base64URL.bearer.authorization.k8s.io.dG9rZW4 , ,v4.channel.k8s.io",
            "SPDY/3.1+portforward.k8s.io",
        ] {
            headers.append(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(offered));
        }
        let passed = subprotocols(&headers);
        assert_eq!(passed, ["v5.channel.k8s.io", "v4.channel.k8s.io", "SPDY/3.1+portforward.k8s.io"]);
    }

    #[test]
    fn a_101_has_to_fit_what_was_asked() {
        let websocket = upgrade(UpgradeProtocol::WebSocket, &["v5.channel.k8s.io", "v4.channel.k8s.io"]);
        let spdy = upgrade(UpgradeProtocol::Spdy, &[]);
        let base = [("connection", "Upgrade"), ("upgrade", "WebSocket"), ("sec-websocket-accept", "x")];
        let with = |more: &[(&'static str, &'static str)]| answer(&[&base[..], more].concat());
        let chosen = |value| [("sec-websocket-protocol", value)];
        assert_eq!(websocket.check(&with(&[])), Ok(()));
        assert_eq!(websocket.check(&with(&chosen("v4.channel.k8s.io"))), Ok(()));
        for other in ["v3.channel.k8s.io", "V4.channel.k8s.io", "v5.channel.k8s.io, v4.channel.k8s.io", ""] {
            assert_eq!(websocket.check(&with(&chosen(other))), Err(Misfit::Subprotocol), "{other}");
        }
        let two = [chosen("v4.channel.k8s.io"), chosen("v4.channel.k8s.io")].concat();
        assert_eq!(websocket.check(&with(&two)), Err(Misfit::Subprotocol));
        assert_eq!(websocket.check(&answer(&base[..2])), Err(Misfit::Accept));
        assert_eq!(websocket.check(&answer(&base[1..])), Err(Misfit::Protocol));
        assert_eq!(websocket.check(&with(&[("upgrade", "h2c")])), Err(Misfit::Protocol));
        assert_eq!(spdy.check(&with(&[])), Err(Misfit::Protocol));
        let spdy_answer = [("connection", "upgrade"), ("upgrade", "SPDY/3.1")];
        assert_eq!(spdy.check(&answer(&spdy_answer)), Ok(()));
        assert_eq!(
            spdy.check(&answer(&[spdy_answer[0], ("upgrade", "SPDY/3.1, websocket")])),
            Err(Misfit::Protocol)
        );
        assert_eq!(websocket.check(&answer(&spdy_answer)), Err(Misfit::Protocol));
    }
}
