//! Runs on the user's machine.
