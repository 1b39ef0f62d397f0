//! Where kubelogin lets the identity provider send the browser.

use url::Url;

use crate::backend::assembly::from_kubeconfig::flags::Flags;
use crate::backend::assembly::from_kubeconfig::notes::{LeftOut, Notes};

/// kubelogin's own ports, in its order.
const PORTS: [u16; 2] = [8000, 18000];

/// The redirect URIs that kubelogin tries where nothing is said, byte for byte.
pub fn defaults() -> Vec<String> {
    PORTS.iter().map(|port| format!("http://localhost:{port}")).collect()
}

/// The redirect URIs of these flags, the first first.
///
/// # Errors
/// A machine's login, which no person could repeat.
pub fn uris(flags: &mut Flags, user: &str, notes: &mut Notes) -> Result<Vec<String>, LeftOut> {
    let grant = flags.value("grant-type").unwrap_or_default();
    let password = flags.value("username").is_some();
    let named = flags.value("oidc-redirect-url");
    let keyboard = flags.value("oidc-redirect-url-authcode-keyboard");
    let host = flags.value("oidc-redirect-url-hostname");
    let addresses = [flags.list("listen-address"), flags.list("listen-port")].concat();
    let by_address = listening(&addresses, host.as_deref().unwrap_or("localhost"));
    let uris = named.map_or_else(|| by_address, |uri| vec![uri]);
    match grant.as_str() {
        "client-credentials" => {
            return Err(LeftOut(format!(
                "its user {user:?} logs in as a machine (--grant-type=client-credentials), and in Backstage each person logs in."
            )));
        }
        "authcode-keyboard" => {
            let uri = keyboard.filter(|uri| uri.starts_with("http://localhost"));
            note_other_way(notes, user, "--grant-type=authcode-keyboard");
            return Ok(uri.map_or_else(defaults, |uri| vec![uri]));
        }
        "device-code" => note_other_way(notes, user, "--grant-type=device-code"),
        "password" => note_other_way(notes, user, "--grant-type=password"),
        "" | "auto" if password => note_other_way(notes, user, "--username"),
        _ => {}
    }
    Ok(uris)
}

fn note_other_way(notes: &mut Notes, user: &str, flag: &str) {
    notes.add(format!(
        "The user {user:?}: {flag} is not carried over: people log in in the browser (authorization code), so the identity provider has to allow that to this client, with the redirect URI in OIDC_REDIRECT_URI."
    ));
}

/// An address with a port, or a port alone.
fn listening(addresses: &[String], host: &str) -> Vec<String> {
    let port = |address: &String| {
        let port = address.rsplit(':').next().unwrap_or_default();
        port.parse::<u16>().ok().filter(|port| *port != 0)
    };
    let ports: Vec<u16> = addresses.iter().filter_map(port).collect();
    let ports = if ports.is_empty() { PORTS.to_vec() } else { ports };
    let uri = |port: &u16| format!("http://{host}:{port}");
    ports.iter().map(uri).filter(|uri| Url::parse(uri).is_ok()).collect()
}
