//! The program: one binary, a role a command.

use backstage_oidc_helper::settings::{Source, backend::BackendSettings};

fn main() {
    rustls::crypto::aws_lc_rs::default_provider().install_default().unwrap();
    backstage_oidc_helper::telemetry::start(
        backstage_oidc_helper::telemetry::LogFormat::choose(None),
        &std::env::var("RUST_LOG").unwrap_or_default(),
    );
    let settings =
        BackendSettings::read(&Source::new(std::env::vars()).with_secret_files().unwrap()).unwrap();
    actix_web::rt::System::new().block_on(async {
        let running = backstage_oidc_helper::backend::build(settings).unwrap();
        running.serve_until(std::future::pending()).await.unwrap();
    });
}
