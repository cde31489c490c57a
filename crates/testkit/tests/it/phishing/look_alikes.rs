//! Names like others: an app that takes the name of a known one, or the bank's, is put on record, and customers are warned.

use lombard_auth::client::LookAlikes;
use lombard_domain::time::Span;
use lombard_testkit::refusal;

use super::*;

/// A bank where an app is known under a name, because an operator vouches for it.
async fn with_a_known_app(engine: Engine) -> (TestBank, App) {
    let bank = TestBank::on(engine).await;
    let known = app_called(&bank, "Pocket Ledger", "pocket.example").await;
    verify(&bank, &known).await;
    (bank, known)
}

fn on_record(reason: &str, app: &App) -> (Option<String>, Option<String>) {
    (Some(reason.to_owned()), Some(app.id.clone()))
}

#[tokio::test]
async fn who_takes_the_name_of_a_known_app_is_found_and_customers_are_warned() {
    for engine in Engine::ALL {
        let (bank, known) = with_a_known_app(engine).await;
        for (count, name) in
            ["Pocket Ledger", "POCKET-LEDGER™ Ltd", "Рocket Ledger", "P0cket Ledger App", "Poket Ledger"]
                .iter()
                .enumerate()
        {
            let app = app_called(&bank, name, &format!("evil{count}.example")).await;
            let found = recorded(&bank, "client.look-alike").await;
            assert!(found.contains(&on_record("app", &app)), "{name} on {engine:?}");
            assert_eq!(found.len(), count + 1, "{name}: once");
            let page = asked(&bank, &app).await;
            assert!(
                page.html.contains(LIKE_APP) && page.html.contains("<strong><bdi>Pocket Ledger</bdi></strong>"),
                "{name}"
            );
        }
        let page = asked(&bank, &known).await;
        assert!(!page.html.contains(LIKE_APP), "the known one is like nobody");
    }
}

#[tokio::test]
async fn other_names_and_the_same_maker_are_no_imitation() {
    for engine in Engine::ALL {
        let (bank, _) = with_a_known_app(engine).await;
        for (name, host) in
            [("Rent Register", "rent.example"), ("Pocket Money", "money.example"), ("Pocket Ledger", "pocket.example")]
        {
            let app = app_called(&bank, name, host).await;
            let page = asked(&bank, &app).await;
            assert!(!page.html.contains(LIKE_APP) && page.html.contains(UNCHECKED), "{name} at {host} on {engine:?}");
        }
        assert!(recorded(&bank, "client.look-alike").await.is_empty(), "{engine:?}");
    }
}

#[tokio::test]
async fn an_app_becomes_known_by_customers_or_by_an_operator() {
    let bank = TestBank::new().await;
    let first = app_called(&bank, "Coin Jar", "coin.example").await;
    bank.clock.advance(Span::days(1));
    let second = app_called(&bank, "Coin Jar", "jar.example").await;
    assert!(recorded(&bank, "client.look-alike").await.is_empty(), "nobody knows either");
    first.connect(&bank, "amelia", SCOPE).await;
    // What the page says is as things stand now, and not as they stood when it was registered.
    assert!(asked(&bank, &second).await.html.contains(LIKE_APP));
    assert!(!asked(&bank, &first).await.html.contains(LIKE_APP), "it was there before");
    bank.clock.advance(Span::days(1));
    let third = app_called(&bank, "Coin-Jar", "third.example").await;
    assert_eq!(recorded(&bank, "client.look-alike").await, [on_record("app", &third)]);
    // An operator knows better than age.
    verify(&bank, &second).await;
    assert!(!asked(&bank, &second).await.html.contains(LIKE_APP));
    assert!(asked(&bank, &first).await.html.contains(LIKE_APP));
}

#[tokio::test]
async fn the_banks_own_name_is_nobody_elses() {
    let bank = bank_with(Engine::Sqlite, |rules| rules.bank_names.push("Northwind".to_owned())).await;
    for (count, name) in
        ["Test Bank", "TestBank Security", "Tеst bank", "Northwind Support", "N0rthwind"].iter().enumerate()
    {
        let app = app_called(&bank, name, &format!("evil{count}.example")).await;
        assert!(recorded(&bank, "client.look-alike").await.contains(&on_record("bank", &app)), "{name}");
        assert!(asked(&bank, &app).await.html.contains(LIKE_BANK), "{name}");
    }
    // An app of the bank's own.
    let own = app_called(&bank, "Test Bank Mobile", "bank.example").await;
    verify(&bank, &own).await;
    assert!(!asked(&bank, &own).await.html.contains(LIKE_BANK));
}

#[tokio::test]
async fn a_word_of_several_alphabets_is_suspect_alone() {
    let bank = TestBank::new().await;
    let app = app_called(&bank, "Bеst Budget", "best.example").await;
    assert_eq!(recorded(&bank, "client.look-alike").await, [on_record("alphabets", &app)]);
    assert!(asked(&bank, &app).await.html.contains(ALPHABETS));
    let honest = app_called(&bank, "Best Бюджет", "honest.example").await;
    assert!(!asked(&bank, &honest).await.html.contains(ALPHABETS));
}

#[tokio::test]
async fn a_new_name_is_judged_as_a_first_one() {
    let (bank, _) = with_a_known_app(Engine::Sqlite).await;
    let app = app_called(&bank, "Rent Register", "rent.example").await;
    assert_eq!(change(&bank, &app, body("Pocket Ledger", "rent.example")).await.status(), 200);
    assert_eq!(recorded(&bank, "client.look-alike").await, [on_record("app", &app)]);
    let mut same = body("Pocket Ledger", "rent.example");
    same["contacts"] = json!(["dev@rent.example"]);
    assert_eq!(change(&bank, &app, same).await.status(), 200);
    assert_eq!(recorded(&bank, "client.look-alike").await.len(), 1, "the name is what it was");
}

#[tokio::test]
async fn a_bank_can_refuse_them() {
    let bank = bank_with(Engine::Sqlite, |rules| rules.look_alikes = LookAlikes::Refuse).await;
    let known = app_called(&bank, "Pocket Ledger", "pocket.example").await;
    verify(&bank, &known).await;
    let register = async |body: Value| bank.http().post(bank.url("/register")).json(&body).send().await.unwrap();
    for (name, reason) in [("Pocket-Ledger", "app"), ("Test Bank", "bank"), ("Bеst Budget", "alphabets")] {
        let refused = refusal(register(body(name, "evil.example")).await).await;
        assert_eq!(refused, "400 invalid_client_metadata", "{name}");
        assert!(recorded(&bank, "client.look-alike").await.contains(&(Some(reason.to_owned()), None)), "{name}");
    }
    let other = app_called(&bank, "Rent Register", "rent.example").await;
    let renamed = change(&bank, &other, body("Pocket Ledger", "rent.example")).await;
    assert_eq!(refusal(renamed).await, "400 invalid_client_metadata");
    assert!(asked(&bank, &other).await.html.contains("Rent Register"), "nothing changed");
}
