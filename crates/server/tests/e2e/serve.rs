//! `lombard serve`: from an empty database to a customer's consent, and what it refuses to start with.

use std::time::{SystemTime, UNIX_EPOCH};

use lombard_testkit::{App, Tokens, Wanted, example_folder, postgres};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::command::{lombard, lombard_typed};
use crate::customer::{Bank, Customer, totp};
use crate::production::Production;
use crate::story::{SCOPE, read_all, take_back};

#[tokio::test]
async fn a_bank_goes_from_an_empty_database_to_a_consent_of_its_customer() {
    let database = postgres::fresh_database().await;
    for production in [Production::new(None), Production::new(Some(database.url()))] {
        let config = production.config();
        let checked = lombard(&["config", "check", "--config", &config]).good();
        assert!(checked.contains("would start"), "{checked}");
        for too_early in [
            vec!["serve", "--config", &config],
            vec!["client", "list", "--config", &config],
            vec!["import", example_folder().to_str().unwrap(), "--config", &config],
        ] {
            let said = lombard(&too_early).refused();
            assert!(said.contains("lombard migrate"), "{said}");
        }
        assert!(lombard(&["migrate", "--config", &config]).good().contains("applied"));
        assert!(lombard(&["migrate", "--config", &config]).good().contains("up to date"));
        lombard(&["import", example_folder().to_str().unwrap(), "--config", &config]).good();

        let server = production.start().await;
        let bank = production.bank();
        registration_is_closed(&bank).await;
        let uri = enrol(&config, "amelia", "opens my accounts");
        let add = ["client", "add", "--name", "Ledger", "--redirect-uri", "https://app.example/callback", "--config"];
        let app = bank.added(&lombard(&[&add[..], &[&config]].concat()).good());
        let tokens = signs_in_once_a_code(&bank, &app, &uri).await;
        assert_eq!(read_all(&app, &tokens.access).await.0, 3);
        let again = Customer { code: totp(&uri, now() + 30), ..amelia(&uri) };
        take_back(&bank, &again, &app, &tokens).await;
        server.stop().await;
    }
}

/// Nobody registers over the network, and the answer is one for programs.
async fn registration_is_closed(bank: &Bank) {
    let app = App::at(&bank.issuer, &bank.ca_pem, "", "");
    let body = json!({"client_name": "App", "redirect_uris": ["https://app.example/callback"]});
    let answer = app.http.post(format!("{}/register", bank.issuer)).json(&body).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    let answer: Value = answer.json().await.unwrap();
    assert!(answer["error"].is_string() && answer["error_description"].is_string(), "{answer}");
    let text = app.http.get(format!("{}/", bank.issuer)).send().await.unwrap().text().await.unwrap();
    assert!(!text.contains("sandbox") && !text.contains("Sandbox"), "{text}");
}

/// Gives a customer both factors; the URI that their authenticator takes.
pub(crate) fn enrol(config: &str, username: &str, password: &str) -> String {
    let command = |what: &str, typed: &str| lombard_typed(&["customer", what, username, "--config", config], typed);
    assert!(command("set-password", &format!("{password}\n")).good().contains("password is set"));
    let uri = command("enrol-totp", "").good();
    assert_eq!(uri.lines().count(), 1, "only the URI is on standard output: {uri}");
    assert!(uri.starts_with("otpauth://totp/"), "{uri}");
    for (what, typed) in [("set-password", "long enough\n"), ("enrol-totp", "")] {
        let said = lombard_typed(&["customer", what, "nobody", "--config", config], typed).refused();
        assert!(said.contains("no customer"), "{said}");
    }
    for impossible in ["", "\n", &"long".repeat(65)] {
        let said = command("set-password", impossible).refused();
        assert!(said.contains("a password has 1 to 256 bytes"), "{said}");
    }
    uri.trim().to_owned()
}

