//! `lombard client`: apps added, listed and suspended while the server runs.

use reqwest::StatusCode;

use crate::command::lombard;
use crate::story::{SCOPE, Sandbox, read_all};

#[tokio::test]
async fn an_app_of_the_command_line_works_until_it_is_suspended() {
    let sandbox = Sandbox::new();
    let data = sandbox.data();
    let said = lombard(&["client", "list", "--data", &data]).good();
    assert!(said.contains("No app"), "{said}");

    let server = sandbox.start().await;
    let bank = sandbox.bank();
    let add = ["client", "add", "--name", "Pocket Ledger", "--redirect-uri", "https://app.example/callback"];
    let printed = lombard(&[&add[..], &["--data", &data]].concat()).good();
    assert!(printed.contains("shown this once"), "{printed}");
    let app = bank.added(&printed);
    let tokens = bank.connect(&app, &sandbox.customer("alice"), SCOPE).await;
    let read = read_all(&app, &tokens.access).await;

    let listed = lombard(&["client", "list", "--data", &data]).good();
    assert!(listed.contains(&app.id) && listed.contains("Pocket Ledger") && listed.contains("active"), "{listed}");
    assert!(!listed.contains(&app.secret), "{listed}");

    let said = lombard(&["client", "suspend", &app.id, "--data", &data]).good();
    assert!(said.contains(&app.id) && said.contains("suspended"), "{said}");
    assert_eq!(app.get("/accounts", &tokens.access).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(app.refresh(&tokens.refresh).await.status(), StatusCode::UNAUTHORIZED);
    assert!(lombard(&["client", "list", "--data", &data]).good().contains("suspended"));
    let said = lombard(&["client", "suspend", &app.id, "--data", &data]).refused();
    assert!(said.contains("suspended already"), "{said}");

    lombard(&["client", "suspend", &app.id, "--undo", "--data", &data]).good();
    assert_eq!(read_all(&app, &tokens.access).await, read);
    assert_eq!(app.refresh(&tokens.refresh).await.status(), StatusCode::OK);
    server.stop().await;
}

#[test]
fn says_what_is_wrong_with_an_app() {
    let sandbox = Sandbox::new();
    let data = sandbox.data();
    let first = lombard(&["client", "list", "--data", &data]);
    assert!(first.err.contains("Making a sandbox folder") && first.err.contains(&data), "{first:?}");
    let add = |more: &[&str]| {
        let known = ["client", "add", "--data", &data];
        lombard(&[&known[..], more].concat())
    };
    for (arguments, words) in [
        (vec!["--name", "App", "--redirect-uri", "http://app.example/cb"], vec!["redirect", "https"]),
        (vec!["--name", "App", "--redirect-uri", "https://app.example/cb#part"], vec!["redirect"]),
        (vec!["--name", "", "--redirect-uri", "https://app.example/cb"], vec!["name"]),
        (
            vec!["--name", "App", "--redirect-uri", "https://app.example/cb", "--scope", "accounts:read everything"],
            vec!["scope"],
        ),
        (
            vec!["--name", "App", "--redirect-uri", "https://app.example/cb", "--auth-method", "none"],
            vec!["client_secret_basic", "client_secret_post"],
        ),
    ] {
        let said = add(&arguments).refused();
        assert_eq!(said.trim_end().lines().count(), 1, "{said}");
        for word in words {
            assert!(said.contains(word), "{word} is missing in {said}");
        }
    }
    for unknown in ["nonsense", "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed"] {
        let said = lombard(&["client", "suspend", unknown, "--data", &data]).refused();
        assert!(said.contains("client"), "{said}");
    }
    assert!(lombard(&["client", "list", "--data", &data]).good().contains("No app"));
}

#[tokio::test]
async fn an_operator_vouches_for_an_app_and_takes_it_back() {
    let sandbox = Sandbox::new();
    let data = sandbox.data();
    let add =
        ["client", "add", "--name", "Pocket Ledger", "--redirect-uri", "https://app.example/callback", "--data", &data];
    let printed = lombard(&add).good();
    let id = printed.split_whitespace().nth(1).unwrap().to_owned();
    assert!(lombard(&["client", "list", "--data", &data]).good().contains("nobody"));

    let verify = |more: &[&str]| lombard(&[&["client", "verify", &id, "--data", &data][..], more].concat());
    let said = verify(&["--organisation", "Pocket Ltd", "--by", "Case 12"]).good();
    assert!(said.contains(&id) && said.contains("Pocket Ltd answers for Pocket Ledger"), "{said}");
    assert!(lombard(&["client", "list", "--data", &data]).good().contains("bank"));
    let shown = lombard(&["client", "show", &id, "--data", &data]).good();
    for words in
        ["\"vouched_for_by\": \"bank\"", "\"verified_organisation\": \"Pocket Ltd\"", "\"verified_by\": \"Case 12\""]
    {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    let record = lombard(&["audit", "list", "--client", &id, "--data", &data]).good();
    assert!(record.contains("client.verified") && !record.contains("Case 12"), "{record}");

    for wrong in
        [&["--organisation", "Pocket\u{200b} Ltd", "--by", "X"][..], &["--organisation", "Pocket Ltd"], &["--by", "X"]]
    {
        assert_eq!(verify(wrong).code, 2, "{wrong:?}");
    }
    let unverify = || lombard(&["client", "unverify", &id, "--data", &data]);
    assert!(unverify().good().contains(&id));
    assert!(unverify().refused().contains("no operator vouches"));
    assert!(lombard(&["client", "list", "--data", &data]).good().contains("nobody"));

    // Whoever takes the bank's name is pointed out to the operator as well.
    let printed = lombard(&[&add[..3], &["Lombard Security"], &add[4..]].concat()).good();
    let id = printed.split_whitespace().nth(1).unwrap();
    let said = lombard(&["client", "verify", id, "--organisation", "X Ltd", "--by", "Case 13", "--data", &data]);
    assert!(said.err.contains("sounds like the bank's own"), "{said:?}");
}
