//! Libraries that are loaded before the program's own, as libfaketime, and allocate where an allocator may call them.

use std::io::Read;
use std::net::TcpListener;
use std::process::{Command, Output};
use std::thread;

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

/// As another allocator: OpenSSL's successors give memory back by this function where there is one.
const ALLOCATOR: &str = r#"
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

void sdallocx(void *memory, size_t size, int flags) {
    fputs("given to another allocator\n", stderr);
    abort();
}
"#;

/// What the program said and how it ended, with this library before its own.
fn with_library(library: &str, arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let [source, built] = ["preloaded.c", "preloaded.so"].map(|name| folder.path().join(name));
    std::fs::write(&source, library).unwrap();
    let compiled =
        Command::new("cc").args(["-shared", "-fPIC", "-o"]).args([&built, &source]).status().unwrap();
    assert!(compiled.success());
    // 124 would be timeout's own: the program hangs.
    let mut command = Command::new("timeout");
    command.args(["20", "env"]).arg(format!("LD_PRELOAD={}", built.display()));
    command.arg(env!("CARGO_BIN_EXE_backstage-oidc-helper")).args(arguments).output().unwrap()
}

/// An allocator of all of the process would ask for the time before it can serve, and wait for itself.
#[test]
fn the_program_starts_under_a_library_that_allocates_when_it_is_asked_for_the_time() {
    let ended = with_library(LIBRARY, &["--version"]);
    assert_eq!(ended.status.code(), Some(0));
    let printed = String::from_utf8(ended.stderr).unwrap();
    assert!(printed.contains("preloaded"), "the library was not asked: {printed}");
}

/// What aws-lc has from our allocator goes back to ours: the keys of a handshake are such memory.
#[test]
fn no_memory_of_ours_is_given_to_another_allocator() {
    let server = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let backend = format!("https://127.0.0.1:{}", server.local_addr().unwrap().port());
    let greeting = thread::spawn(move || server.accept().unwrap().0.read(&mut [0; 6]).unwrap());
    let ended = with_library(ALLOCATOR, &["status", "--backend", &backend]);
    assert_eq!(greeting.join().unwrap(), 6, "no handshake was begun");
    let printed = String::from_utf8(ended.stderr).unwrap();
    assert!(ended.status.code().is_some_and(|code| code < 124), "{:?}: {printed}", ended.status);
}
