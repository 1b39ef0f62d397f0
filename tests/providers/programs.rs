//! Where the providers' programs are, as dev/measurements/run.mjs says.

/// The program, or its folder, that the variable names.
pub fn program(variable: &str) -> String {
    let found = std::env::var(variable).ok().filter(|path| std::path::Path::new(path).exists());
    found.unwrap_or_else(|| panic!("{variable} names nothing: run `make providers`, which installs it"))
}
