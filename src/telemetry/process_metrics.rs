//! The `process_…` metrics: memory, CPU time, open files.

use prometheus::Registry;

/// Registers them for this process.
///
/// # Errors
/// When they are registered already.
#[cfg(target_os = "linux")]
pub fn register(registry: &Registry) -> Result<(), prometheus::Error> {
    registry.register(Box::new(prometheus::process_collector::ProcessCollector::for_self()))
}

/// Registers nothing: the metrics are read from `/proc`, which only Linux has.
///
/// # Errors
/// None.
#[cfg(not(target_os = "linux"))]
#[expect(clippy::unnecessary_wraps, reason = "the same signature as on Linux")]
pub fn register(_registry: &Registry) -> Result<(), prometheus::Error> {
    Ok(())
}
