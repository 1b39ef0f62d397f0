//! `import` signs in to Backstage as `get-token` does, and the catalog says which user a login is of.

use super::Tabs;
use crate::harness::programs::helper_program::{Ending, HelperPlan};
use crate::harness::programs::kubelogin::Kubelogin;
use crate::helper::sign_in::Installation;

const CONNECTED: &str = "Connected: user:default/felix is felix@example.com at cluster dev until ";

#[test]
fn it_signs_in_in_one_tab_at_a_port_of_its_own_and_what_is_kept_serves_the_next() {
    let here = Installation::start_with("import_signs_in", &["--oauth-client"], |_, plan| {
        plan.without("OIDC_ORGANIZATION_ID")
    });
    let kubelogin = Kubelogin::of(&here.world, &here.idp);
    let (felix, tabs) = (here.backstage.sign_in(&here.world, "felix"), Tabs::new(&here.world));
    let import =
        || HelperPlan::of_command(&here.world, "import", &here.ingress.url).with("BROWSER", tabs.program());
    // No one signs in to hear that there is nothing to bring.
    Ending::of(&mut import().launch()).assert(1, &["kubelogin has no cache at"]);
    kubelogin.get_token_with_login(&here.idp, "felix", &[]);
    let mut process = import().launch();
    let link = process.wait_for("its link", |line| line.strip_prefix("Open ").map(str::to_owned));
    assert!(link.starts_with("http://localhost:18000/go/"), "{link}");
    let page = here.answer_tab(&link, &felix);
    assert!(page.contains("data-outcome=\"signed-in\""), "{page}");
    Ending::of(&mut process).assert(0, &[CONNECTED]);
    here.note_kept();
    Ending::of(&mut import().launch()).assert(0, &[CONNECTED]);
    assert_eq!(tabs.opened(), [link]);
    let by_token = import().with("BACKSTAGE_TOKEN", &felix.user_token);
    Ending::of(&mut by_token.launch()).assert(0, &[CONNECTED]);
}
