//! Logs, the audit trail and metrics.
//!
//! Only this program's own events may be as loud as `RUST_LOG` asks: libraries print headers and bodies at `trace` and
//! `debug`, and those hold codes and tokens.

pub mod backend_metrics;
pub mod helper_metrics;

use std::io::{IsTerminal, Write};

use tracing_subscriber::filter::{EnvFilter, LevelFilter, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{Layer, Registry};

/// The target of audit events: one line for each login, refusal and revocation.
pub const AUDIT: &str = "audit";

/// How a log line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Pretty,
    /// For machines: one JSON object a line.
    Json,
}

impl LogFormat {
    /// From `LOG_FORMAT`; unset means pretty on a terminal, JSON elsewhere.
    #[must_use]
    pub fn choose(setting: Option<&str>) -> Self {
        match setting {
            Some("pretty") => Self::Pretty,
            Some("json") => Self::Json,
            _ if std::io::stderr().is_terminal() => Self::Pretty,
            _ => Self::Json,
        }
    }
}

/// Sends events to stderr as `RUST_LOG` (here `filter`) asks.
pub fn start(format: LogFormat, filter: &str) {
    // A second start (tests in one process) keeps the first.
    let _ = tracing::subscriber::set_global_default(subscriber(format, filter, std::io::stderr));
}

fn subscriber<W>(format: LogFormat, filter: &str, writer: W) -> impl tracing::Subscriber + Send + Sync
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
    for<'w> <W as MakeWriter<'w>>::Writer: Write,
{
    let asked = EnvFilter::builder().with_default_directive(LevelFilter::INFO.into()).parse_lossy(filter);
    let quiet_libraries =
        filter_fn(|event| is_ours(event.target()) || *event.level() <= tracing::Level::WARN);
    let layer = tracing_subscriber::fmt::layer().with_writer(writer);
    let layer: Box<dyn Layer<Registry> + Send + Sync> = match format {
        LogFormat::Pretty => {
            layer.compact().with_ansi(std::io::stderr().is_terminal()).with_target(false).boxed()
        }
        LogFormat::Json => layer.json().flatten_event(true).with_span_list(false).boxed(),
    };
    Registry::default().with(layer.with_filter(quiet_libraries).with_filter(asked))
}

fn is_ours(target: &str) -> bool {
    target == AUDIT || target.split("::").next() == Some(env!("CARGO_CRATE_NAME"))
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_library_stays_quiet_at_trace_while_we_do_not() {
        let buffer = Buffer::default();
        let writer = buffer.clone();
        let subscriber = subscriber(LogFormat::Json, "trace", move || writer.clone());
        tracing::subscriber::with_default(subscriber, || {
            tracing::trace!(target: "awc::sender", "authorization: Bearer library");
            tracing::warn!(target: "awc::sender", "a library's warning");
            tracing::trace!("our own trace");
            tracing::info!(target: AUDIT, "an audit line");
        });
        let text = String::from_utf8(buffer.0.lock().unwrap().clone()).unwrap();
        assert!(!text.contains("Bearer library"), "{text}");
        for line in ["a library's warning", "our own trace", "an audit line"] {
            assert!(text.contains(line), "{line} is missing in {text}");
        }
    }
}
