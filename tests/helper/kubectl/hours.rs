//! Eight hours of three loops of kubectl, on a clock that the test moves.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, Once};
use std::time::Duration;

use backstage_oidc_helper::helper::HelperError;
use backstage_oidc_helper::helper::kubectl::get_token;
use backstage_oidc_helper::helper::kubectl::get_token::credential::{Credential, Until};
use backstage_oidc_helper::helper::kubectl::get_token::exec_info::Person;
use backstage_oidc_helper::helper::terminal::Terminal;
use backstage_oidc_helper::helper::terminal::browser::{Browser, NotOpened};
use backstage_oidc_helper::helper::terminal::elsewhere::location::Location;
use backstage_oidc_helper::helper::terminal::tools::Tools;
use backstage_oidc_helper::protocol::WireSecret;
use backstage_oidc_helper::random::SystemRandom;
use backstage_oidc_helper::settings::Source;
use backstage_oidc_helper::settings::login::LoginSettings;
use futures_util::future::join_all;
use secrecy::ExposeSecret;

use crate::harness::clients::api::agent;
use crate::harness::in_process::ClockAhead;
use crate::helper::sign_in::Installation;

/// The time between two calls of a loop.
const STEP: Duration = Duration::from_mins(10);
/// Eight hours of them.
const STEPS: usize = 48;

/// Tells the test what it was to open.
struct Told(Mutex<Sender<String>>);

impl Browser for Told {
    fn open(&self, address: &WireSecret) -> Result<(), NotOpened> {
        let _ = self.0.lock().unwrap().send(address.expose().to_owned());
        Ok(())
    }
}

fn tools(here: &Installation, clock: &Arc<ClockAhead>, tabs: &Sender<String>) -> Tools {
    Tools {
        clock: Arc::<ClockAhead>::clone(clock),
        random: Arc::new(SystemRandom),
        location: Location::WithBrowser,
        advised: Once::new(),
        browser: Arc::new(Told(Mutex::new(tabs.clone()))),
        terminal: Arc::new(Terminal::new(Box::new(std::io::sink()))),
        answers: Terminal::new(Box::new(std::io::sink())),
        state_folder: Some(here.folder()),
    }
}

fn settings(here: &Installation, timeout: &str) -> LoginSettings {
    let variables = [("BACKSTAGE_URL", here.ingress.url.as_str()), ("LOGIN_TIMEOUT", timeout)];
    LoginSettings::read(&Source::new(variables.map(|(n, v)| (n.to_owned(), v.to_owned())))).unwrap()
}

/// A call of each of the three loops, at once.
async fn three(settings: &LoginSettings, tools: &Tools) -> Vec<Result<Credential, HelperError>> {
    join_all((0..3).map(|_| get_token::credential(settings, Person::MayBeAsked, tools))).await
}

/// Backstage ends the kept sign-in: its refresh token does not serve any more.
fn end_sign_in(here: &Installation) {
    let kept = here.kept();
    let token = kept["refreshToken"].as_str().unwrap();
    let url = format!("{}/api/auth/v1/revoke", here.ingress.url);
    let form = [("token", token), ("client_id", "backstage-oidc-helper")];
    assert!(agent().post(url).send_form(form).unwrap().status().is_success());
}

#[test]
fn eight_hours_of_three_loops_open_one_tab_when_the_sign_in_ends_in_between() {
    let here = Installation::new("kubectl_hours");
    here.sign_in();
    let felix = here.backstage.sign_in(&here.world, "felix");
    let clock = Arc::new(ClockAhead::default());
    let (sender, receiver): (Sender<String>, Receiver<String>) = channel();
    let calls = here.token_calls();
    let tabs = std::thread::scope(|scope| {
        // The person answers every tab.
        let (there, who) = (&here, &felix);
        let person = scope.spawn(move || {
            let opened = receiver.iter().inspect(|link| {
                let page = there.answer_tab(link, who);
                assert!(page.contains("data-outcome=\"signed-in\""), "{page}");
            });
            opened.count()
        });
        let (settings, tools) = (settings(&here, "5m"), tools(&here, &clock, &sender));
        drop(sender);
        actix_web::rt::System::new().block_on(async {
            for step in 0..STEPS {
                if step == STEPS / 2 {
                    end_sign_in(&here);
                }
                for credential in three(&settings, &tools).await {
                    let credential = credential.unwrap();
                    here.note_kept();
                    assert_eq!(here.kept()["accessToken"], credential.token.expose_secret());
                    let Until::Time(until) = credential.until else { panic!("no end") };
                    let left = until - time::OffsetDateTime::now_utc() - clock.ahead();
                    assert!(left > time::Duration::ZERO && left < time::Duration::HOUR, "{left}");
                }
                clock.pass(STEP);
            }
        });
        drop(tools);
        person.join().unwrap()
    });
    assert_eq!(tabs, 1);
    // One refresh an hour for all three, and a code: not one for each loop.
    let calls = here.token_calls() - calls;
    assert!((7..=12).contains(&calls), "{calls}");
}

#[test]
fn eight_hours_without_an_answer_open_a_handful_of_tabs_and_not_hundreds() {
    let here = Installation::new("kubectl_hours_unanswered");
    let clock = Arc::new(ClockAhead::default());
    let (sender, receiver): (Sender<String>, Receiver<String>) = channel();
    let (settings, tools) = (settings(&here, "1s"), tools(&here, &clock, &sender));
    actix_web::rt::System::new().block_on(async {
        for _ in 0..STEPS {
            for credential in three(&settings, &tools).await {
                let error = credential.unwrap_err();
                assert_eq!((error.exit_code(), error.code()), (4, "timed_out"), "{error}");
            }
            clock.pass(STEP);
        }
    });
    drop((tools, sender));
    let tabs = receiver.iter().count();
    assert!((1..=5).contains(&tabs), "{tabs}");
}
