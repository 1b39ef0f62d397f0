//! Many, large and slow requests: the port still serves the real login.

use std::net::TcpStream;
use std::time::Instant;

use serde_json::json;

use super::RealLogin;
use crate::harness::clients::callback_port::{HOST, receive, request, send};

const CALLBACKS: usize = 10_000;
const SENDERS: usize = 4;
/// More than the helper lets in at once.
const SLOW_CLIENTS: usize = 600;

#[test]
fn ten_thousand_bogus_callbacks_do_not_stop_the_login() {
    let mut login = RealLogin::at_login_page("attack_flood");
    let figures_file = login.here.world.file("figures.txt");
    let begun = Instant::now();
    let flood = || {
        let line = format!("GET /?code=x&state={} HTTP/1.1", "s".repeat(43));
        (0..CALLBACKS / SENDERS).filter(|_| request(&[&line, HOST], "").status == Some(400)).count()
    };
    // The threads inherit the network of this one.
    let senders: Vec<_> = (0..SENDERS).map(|_| std::thread::spawn(flood)).collect();
    login.assert_succeeds_after(|| {
        let refused: usize = senders.into_iter().map(|sender| sender.join().unwrap()).sum();
        assert_eq!(refused, CALLBACKS);
        let figures = format!("{CALLBACKS} callbacks refused in {:.1} s\n", begun.elapsed().as_secs_f32());
        std::fs::write(figures_file, figures).unwrap();
    });
}

impl RealLogin {
    /// The person logs in; the last click waits for the end of the attack, because the helper ends with the login.
    fn assert_succeeds_after(&mut self, attack_ends: impl FnOnce()) {
        let fill = |selector: &str, value: &str| json!({ "op": "fill", "context": "felix", "selector": selector, "value": value });
        self.browser.act(&fill("input[name=login]", "felix"));
        self.browser.act(&fill("input[name=password]", "dev"));
        self.browser.open("beside", "http://localhost:8000/");
        self.browser.wait_for_outcome("beside", "index");
        attack_ends();
        self.assert_still_pending();
        self.browser.click("felix", "button[value=login]");
        self.assert_ends_well();
    }
}

#[test]
fn large_and_slow_requests_and_tls_do_not_stop_the_login() {
    let mut login = RealLogin::at_login_page("attack_large_and_slow");
    let large = format!("GET /?state={}&code={} HTTP/1.1", login.state(), "x".repeat(1 << 20));
    let answer = request(&[&large, HOST, &login.cookie()], "");
    assert!(matches!(answer.status, None | Some(400..=499)), "{:?}", answer.status);

    let tls =
        login.browser.attempt(json!({ "op": "open", "context": "tls", "url": "https://localhost:8000/" }));
    assert!(tls["error"].as_str().is_some_and(|error| error.contains("ERR_SSL_PROTOCOL_ERROR")), "{tls}");

    let half = format!("GET /?code=x HTTP/1.1\r\n{HOST}\r\n");
    let slow: Vec<TcpStream> = (0..SLOW_CLIENTS).map(|_| send(half.as_bytes())).collect();
    login.assert_still_pending();
    login.assert_succeeds();
    let gave_up = slow.into_iter().map(receive).filter(|answer| answer.status == Some(408)).count();
    assert!(gave_up > 0, "no request was told to hurry");
}
