//! An identity provider that rotates refresh tokens and ends a family when one is used twice.

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use backstage_oidc_helper::backend::logins::{LiveLogin, TokenSet};
use backstage_oidc_helper::backend::tokens::refresh::grant::{GrantFailure, RefreshGrant};
use backstage_oidc_helper::protocol::WireSecret;
use time::OffsetDateTime;

use super::mistakes::Mistake;
use super::world::{Troubles, World};

/// How long an ID token lives.
pub const LIFETIME: Duration = Duration::from_mins(10);
/// How long it stands still in a schedule in which it does.
pub const FROZEN: Duration = Duration::from_mins(10);
/// It gets so many requests at most meanwhile, for each login.
const MOST_REQUESTS: usize = 12;
/// After a lost answer a token is sent again no sooner.
const PAUSE: Duration = Duration::from_secs(1);
/// How long a request may take before its answer counts as lost.
const TIMEOUT: Duration = Duration::from_secs(5);
/// An ID token that is so near to its end counts as expired: it has to get to a cluster yet.
const MARGIN: Duration = Duration::from_secs(10);

/// What a planted panic says.
pub const PLANTED: &str = "planted by the simulation";

struct Family {
    /// The token that counts.
    current: u64,
    /// The one before it.
    previous: Option<u64>,
    /// Every token of it: to revoke one is to revoke the grant (RFC 7009, 2.1).
    issued: Vec<u64>,
    dead: bool,
}

struct Spent {
    token: u64,
    by: usize,
}

/// A token for which it asked not to be asked again until then.
struct Quiet {
    token: u64,
    until: OffsetDateTime,
    told: usize,
}

/// The provider's state.
pub struct Idp {
    world: World,
    overlap: bool,
    inner: RefCell<Inner>,
}

#[derive(Default)]
struct Inner {
    families: Vec<Family>,
    next: u64,
    spent: Vec<Spent>,
    faults: Vec<String>,
    reused: u64,
    quiet: Vec<Quiet>,
    /// The tokens with lost answers, and when those were lost.
    lost: Vec<(u64, OffsetDateTime)>,
    /// By login, how many requests it got while it stood still.
    unanswered: HashMap<String, usize>,
}

impl Idp {
    /// One that lets the token before last be used again, or not.
    pub fn new(world: &World, overlap: bool) -> Self {
        Self { world: world.clone(), overlap, inner: RefCell::default() }
    }

    /// A user logs in; the ID token lives for that long from now.
    pub fn log_in(&self, lives: Duration) -> TokenSet {
        let mut inner = self.inner.borrow_mut();
        let token = inner.issue();
        inner.families.push(Family { current: token, previous: None, issued: vec![token], dead: false });
        self.tokens(token, lives)
    }

    fn tokens(&self, token: u64, lives: Duration) -> TokenSet {
        let now = self.world.lock().now;
        TokenSet {
            id_token: format!("id-{token}").into(),
            issued_at: now,
            expires_at: now + lives,
            access_token: Some(format!("access-{token}").into()),
            access_token_expires_at: None,
            refresh_token: Some(token.to_string().into()),
            refresh_expires_at: None,
        }
    }

    /// Whether this token is the one that counts in its family.
    pub fn counts(&self, tokens: &TokenSet) -> bool {
        let token = number(tokens.refresh_token.as_ref());
        let inner = self.inner.borrow();
        inner.families.iter().any(|family| !family.dead && family.current == token)
    }

    /// How many families still live.
    pub fn living(&self) -> usize {
        self.inner.borrow().families.iter().filter(|family| !family.dead).count()
    }

    /// How often a spent token was used again.
    pub fn reused(&self) -> u64 {
        self.inner.borrow().reused
    }

