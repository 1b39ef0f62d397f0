//! The command `completions`.

use std::io::Write;

use clap::{Args, Command};
use clap_complete::{Shell, generate};

#[derive(Args)]
pub struct CompletionsFlags {
    /// The shell.
    pub shell: Shell,
}

/// `clap_complete` 4.6 writes a name with hyphens in two ways into the script for bash, so that no command's flags are found. Nothing else
/// has such words.
fn with_matching_labels(script: &str, name: &str) -> String {
    script.replace(&name.replace('-', "__subcmd__"), &name.replace('-', "__"))
}

impl CompletionsFlags {
    /// Writes the script for the shell.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, mut program: Command, out: &mut impl Write) -> std::io::Result<()> {
        let mut script = Vec::new();
        let name = program.get_name().to_owned();
        generate(self.shell, &mut program, &name, &mut script);
        let script = String::from_utf8_lossy(&script);
        out.write_all(with_matching_labels(&script, &name).as_bytes())?;
        out.flush()
    }
}
