//! The program: one binary, a role a command.

fn main() {}