    /// From now on it is not to be asked about this token for a while.
    fn ask_for_quiet(&self, token: &WireSecret) -> Option<Duration> {
        let mut world = self.world.lock();
        let pause = Duration::from_secs(world.below(3) * 20);
        let (until, told) = (world.now + pause, world.task);
        world.tell(&format!("is asked for {} s of quiet", pause.as_secs()));
        self.inner.borrow_mut().quiet.push(Quiet { token: number(Some(token)), until, told });
        (!pause.is_zero()).then_some(pause)
    }

    /// The task that it told may have met trouble before it could write that down, and a request may have set out before.
    fn check_quiet(&self, token: u64) {
        let world = self.world.lock();
        let mut inner = self.inner.borrow_mut();
        let disturbed = world.troubles.disturb();
        let early = |quiet: &Quiet| {
            quiet.token == token && world.now < quiet.until && !world.troubled.contains(&quiet.told)
        };
        let early = !disturbed && inner.quiet.iter().any(early);
        inner.check(early, &format!("token {token} is sent before the provider wants to see it again"));
    }

    /// After a lost answer a token is not sent again at once, if only answers are lost.
    fn check_pause(&self, token: u64) {
        let world = self.world.lock();
        let only_lost = Troubles { lost_answers: false, frozen: false, ..world.troubles };
        let mut inner = self.inner.borrow_mut();
        let early = |&(lost, at): &(u64, OffsetDateTime)| lost == token && world.now < at + PAUSE;
        let early = !only_lost.disturb() && inner.lost.iter().any(early);
        inner.check(early, &format!("token {token} is sent again at once after its answer was lost"));
    }

    /// Whether it stands still; counts the requests that it gets meanwhile.
    fn stands_still(&self, login: &LiveLogin) -> bool {
        let mut world = self.world.lock();
        if !world.troubles.frozen || world.now >= OffsetDateTime::UNIX_EPOCH + FROZEN {
            return false;
        }
        world.tell("finds that the provider stands still");
        let only_frozen = Troubles { frozen: false, ..world.troubles };
        let mut inner = self.inner.borrow_mut();
        let requests = inner.unanswered.entry(login.id.clone()).or_default();
        *requests += 1;
        let many = *requests > MOST_REQUESTS && !only_frozen.disturb();
        inner.check(many, "a provider that stands still gets too many requests");
        true
    }

    /// What it saw that must never be.
    pub fn faults(&self) -> Vec<String> {
        self.inner.borrow().faults.clone()
    }

    /// Takes a token, or does not. `serves_until`: when the ID token expires that the caller still has. `sent_at`: when the
    /// request set out; one that took longer than its time-out is no fault of ours, whatever it does.
    fn spend(&self, token: u64, serves_until: OffsetDateTime, sent_at: OffsetDateTime) -> Option<u64> {
        let mut world = self.world.lock();
        let (now, task) = (world.now, world.task);
        let mut inner = self.inner.borrow_mut();
        let before: Vec<usize> =
            inner.spent.iter().filter(|spent| spent.token == token).map(|spent| spent.by).collect();
        inner.spent.push(Spent { token, by: task });
        if let [.., last] = before.as_slice() {
            inner.reused += 1;
            world.tell(&format!("spends token {token} again"));
            let in_time = now - sent_at <= TIMEOUT;
            let innocent = in_time && !world.troubled.contains(last);
            inner.check(innocent, &format!("token {token} is spent again though task {last} had no trouble"));
            inner.check(
                in_time && serves_until > now + MARGIN,
                &format!("token {token} is spent again while its ID token serves"),
            );
        } else {
            world.tell(&format!("spends token {token}"));
        }
        let next = inner.issue();
        let overlap = self.overlap;
        let family = inner
            .families
            .iter_mut()
            .find(|family| family.current == token || family.previous == Some(token))?;
        let good = !family.dead && (family.current == token || overlap);
        if !good {
            family.dead = true;
            world.tell("ends the family");
            return None;
        }
        family.previous = Some(token);
        family.current = next;
        family.issued.push(next);
        Some(next)
    }
}

