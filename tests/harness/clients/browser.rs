//! A real Chromium, driven by lines of JSON.

use serde_json::{Value, json};

use crate::harness::node;
use crate::harness::process::Process;
use crate::harness::world::World;

/// Longer than a page takes on a busy machine.
const PATIENCE_MS: u32 = 60_000;

/// A running browser; every context is a user of their own, with cookies of their own.
pub struct Browser {
    process: Process,
    commands: u32,
}

/// What a page shows.
#[derive(Debug)]
pub struct Page {
    /// Where it is.
    pub url: String,
    /// What a person reads.
    pub text: String,
    /// Its source.
    pub html: String,
}

impl Browser {
    /// Starts it.
    pub fn start(world: &World) -> Self {
        Self::start_with(world, &[])
    }

    /// Starts it with more arguments.
    pub fn start_with(world: &World, more: &[&str]) -> Self {
        let process = node::start(world, "browser", "browser/browser.mjs", more);
        process.wait_for_line(r#""role":"browser""#);
        Self { process, commands: 0 }
    }

    /// Sends a command and waits for its answer, which may be a failure.
    pub fn attempt(&mut self, mut command: Value) -> Value {
        self.commands += 1;
        let id = self.commands;
        command["id"] = json!(id);
        self.process.type_line(&command.to_string());
        self.process.wait_for("an answer", |line| {
            serde_json::from_str::<Value>(line).ok().filter(|answer| answer["id"] == id)
        })
    }

    /// Sends a command that must succeed.
    pub fn act(&mut self, command: &Value) -> Value {
        let answer = self.attempt(command.clone());
        assert_eq!(answer["ok"], true, "the browser could not {command}: {answer}");
        answer
    }

    /// Opens a page in a context.
    pub fn open(&mut self, context: &str, url: &str) {
        self.act(&json!({ "op": "open", "context": context, "url": url, "timeoutMs": PATIENCE_MS }));
    }

    /// Runs a script in the page.
    pub fn evaluate(&mut self, context: &str, expression: &str) {
        self.act(&json!({ "op": "evaluate", "context": context, "expression": expression }));
    }

    /// Clicks.
    pub fn click(&mut self, context: &str, selector: &str) {
        self.act(
            &json!({ "op": "click", "context": context, "selector": selector, "timeoutMs": PATIENCE_MS }),
        );
    }

    /// Waits until something is there.
    pub fn wait_for(&mut self, context: &str, selector: &str) {
        self.act(
            &json!({ "op": "waitFor", "context": context, "selector": selector, "timeoutMs": PATIENCE_MS }),
        );
    }

    /// Logs in at the development identity provider's page.
    pub fn log_in_at_idp(&mut self, context: &str, login: &str) {
        self.act(&json!({ "op": "loginAtIdp", "context": context, "login": login, "password": "dev", "timeoutMs": PATIENCE_MS }));
    }

    /// Waits for the helper's page of that name.
    pub fn wait_for_outcome(&mut self, context: &str, outcome: &str) {
        self.wait_for(context, &format!("body[data-outcome={outcome}]"));
    }

    /// What the context's page shows.
    pub fn page(&mut self, context: &str) -> Page {
        let shown = self.act(&json!({ "op": "content", "context": context }));
        let text = |field: &str| shown[field].as_str().unwrap_or_default().to_owned();
        Page { url: text("url"), text: text("text"), html: text("html") }
    }

    /// Keeps a picture of the page as a test artefact.
    pub fn screenshot(&mut self, context: &str, world: &World, name: &str) {
        let path = world.file(name);
        self.act(&json!({ "op": "screenshot", "context": context, "path": path }));
    }
}
