//! One schedule: what its tasks do on which replica, and what must hold at the end.

use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use backstage_oidc_helper::backend::logins::{
    EndReason, IssuedTo, LiveLogin, LoginKey, LoginRecord, LoginState, Logins, Stored, TokenSet, serves,
};
use backstage_oidc_helper::backend::logout::delete_record::Forgotten;
use backstage_oidc_helper::backend::oidc::identity_rule::CatalogSaid;
use backstage_oidc_helper::backend::stopping::Stopping;
use backstage_oidc_helper::backend::tokens::refresh::grant::RefreshGrant;
use backstage_oidc_helper::backend::tokens::refresh::{Limits, RefreshError, Refresher};
use backstage_oidc_helper::store::Store;
use backstage_oidc_helper::store::sealing::Keyring;
use time::OffsetDateTime;

use super::executor::{self, Task};
use super::idp::{FROZEN, Idp};
use super::mistakes::{Mistake, Mistaken};
use super::world::{Troubles, World};

/// How long it may take at most from the decision that an ID token serves to the answer.
const LETTING_GO: Duration = Duration::from_secs(1);
/// How often a client polls.
const POLL: Duration = Duration::from_secs(20);
const KEPT: Duration = Duration::from_hours(30 * 24);
const LIMITS: Limits = Limits {
    lock: Duration::from_secs(15),
    wait: Duration::from_secs(25),
    keep_trying: Duration::from_mins(2),
    spending: Duration::from_secs(15),
};

/// What came of a schedule.
#[expect(clippy::struct_excessive_bools, reason = "each happened or did not, alone or with others")]
#[derive(Default)]
pub struct Outcome {
    /// What must never be, and was.
    pub faults: Vec<String>,
    /// What happened.
    pub trace: Vec<String>,
    ended: Option<EndReason>,
    refreshed: bool,
    reused: bool,
    forgotten: bool,
    forgotten_when_over: bool,
    logged_in_again: bool,
    busy: bool,
    put_off: bool,
    panicked: bool,
}

/// Which kinds of end were met, so that a simulation that meets no trouble fails.
#[derive(Default)]
pub struct Met {
    refreshed: u64,
    reused: u64,
    lost: u64,
    forgotten: u64,
    put_off: u64,
    panicked: u64,
}

impl Met {
    /// Counts an outcome.
    pub fn add(&mut self, outcome: &Outcome) {
        self.refreshed += u64::from(outcome.refreshed);
        self.reused += u64::from(outcome.reused);
        self.lost += u64::from(outcome.ended == Some(EndReason::RefreshLost));
        self.forgotten += u64::from(outcome.forgotten);
        self.put_off += u64::from(outcome.put_off);
        self.panicked += u64::from(outcome.panicked);
    }

    /// Every kind must have been met.
    pub fn assert_all_kinds(&self) {
        assert!(
            self.refreshed > 0 && self.reused > 0 && self.lost > 0 && self.forgotten > 0,
            "too few schedules: {self}"
        );
        assert!(self.put_off > 0 && self.panicked > 0, "too few schedules: {self}");
    }
}

impl fmt::Display for Met {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { refreshed, reused, lost, forgotten, put_off, panicked } = self;
        write!(
            f,
            "{refreshed} refreshed, {reused} with a token sent again, {lost} lost, {forgotten} forgotten, {put_off} put off, {panicked} with a fault"
        )
    }
}

/// Runs the schedule of a seed, in which the refresh code makes a mistake or none.
pub fn run(seed: u64, mistake: Option<Mistake>) -> Outcome {
    let world = World::new(seed);
    let troubles = Troubles {
        kills: seed.is_multiple_of(2),
        lost_answers: seed.is_multiple_of(3),
        store_failures: seed.is_multiple_of(5),
        stalls: seed.is_multiple_of(7),
        panics: seed.is_multiple_of(11),
        frozen: seed.is_multiple_of(13),
        seldom: seed % 8 < 4,
    };
    let overlap = world.lock().once_in(2);
    let idp = Idp::new(&world, overlap);
    let keyring = Arc::new(Keyring::random(&world).expect("the world has chance"));
    let (store, random) = (Arc::new(world.clone()), Arc::new(world.clone()));
    let logins = Logins { store, keyring, random, ttl: KEPT, kubelogin: None, opened: Arc::default() };
    let refresher = Refresher {
        logins: &logins,
        grant: &idp,
        clock: &world,
        timer: &world,
        limits: LIMITS,
        lock_wait: &world,
        stopping: &Stopping::default(),
    };
    Schedule { world: &world, idp: &idp, refresher, key: key(), outcome: RefCell::default() }
        .run(troubles, mistake)
}

fn key() -> LoginKey {
    LoginKey::new(&"user:default/felix".parse().expect("a user"), "dev")
}

struct Schedule<'a> {
    world: &'a World,
    idp: &'a Idp,
    refresher: Refresher<'a>,
    key: LoginKey,
    outcome: RefCell<Outcome>,
}

