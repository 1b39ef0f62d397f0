//! The mode of a Windows console.

use winapi_util::{HandleRef, console};

/// The console's mode.
pub type Settings = u32;

const ENABLE_LINE_INPUT: u32 = 0x2;
const ENABLE_ECHO_INPUT: u32 = 0x4;

/// The mode now; none without a console.
pub fn settings() -> Option<Settings> {
    console::mode(HandleRef::stdin()).ok()
}

/// No echo and no lines. Ctrl-C still interrupts.
pub fn hide(found: &Settings) -> bool {
    console::set_mode(HandleRef::stdin(), found & !(ENABLE_LINE_INPUT | ENABLE_ECHO_INPUT)).is_ok()
}

/// Puts the mode back.
pub fn restore(found: &Settings) {
    let _ = console::set_mode(HandleRef::stdin(), *found);
}

/// Input cannot be discarded here; the random words protect the question.
pub fn forget_input() {}

/// It cannot be waited for more input here: every line counts by itself.
pub fn is_quiet() -> bool {
    true
}

/// There are no background jobs here.
pub fn survive_background() {}

/// Programs are not stopped here.
pub async fn continued() {
    std::future::pending().await
}
