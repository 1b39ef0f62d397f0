//! A browser that asks the helper's port for https, which speaks http.

use std::net::TcpStream;
use std::sync::Arc;

use backstage_oidc_helper::outbound;
use rustls::{AlertDescription, ClientConnection, StreamOwned};
use rustls_pki_types::ServerName;

use crate::harness::clients::callback_port::{HELPER, HOST, request};
use crate::harness::deployment::Deployment;
use crate::harness::network::front::PrivateCa;

/// What becomes of a TLS handshake with the helper.
fn handshake(ca: &PrivateCa) -> std::io::Error {
    let tls = outbound::trusting_only(&ca.file).unwrap();
    let connection =
        ClientConnection::new(Arc::clone(&tls), ServerName::try_from("localhost").unwrap()).unwrap();
    let mut stream = StreamOwned::new(connection, TcpStream::connect(HELPER).unwrap());
    std::io::Write::write_all(&mut stream, b"GET / HTTP/1.1\r\n\r\n").unwrap_err()
}

#[test]
fn https_at_the_port_is_explained_once_and_the_login_goes_on() {
    let here = Deployment::new("networks_tls_on_the_port");
    let backend = here.plan.start();
    let mut helper = here.helper(&backend).start_at_terminal("");
    let ca = PrivateCa::new(&here.world);
    let idle = TcpStream::connect(HELPER).unwrap();
    for _ in 0..2 {
        let error = handshake(&ca);
        let alert = error.get_ref().and_then(|inner| inner.downcast_ref());
        assert_eq!(
            alert,
            Some(&rustls::Error::AlertReceived(AlertDescription::UnexpectedMessage)),
            "{error}"
        );
    }
    helper.process.wait_for_line("A browser spoke https to this helper: open the link with http://");
    assert_eq!(request(&["GET / HTTP/1.1", HOST], "").status, Some(200));

    let sent = crate::harness::clients::api::agent().get(&helper.link).call().unwrap();
    let auth_url = sent.headers()["location"].to_str().unwrap().to_owned();
    here.world.ledger.note("auth_url", &auth_url);
    helper.process.type_line(&here.idp.log_in(&auth_url, "felix"));
    let ending = helper.end();
    ending.assert(0, &["Connected"]);
    assert_eq!(ending.said.matches("spoke https").count(), 1, "{}", ending.said);
    drop(idle);
}
