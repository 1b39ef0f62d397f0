//! Libraries that are loaded before the program's own, as libfaketime, and allocate where an allocator may call them.

use std::process::Command;

/// As libfaketime: to find the real function it asks the linker for one that there is not, too, and the linker allocates its answer.
const LIBRARY: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <time.h>

int clock_gettime(clockid_t clock, struct timespec *now) {
    static int (*real)(clockid_t, struct timespec *);
    if (real == NULL) {
        fputs("preloaded\n", stderr);
        dlsym(RTLD_NEXT, "there_is_no_such_function");
        *(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
    }
    return real(clock, now);
}
"#;

/// An allocator of all of the process would ask for the time before it can serve, and wait for itself.
#[test]
fn the_program_starts_under_a_library_that_allocates_when_it_is_asked_for_the_time() {
    let folder = tempfile::tempdir().unwrap();
    let [source, library] = ["preloaded.c", "preloaded.so"].map(|name| folder.path().join(name));
    std::fs::write(&source, LIBRARY).unwrap();
    let built =
        Command::new("cc").args(["-shared", "-fPIC", "-o"]).args([&library, &source]).status().unwrap();
    assert!(built.success());
    // 124 would be timeout's own: the program hangs.
    let mut command = Command::new("timeout");
    command.args(["20", "env"]).arg(format!("LD_PRELOAD={}", library.display()));
    let ended = command.args([env!("CARGO_BIN_EXE_backstage-oidc-helper"), "--version"]).output().unwrap();
    assert_eq!(ended.status.code(), Some(0));
    let printed = String::from_utf8(ended.stderr).unwrap();
    assert!(printed.contains("preloaded"), "the library was not asked: {printed}");
}
