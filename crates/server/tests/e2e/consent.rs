//! `lombard consent`: what customers allowed is seen and taken back while the server runs.

use reqwest::StatusCode;

use crate::command::lombard;
use crate::story::{SCOPE, Sandbox, read_all};

#[tokio::test]
async fn an_operator_sees_a_consent_and_takes_it_back() {
    let sandbox = Sandbox::new();
    let data = sandbox.data();
    let server = sandbox.start().await;
    let bank = sandbox.bank();
    let add = ["client", "add", "--name", "Pocket Ledger", "--redirect-uri", "https://app.example/callback"];
    let app = bank.added(&lombard(&[&add[..], &["--data", &data]].concat()).good());
    let alice = sandbox.customer("alice");
    let none = lombard(&["consent", "list", "--client", &app.id, "--data", &data]);
    assert!(none.err.contains("There are none") && none.out.is_empty(), "{none:?}");

    for (reason, status, code, words) in [
        ("authentication", StatusCode::FORBIDDEN, "U028", "until the customer signs in again"),
        ("fraud", StatusCode::UNAUTHORIZED, "TKSP", "fraud suspected"),
        ("closed", StatusCode::UNAUTHORIZED, "TKSP", "taken back by the bank"),
    ] {
        let tokens = bank.connect(&app, &alice, SCOPE).await;
        read_all(&app, &tokens.access).await;
        let listed = lombard(&["consent", "list", "--customer", "alice", "--data", &data]).good();
        let newest = listed.lines().next().unwrap();
        assert!(newest.contains("authorised") && newest.contains("Pocket Ledger"), "{listed}");
        assert_eq!(lombard(&["consent", "list", "--client", &app.id, "--data", &data]).good(), listed);
        let id = newest.split_whitespace().next().unwrap();
        let shown = lombard(&["consent", "show", id, "--data", &data]).good();
        assert!(shown.contains(&app.id) && shown.contains("accounts.basic") && !shown.contains("alice"), "{shown}");

        let revoke = ["consent", "revoke", id, "--reason", reason, "--data", &data];
        let said = lombard(&revoke).good();
        assert!(said.contains("taken back"), "{said}");
        let refused = app.get("/accounts", &tokens.access).await;
        assert_eq!(refused.status(), status, "{reason}");
        assert!(refused.text().await.unwrap().contains(code), "{reason}");
        assert_eq!(app.refresh(&tokens.refresh).await.status(), StatusCode::BAD_REQUEST);
        let shown = lombard(&["consent", "show", id, "--data", &data]).good();
        assert!(shown.lines().last().unwrap().contains(words), "{shown}");
        let said = lombard(&revoke).refused();
        assert!(said.contains("there is no consent with this id that is authorised"), "{said}");

        // What was taken back for another reason can still be marked, so that nobody gives it again.
        if reason != "fraud" {
            let said = lombard(&["consent", "revoke", id, "--reason", "fraud", "--data", &data]).good();
            assert!(said.contains("Nobody can give the consent again"), "{said}");
            let shown = lombard(&["consent", "show", id, "--data", &data]).good();
            assert!(shown.lines().last().unwrap().contains("fraud suspected"), "{shown}");
        }
    }
    server.stop().await;
}

#[test]
fn says_what_is_not_there() {
    let sandbox = Sandbox::new();
    let data = sandbox.data();
    let nobody = "con_00000000000000000000000001";
    for (arguments, words) in [
        (&["consent", "show", nobody][..], "no consent with this id"),
        (&["consent", "show", "x"], "begins with con_"),
        (&["consent", "revoke", nobody, "--reason", "fraud"], "no consent with this id that is authorised, or"),
        (&["consent", "list", "--customer", "nobody"], "no customer"),
        (&["consent", "list", "--client", "x"], "not a client id"),
    ] {
        let said = lombard(&[arguments, &["--data", &data]].concat()).refused();
        assert!(said.contains(words), "{words} is missing in {said}");
    }
}
