//! A provider's own login form.

use serde_json::json;

use super::site::{PASSWORD, PERSON};
use crate::harness::clients::browser::Browser;

/// Longer than a page takes on a busy machine.
const PATIENCE_MS: u32 = 60_000;

/// Where its fields and its button are.
pub struct LoginForm {
    pub name: &'static str,
    pub password: &'static str,
    pub button: &'static str,
}

impl LoginForm {
    /// Fills it in as the person, and sends it.
    pub fn send(&self, browser: &mut Browser, context: &str) {
        for (selector, value) in [(self.name, PERSON), (self.password, PASSWORD)] {
            browser.act(&json!({
                "op": "fill", "context": context, "selector": selector, "value": value, "timeoutMs": PATIENCE_MS,
            }));
        }
        browser.click(context, self.button);
    }
}
