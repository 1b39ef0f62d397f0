//! What each of the three managers is told where a command fails, takes its time, or the files are gone.

use super::*;

const SYSTEMS: [System; 3] = [System::Linux, System::MacOs, System::Windows];

#[actix_web::test]
async fn what_the_system_still_starts_is_ended_also_where_the_files_are_gone() {
    for system in SYSTEMS {
        let scene = Scene::of(system);
        scene.install_for_sure().await.unwrap();
        for (path, _) in scene.files() {
            std::fs::remove_file(path).unwrap();
        }
        scene.uninstall().await.unwrap();
        let shown = scene.shown.text();
        assert!(
            !scene.fake.installed.get() && !shown.contains("Nothing is installed"),
            "{system:?}: {shown}"
        );
        assert!(shown.ends_with("Your logins go on.\n"), "{shown}");
        scene.uninstall().await.unwrap();
        assert!(scene.shown.text().contains("Nothing is installed"), "{system:?}");
    }
}

#[actix_web::test]
async fn what_cannot_be_ended_keeps_its_files() {
    for (system, command) in SYSTEMS.into_iter().zip(["disable", "bootout", "/Delete"]) {
        let mut scene = Scene::of(system);
        scene.install_for_sure().await.unwrap();
        let files = scene.files();
        scene.fake.fails = [command].into();
        let refusal = scene.uninstall().await.unwrap_err();
        let said = refusal.to_string();
        assert!(matches!(refusal, InstallRefusal::NotStopped(_)) && said.contains("Access denied"), "{said}");
        assert_eq!(scene.files(), files, "{system:?}");
    }
}

#[actix_web::test]
async fn an_update_waits_until_launchd_has_ended_the_agent() {
    let scene = Scene::of(System::MacOs);
    scene.install_for_sure().await.unwrap();
    let before = scene.fake.told.borrow().len();
    scene.fake.lingers.set(3);
    scene.install(Asking::SaidBefore, "http://127.0.0.1:7007").await.unwrap();
    assert_eq!((scene.fake.lingers.get(), scene.timer.0.load(Ordering::Relaxed)), (0, 3));
    let told = scene.told_since(before);
    assert!(told.contains("bootout") && told.lines().last().unwrap().contains("bootstrap"), "{told}");
}

#[actix_web::test]
async fn what_launchd_does_not_start_at_once_is_tried_again() {
    let scene = Scene::of(System::MacOs);
    scene.fake.failing_starts.set(4);
    scene.install_for_sure().await.unwrap();
    assert_eq!(scene.timer.0.load(Ordering::Relaxed), 4);
    let systemd = Scene::new();
    systemd.fake.failing_starts.set(1);
    assert!(systemd.install_for_sure().await.is_err(), "systemd has said what it is");
}

#[actix_web::test]
async fn an_agent_that_never_ends_is_said_to_be_still_there() {
    let scene = Scene::of(System::MacOs);
    scene.install_for_sure().await.unwrap();
    scene.fake.lingers.set(u32::MAX);
    let said = scene.uninstall().await.unwrap_err().to_string();
    assert!(said.contains("bootout") && said.contains("the service is still there"), "{said}");
    assert_eq!(scene.files().len(), 1);
}

#[actix_web::test]
async fn that_all_was_put_back_is_said_only_where_it_is_true() {
    for system in SYSTEMS {
        let scene = Scene::of(system);
        scene.install_for_sure().await.unwrap();
        let files = scene.files();
        // One failure is mended by what was there before, or by another try.
        for (failing, is_whole) in [(5, true), (u32::MAX, false)] {
            let failing = if system != System::MacOs && is_whole { 1 } else { failing };
            scene.fake.failing_starts.set(failing);
            let refusal = scene.install(Asking::SaidBefore, "http://127.0.0.1:7007").await.unwrap_err();
            let said = refusal.to_string();
            assert_eq!(said.contains("all was put back as it was"), is_whole, "{system:?}: {said}");
            assert_eq!(said.contains("proxy uninstall"), !is_whole, "{said}");
            assert_eq!((scene.files() == files, scene.fake.installed.get()), (true, is_whole), "{system:?}");
        }
    }
}

#[actix_web::test]
async fn settings_that_a_task_of_windows_cannot_hold_are_named_without_their_values() {
    let settings = [("BACKSTAGE_URL", "http://localhost:7007"), ("NO_PROXY", "hush"), ("RUST_LOG", "debug")];
    for system in SYSTEMS {
        let scene = Scene::of(system);
        scene.install_with(Asking::SaidBefore, &settings).await.unwrap();
        let shown = scene.shown.text();
        let said =
            "Not in the task, which has no variables: NO_PROXY, RUST_LOG. Set them for your user with setx";
        assert_eq!(shown.contains(said), system == System::Windows, "{system:?}: {shown}");
        assert!(system != System::Windows || !shown.contains("hush"), "{shown}");
    }
}