impl Schedule<'_> {
    fn run(&self, troubles: Troubles, mistake: Option<Mistake>) -> Outcome {
        // Some ID tokens still live for a minute, so that no request need wait; with the others every request waits.
        let lives = Duration::from_secs(self.world.lock().below(2) * 60);
        let first = self.idp.log_in(lives);
        self.alone(self.write_login(first));
        self.world.lock().troubles = troubles;
        self.world.lock().mistaken = Mistaken::new(mistake);
        let mut tasks = self.tasks();
        if !executor::run(self.world, &mut tasks) {
            self.fault("the schedule does not come to an end");
        }
        drop(tasks);
        self.world.lock().troubles = Troubles::default();
        self.world.lock().mistaken = Mistaken::default();
        self.alone(self.calm_after_the_storm());
        self.check(troubles);
        self.outcome.take().with(self.idp, self.world)
    }

    /// Two to seven callers over three replicas; sometimes one forgets the login, or logs in anew.
    fn tasks(&self) -> Vec<Task<'_>> {
        let (callers, forgets, logs_in) = {
            let mut inner = self.world.lock();
            (inner.below(6) + 2, inner.once_in(4), inner.once_in(8))
        };
        let frozen = self.world.lock().troubles.frozen;
        let caller = || {
            if frozen { self.task(Box::pin(self.keep_calling())) } else { self.task(Box::pin(self.call())) }
        };
        let mut tasks: Vec<Task<'_>> = (0..callers).map(|_| caller()).collect();
        if forgets {
            tasks.push(self.task(Box::pin(self.forget())));
        }
        if logs_in {
            tasks.push(self.task(Box::pin(self.log_in_again())));
        }
        tasks
    }

    fn task<'t>(&self, work: std::pin::Pin<Box<dyn Future<Output = ()> + 't>>) -> Task<'t> {
        let mut inner = self.world.lock();
        let begins = Duration::from_millis(inner.below(3_000));
        Task { replica: inner.below(3), ready_at: inner.now + begins, work: Some(work) }
    }

    /// Runs one thing to its end with no other task about.
    fn alone<'t>(&self, work: impl Future<Output = ()> + 't) {
        let mut task = self.task(Box::pin(work));
        task.replica = u64::MAX;
        if !executor::run(self.world, &mut [task]) {
            self.fault("what runs alone does not come to an end");
        }
    }

    async fn write_login(&self, tokens: TokenSet) {
        let id = tokens.refresh_token.as_ref().expect("a token").expose().to_owned();
        let live = LiveLogin {
            id,
            issued_to: IssuedTo {
                issuer: "https://idp.example/".to_owned(),
                client_id: "kubernetes".to_owned(),
                subject: "felix".to_owned(),
            },
            organization: None,
            email: None,
            said: CatalogSaid::default(),
            tokens,
            intent: None,
            failing: None,
        };
        let sealed = |version| {
            let record = LoginRecord::live(version, live.clone());
            self.refresher.logins.seal(&self.key, &record).expect("it can be sealed")
        };
        let before = self.refresher.logins.read(&self.key).await.ok().flatten();
        let version = before.map_or(1, |stored| stored.record.version + 1);
        let _ = self.world.put(&self.key.record(), &sealed(version), KEPT).await;
    }

    /// What a request does: take what serves, refresh what does not.
    async fn call(&self) {
        let Ok(Some(stored)) = self.refresher.logins.read(&self.key).await else { return };
        let LoginState::Live(live) = &stored.record.state else { return };
        let answer = self.refresher.refresh(&self.key, stored.record.version).await;
        let (now, stood_still) = {
            let inner = self.world.lock();
            (inner.now, inner.troubled.contains(&inner.task))
        };
        self.world.lock().tell(&format!(
            "is answered {}",
            answer.as_ref().map_or_else(ToString::to_string, |_| "tokens".to_owned())
        ));
        match &answer {
            Err(RefreshError::Busy) => self.outcome.borrow_mut().busy = true,
            Err(RefreshError::NotYet(_)) => self.outcome.borrow_mut().put_off = true,
            Err(RefreshError::Panicked(_)) => self.outcome.borrow_mut().panicked = true,
            _ => {}
        }
        match answer {
            Ok(tokens) if tokens.id_token.expose() != live.tokens.id_token.expose() => {
                self.outcome.borrow_mut().refreshed = true;
            }
            // It served when that was decided: the lock is let go since.
            Ok(tokens) if !stood_still && !serves(&tokens, now - LETTING_GO) => {
                self.fault("a caller got an ID token that has expired");
            }
            _ => {}
        }
    }

    /// A client that polls, for as long as the identity provider stands still and a little longer.
    async fn keep_calling(&self) {
        while self.world.lock().now < OffsetDateTime::UNIX_EPOCH + FROZEN + POLL {
            self.call().await;
            self.world.sleep(POLL).await;
        }
    }

    async fn forget(&self) {
        let Ok(forgotten) = self.refresher.forget(&self.key, async |_| Ok(())).await else { return };
        self.outcome.borrow_mut().forgotten = true;
        match forgotten {
            Forgotten::Login(live) => self.idp.revoke(&live, &live.tokens).await,
            // Lost before: its tokens were gone already.
            Forgotten::Ended => self.outcome.borrow_mut().forgotten_when_over = true,
            Forgotten::Nothing => {}
        }
    }

    async fn log_in_again(&self) {
        self.outcome.borrow_mut().logged_in_again = true;
        let tokens = self.idp.log_in(super::idp::LIFETIME);
        self.write_login(tokens).await;
    }

    /// Later, with nothing going wrong: the next caller gets tokens, or a reason.
    async fn calm_after_the_storm(&self) {
        self.world.sleep(Duration::from_secs(700)).await;
        for _ in 0..40 {
            // Longer than any refresh is put off.
            self.world.sleep(Duration::from_secs(160)).await;
            let Ok(Some(stored)) = self.refresher.logins.read(&self.key).await else { return };
            match self.refresher.refresh(&self.key, stored.record.version).await {
                Ok(tokens) if self.idp.counts(&tokens) => {
                    self.check_refreshed().await;
                    return self.check_late_caller(stored.record.version, &tokens).await;
                }
                Ok(_) => return self.fault("the tokens at the end are not the ones that count"),
                Err(RefreshError::NotConnected(reason)) => {
                    self.outcome.borrow_mut().ended = reason;
                    return self.check_ended(&stored).await;
                }
                // The provider's own failures go by.
                Err(_) => {}
            }
        }
        self.fault("no calm call succeeds or ends the login");
    }

    /// A caller that read the login before a refresh, and takes the lock after it, gets the refreshed tokens and spends none.
    async fn check_late_caller(&self, seen: u64, refreshed: &TokenSet) {
        let late = self.refresher.refresh(&self.key, seen).await;
        if late.is_ok_and(|tokens| tokens.id_token.expose() == refreshed.id_token.expose()) {
            return;
        }
        self.fault("a caller that came late has refreshed once more");
    }

    /// A refresh that has brought tokens leaves nothing behind of what failed before it.
    async fn check_refreshed(&self) {
        let Ok(Some(stored)) = self.refresher.logins.read(&self.key).await else { return };
        if let LoginState::Live(live) = &stored.record.state
            && (live.failing.is_some() || live.intent.is_some())
        {
            self.fault("a login that was refreshed still has an intent or a failure");
        }
    }

    /// A refresh that ends a login makes a new version of it.
    async fn check_ended(&self, before: &Stored) {
        let Ok(Some(after)) = self.refresher.logins.read(&self.key).await else { return };
        let ended_now = matches!(before.record.state, LoginState::Live(_));
        if ended_now && after.record.version != before.record.version + 1 {
            self.fault("a login that ended is not a new version");
        }
    }

    fn check(&self, troubles: Troubles) {
        let harmless = !troubles.disturb();
        let (ended, forgotten) = (self.outcome.borrow().ended, self.outcome.borrow().forgotten);
        let over = self.outcome.borrow().forgotten_when_over;
        if harmless && (over || ended.is_some()) {
            self.fault("a login ended without trouble");
        }
        let undisturbed = harmless && !forgotten && !self.outcome.borrow().logged_in_again;
        if undisturbed && self.outcome.borrow().busy {
            self.fault("a caller without trouble did not get what another had refreshed");
        }
        if harmless && self.idp.reused() > 0 {
            self.fault("a token was sent again without trouble");
        }
        let only_frozen = Troubles { frozen: false, seldom: false, ..troubles };
        if troubles.frozen && !only_frozen.disturb() && (over || ended.is_some()) {
            self.fault("a login ended though its identity provider only stood still");
        }
        // Each refresher has two minutes to write what it got, and the store fails only now and then.
        let others = Troubles { store_failures: false, seldom: false, ..troubles };
        if !others.disturb() && ended.is_some() {
            self.fault("a login ended though only its store failed now and then");
        }
        if ended == Some(EndReason::RefreshRefused)
            && !troubles.stalls
            && !troubles.kills
            && !troubles.store_failures
        {
            self.fault("a login ended as refused though nothing else ended it");
        }
        let revoked = !troubles.kills && !troubles.lost_answers && !troubles.store_failures;
        if forgotten && revoked && !over && !self.outcome.borrow().logged_in_again && self.idp.living() > 0 {
            self.fault("a forgotten login still lives at the identity provider");
        }
    }

    fn fault(&self, what: &str) {
        self.outcome.borrow_mut().faults.push(what.to_owned());
    }
}

impl Outcome {
    fn with(mut self, idp: &Idp, world: &World) -> Self {
        self.faults.extend(idp.faults());
        self.faults.append(&mut world.lock().faults);
        self.reused = idp.reused() > 0;
        self.trace.clone_from(&world.lock().trace);
        self
    }
}
