//! Runs the steps of one provider, one after the other.

use std::cell::RefCell;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use super::dex::Dex;
use super::keycloak::Keycloak;
use super::scene::Ground;
use super::site::Provider;
use super::steps::{STEPS, Step};
use super::zitadel::Zitadel;
use crate::harness::clients::browser::Browser;
use crate::harness::peers::redis_server::RedisServer;
use crate::harness::world::World;

/// What came of the steps.
#[derive(Default)]
pub struct Outcome {
    shown: usize,
    pub failed: Vec<String>,
}

impl Outcome {
    /// Not even its first step.
    pub fn never_began(name: &str) -> Self {
        Self { failed: vec![format!("{name}: did not start")], ..Self::default() }
    }

    pub fn and(mut self, other: Self) -> Self {
        self.failed.extend(other.failed);
        Self { shown: self.shown + other.shown, ..self }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // After a failure, the last line is that of `make`.
        let words = if self.failed.is_empty() { "providers: ok (" } else { "failed: (" };
        write!(f, "{words}{} steps", self.shown)?;
        self.failed.iter().try_for_each(|failed| write!(f, "; {failed}"))
    }
}

/// Runs them for the provider of that name.
pub fn run(name: &str) -> Outcome {
    let world = World::new(&format!("providers_{name}"));
    let provider: Box<dyn Provider> = match name {
        "keycloak" => Box::new(Keycloak::start(&world)),
        "dex" => Box::new(Dex),
        _ => Box::new(Zitadel),
    };
    let redis = RedisServer::start(&world);
    let browser = RefCell::new(Browser::start(&world));
    let ground = Ground { world, redis, browser, provider };
    let chosen = std::env::var("STEPS").unwrap_or_default();
    let steps = STEPS.iter().filter(|(step, _)| step.contains(&chosen));
    steps.map(|(step, show)| one(&ground, step, *show)).fold(Outcome::default(), Outcome::and)
}

fn one(ground: &Ground, step: &str, show: Step) -> Outcome {
    let (name, began) = (ground.provider.name(), Instant::now());
    let shown = catch_unwind(AssertUnwindSafe(|| show(ground)));
    let seconds = began.elapsed().as_secs_f64();
    let Ok(seen) = shown else {
        // The panic has printed its own words.
        println!("✗ {name}: {step} ({seconds:.1} s)");
        return Outcome { failed: vec![format!("{name}: {step}")], ..Outcome::default() };
    };
    println!("✓ {name}: {step} ({seen}, {seconds:.1} s)");
    Outcome { shown: 1, ..Outcome::default() }
}