impl Inner {
    fn issue(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn check(&mut self, wrong: bool, what: &str) {
        if wrong {
            self.faults.push(what.to_owned());
        }
    }
}

/// A fault of the program, before anything is sent.
fn panicking(world: &World) {
    let mut world_now = world.lock();
    if world_now.troubles.panics {
        world_now.trouble();
        world_now.tell("panics");
        drop(world_now);
        std::panic::panic_any(PLANTED);
    }
}

fn number(token: Option<&WireSecret>) -> u64 {
    token.and_then(|token| token.expose().parse().ok()).expect("every token of this provider is a number")
}

#[async_trait(?Send)]
impl RefreshGrant for Idp {
    async fn ready(&self) -> Result<(), GrantFailure> {
        self.world.delay().await;
        let mut world = self.world.lock();
        let (task, now) = (world.task, world.now);
        world.mistaken.intends(task, now);
        if world.once_in(48) { Err(GrantFailure::NotSent) } else { Ok(()) }
    }

    async fn refresh(&self, login: &LiveLogin, token: &WireSecret) -> Result<TokenSet, GrantFailure> {
        let outcome = self.refresh_once(login, token).await;
        let retries = self.world.lock().mistaken.makes(Mistake::RetriesALostAnswer);
        if retries && matches!(outcome, Err(GrantFailure::Ambiguous)) {
            return self.refresh_once(login, token).await;
        }
        outcome
    }

    async fn revoke(&self, _: &LiveLogin, tokens: &TokenSet) {
        self.world.delay().await;
        let token = number(tokens.refresh_token.as_ref());
        self.world.lock().tell(&format!("revokes the family of token {token}"));
        for family in &mut self.inner.borrow_mut().families {
            if family.issued.contains(&token) {
                family.dead = true;
            }
        }
    }
}

impl Idp {
    async fn refresh_once(&self, login: &LiveLogin, token: &WireSecret) -> Result<TokenSet, GrantFailure> {
        let sent_at = self.world.lock().now;
        self.check_quiet(number(Some(token)));
        self.check_pause(number(Some(token)));
        self.world.delay().await;
        if self.stands_still(login) {
            return self.lost(token).await;
        }
        let (kind, late) = {
            let mut world = self.world.lock();
            (world.below(24), world.troubles.lost_answers && world.once_in(4))
        };
        match kind {
            0 => return Err(GrantFailure::NotSent),
            5 => return Err(GrantFailure::NotNow { code: "status 403".to_owned(), asked: None }),
            1 => {
                let asked = self.ask_for_quiet(token);
                return Err(GrantFailure::NotNow { code: "server_error".to_owned(), asked });
            }
            3 => panicking(&self.world),
            _ => {}
        }
        if late && kind % 2 == 0 {
            return self.lost(token).await;
        }
        let spent = self.spend(number(Some(token)), login.tokens.expires_at, sent_at);
        if late {
            return self.lost(token).await;
        }
        let slow = Duration::from_millis(self.world.lock().below(4_500));
        self.world.sleep(slow).await;
        let tokens = spent.map(|token| self.tokens(token, LIFETIME)).ok_or(GrantFailure::InvalidGrant)?;
        if kind == 2 {
            // Its keys cannot be had.
            let refresh_token = tokens.refresh_token;
            return Err(GrantFailure::Unproven { reason: "no keys".to_owned(), refresh_token });
        }
        Ok(tokens)
    }

    /// Some answers are lost by a gateway that says so at once, most in silence.
    async fn lost(&self, token: &WireSecret) -> Result<TokenSet, GrantFailure> {
        let at_once = self.world.lock().once_in(4);
        self.world.sleep(if at_once { Duration::ZERO } else { TIMEOUT }).await;
        let mut world = self.world.lock();
        self.inner.borrow_mut().lost.push((number(Some(token)), world.now));
        world.trouble();
        world.tell("the answer is lost");
        Err(GrantFailure::Ambiguous)
    }
}