fn now() -> u64 {
    // The server reads the system's clock, and so does the customer's authenticator.
    #[expect(clippy::disallowed_methods, reason = "codes depend on the time at which the server runs")]
    let now = SystemTime::now();
    now.duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// The customer, with the code of this moment.
pub(crate) fn amelia(uri: &str) -> Customer {
    Customer { username: "amelia".to_owned(), password: "opens my accounts".to_owned(), code: totp(uri, now()) }
}

/// A right code is taken once; a wrong one and a used one are refused, and so is a wrong password.
async fn signs_in_once_a_code(bank: &Bank, app: &App, uri: &str) -> Tokens {
    let wanted = Wanted::scopes(SCOPE);
    let right = amelia(uri);
    let wrong_password = Customer { password: "opens my account".to_owned(), ..right.clone() };
    let (_, page) = bank.sign_in(app, &wrong_password, &wanted).await;
    assert!(page.url.ends_with("/login") && page.status.is_client_error(), "{} {}", page.status, page.url);
    let far = Customer { code: totp(uri, now() + 3600), ..right.clone() };
    let (_, page) = bank.sign_in(app, &far, &wanted).await;
    assert!(page.url.ends_with("/sca") && page.status.is_client_error(), "{} {}", page.status, page.url);

    let tokens = bank.connect(app, &right, SCOPE).await;
    let (_, page) = bank.sign_in(app, &right, &wanted).await;
    assert!(page.url.ends_with("/sca") && page.status.is_client_error(), "a code was good twice: {}", page.url);
    tokens
}

#[test]
fn refuses_what_is_only_fit_for_a_sandbox_and_names_each_reason() {
    let production = Production::new(None);
    production.change("[sign_in]", "[sign_in]\nfixed_second_factor = \"123456\"");
    production.change("registration = \"closed\"", "registration = \"open\"\ncode_seconds = 600");
    production.change("public_url = \"https://", "public_url = \"http://");
    production.change("ops_listen = \"127.0.0.1:", "ops_listen = \"0.0.0.0:");
    production.write("master.key", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", 0o644);
    production.write("server.key", &production.identity.key, 0o640);
    let config = production.config();
    let reasons = [
        "sign_in.fixed_second_factor: ",
        "authorization.registration: ",
        "authorization.code_seconds: ",
        "server.public_url: ",
        "server.ops_listen: ",
        "server.key_file: ",
        "keys.master_key_file: ",
    ];
    let serve = lombard(&["serve", "--config", &config]);
    assert_eq!(serve.out, "");
    let said = serve.refused();
    let check = lombard(&["config", "check", "--config", &config]);
    assert_eq!(check.code, 1, "{check:?}");
    for reason in reasons {
        let line = said.lines().find(|line| line.contains(reason)).unwrap_or_else(|| panic!("{reason} in {said}"));
        assert!(check.out.lines().any(|checked| checked == line), "{line} in {}", check.out);
    }
    assert!(!production.path("bank.db").exists(), "a database was made by a server that did not start");

    let sandbox = Production::new(None);
    sandbox.write("sandbox.json", "{}", 0o600);
    let said = lombard(&["serve", "--config", &sandbox.config()]).refused();
    assert!(said.contains("database.url: ") && said.contains("belongs to a sandbox"), "{said}");
}

#[test]
fn another_master_key_opens_nothing() {
    let production = Production::new(None);
    let config = production.config();
    lombard(&["migrate", "--config", &config]).good();
    lombard(&["client", "list", "--config", &config]).good();
    production.write("master.key", "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=", 0o600);
    for command in [vec!["serve"], vec!["client", "list"]] {
        let said = lombard(&[command, vec!["--config", &config]].concat()).refused();
        assert!(said.contains("master key is not the one"), "{said}");
    }
}

#[test]
fn says_what_is_wrong_with_a_file_of_settings() {
    let production = Production::new(None);
    let config = production.config();
    for command in [["serve", "--config", "/no/such.toml"], ["migrate", "--config", "/no/such.toml"]] {
        let said = lombard(&command).refused();
        assert!(said.contains("/no/such.toml"), "{said}");
    }
    production.change("[sign_in]", "[sign_in]\nlock_minuets = 5");
    for command in ["serve", "migrate"] {
        let said = lombard(&[command, "--config", &config]).refused();
        assert!(said.contains("lock_minuets"), "{said}");
    }
}
