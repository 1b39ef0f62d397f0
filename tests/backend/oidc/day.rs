//! A login lives on through a day with each provider, and no provider is asked for more refreshes than that takes.

use std::time::Duration;

use serde_json::{Value, json};

use super::profiles::as_its_page_says;
use crate::harness::deployment::Deployment;
use crate::harness::in_process::BackendHere;
use crate::harness::peers::hostile_idp::HostileIdp;
use crate::harness::programs::backend::BackendPlan;

const DAY: Duration = Duration::from_hours(24);

/// How long before its end a token is refreshed, at most.
const AHEAD: Duration = Duration::from_mins(5);

/// Between two uses: of a token that lives short, the first finds it fresh and the second in its last fifth.
fn pause(life: Duration) -> Duration {
    (life * 2 / 5).min(Duration::from_mins(5))
}

/// A token that lives for less than 25 minutes is refreshed in the last fifth of its life.
fn most_refreshes(life: Duration) -> usize {
    let each = life.as_secs() - AHEAD.min(life / 5).as_secs();
    usize::try_from(DAY.as_secs() / each).unwrap() + 2
}

struct Day<'i> {
    here: BackendHere<'i>,
    name: &'i str,
    uses: u32,
}

impl Day<'_> {
    /// The person comes back when their token has just expired, and waits for the next one.
    async fn is_used_again_after(&mut self, life: Duration) {
        self.here.pass(life + Duration::from_secs(30));
        let (status, said) = self.here.pods().await;
        assert_eq!(status, 200, "{}, after a pause: {said}", self.name);
        self.is_used().await;
    }

    /// The plugin and the person take turns.
    async fn is_used(&mut self) {
        self.uses += 1;
        let (status, said) =
            if self.uses.is_multiple_of(2) { self.here.token().await } else { self.here.pods().await };
        assert_eq!(status, 200, "{}, use {}: {said}", self.name, self.uses);
        let told = self.here.status().await;
        let told_well = (&told["connected"], &told["reason"], &told["refreshable"]);
        assert_eq!(
            told_well,
            (&json!(true), &Value::Null, &json!(true)),
            "{}, use {}: {told}",
            self.name,
            self.uses
        );
    }
}

async fn lives_on(plan: &BackendPlan, idp: &HostileIdp, name: &str) {
    let life = Duration::from_secs(idp.be_like(name)["idTokenSeconds"].as_u64().unwrap());
    let (before, most) = (idp.refreshes().len(), most_refreshes(life));
    let mut day = Day { here: BackendHere::start(&as_its_page_says(plan, name), idp).await, name, uses: 0 };
    day.here.log_in().await;
    let at_first = day.here.login().await.unwrap();
    while day.here.clock.ahead() < DAY {
        day.here.pass(pause(life));
        day.is_used().await;
    }
    let login = day.here.login().await.unwrap();
    assert_eq!((&login.id, &login.issued_to), (&at_first.id, &at_first.issued_to), "{name}: another login");
    let refreshes = idp.refreshes().len() - before;
    assert!(refreshes <= most, "{name}: {refreshes} refreshes, at most {most} for tokens of {life:?}");
    // Else nothing was tried.
    assert!(refreshes as u64 >= DAY.as_secs() / life.as_secs(), "{name}: {refreshes} refreshes");
    day.is_used_again_after(life).await;
}

#[actix_web::test]
async fn a_login_lives_on_through_a_day_with_each_profile() {
    let here = Deployment::with_hostile_idp("day");
    for name in &here.idp.profiles {
        lives_on(&here.plan, &here.idp, name).await;
    }
}
