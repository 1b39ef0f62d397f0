//! The words in the terminal: the ones that are shown, and nothing that came along with the command.

use super::{Parts, assert_asks, path_of};

/// Said once, though two questions follow each other.
const ENDED: &str = "The input has ended: from now on only the browser counts.";

#[test]
fn they_confirm_the_backend_and_then_other_words_the_account() {
    let parts = Parts::start("unconfirmed_typed");
    let session = parts.register();
    let plan = parts.far.login(&parts.here.world).with("BACKSTAGE_SESSION_TOKEN", &session.token);
    let mut helper = plan.start_at_terminal("y\nyes\nno\n");
    let first = helper.process.wait_for_words(&[]);
    parts.far.assert_only_asked_for_info("before the words are typed");
    helper.process.type_line(&first.to_uppercase());
    helper.process.wait_for_line("the backend was confirmed in the terminal");
    helper.process.wait_for_line("This login will be linked to user:default/felix at https://10.66.0.1 ");
    let second = helper.process.wait_for_words(&[&first]);
    // What answered the first question does not answer the second.
    helper.process.type_line(&first);
    let third = helper.process.wait_for_words(&[&first, &second]);
    let visitor = parts.visitor();
    // The page that asked leads on to the question of the account, which is still open.
    let link = visitor.get(path_of(&helper.link)).header("location").unwrap().to_owned();
    assert!(visitor.get(path_of(&link)).header("location").is_none());
    helper.process.type_line(&third);
    helper.process.wait_for_line("the account was confirmed in the terminal");
    helper.process.type_line(&parts.here.idp.log_in(&session.auth_url, "felix"));
    helper.end().assert(0, &["Connected", "user:default/felix"]);
}

#[test]
fn what_was_pasted_along_does_not_count_however_much_it_is() {
    let parts = Parts::start("unconfirmed_pasted");
    let plan = parts.far.login(&parts.here.world).with("BACKSTAGE_TOKEN", "a.user.token");
    let mut helper = plan.start_at_terminal("y\nyes\ny\n");
    let first = helper.process.wait_for_words(&[]);
    // What was typed ahead is forgotten, and no guess; what comes behind it is one.
    assert!(!helper.process.printed().contains("That is not what is to be typed"));
    helper.process.type_line("y");
    let second = helper.process.wait_for_words(&[&first]);
    helper.process.type_line("yes");
    let third = helper.process.wait_for_words(&[&first, &second]);
    helper.process.type_line("https://10.66.0.1/?code=a&state=b");
    helper.process.type_line("");
    helper.process.type_line("yes please");
    helper.process.wait_for_line("Too much else was typed: press the button on the helper's page");
    // From now on only the click counts.
    helper.process.type_line(&third);
    let mut visitor = parts.visitor();
    assert_asks(&visitor, &helper);
    parts.far.assert_only_asked_for_info("after all that");
    let link = visitor.press_button(path_of(&helper.link));
    parts.log_in(&mut visitor, &link);
    helper.end().assert(0, &["Connected"]);
}

#[test]
fn after_the_end_of_input_the_page_still_counts() {
    let parts = Parts::start("unconfirmed_typed_ended");
    let plan = parts.far.login(&parts.here.world).with("BACKSTAGE_TOKEN", "a.user.token");
    let mut helper = plan.start_at_terminal("");
    helper.process.wait_for_words(&[]);
    helper.process.type_keys("\x04");
    helper.process.wait_for_line(ENDED);
    let mut visitor = parts.visitor();
    let link = visitor.press_button(path_of(&helper.link));
    parts.log_in(&mut visitor, &link);
    let printed = helper.process.printed();
    helper.end().assert(0, &["Connected"]);
    assert_eq!(printed.matches(ENDED).count(), 1, "{printed}");
}
