//! Who asks: what was checked is said with who checked it, and what was not is said not to be.

use lombard_auth::jose::Jwks;
use lombard_auth::{Directory, DirectoryKeys, Policy};
use lombard_domain::time::Span;
use lombard_store::client;

use super::*;

#[tokio::test]
async fn an_app_that_nobody_vouches_for_is_shown_as_one() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let mut body = body("Pocket Ledger", "login.app.example");
        body["client_uri"] = json!("https://famous.example/");
        let app = App::register_as(&bank, &body).await;
        let page = asked(&bank, &app).await;
        for said in [UNCHECKED, NEW, "Your answer goes to <bdi>login.app.example</bdi>", &app.id] {
            assert!(page.html.contains(said), "{engine:?}: {said}: {}", page.html);
        }
        assert!(!page.html.contains("famous.example"), "a home page that nobody checked is not shown");
        bank.clock.advance(Span::days(30));
        let page = asked(&bank, &app).await;
        assert!(page.html.contains(UNCHECKED) && !page.html.contains("It is new here"), "{}", page.html);
    }
}

#[tokio::test]
async fn an_operator_vouches_for_an_app_until_it_shows_something_else() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let mut said = body("Pocket Ledger", "app.example");
        said["client_uri"] = json!("https://home.example/");
        let app = App::register_as(&bank, &said).await;
        verify(&bank, &app).await;
        assert_eq!(recorded(&bank, "client.verified").await, [(Some("operator".to_owned()), Some(app.id.clone()))]);
        let page = asked(&bank, &app).await;
        for said in
            ["Pocket Ltd</bdi></strong> answers for this app. We checked that on 2 March 2026.", "home.example", NEW]
        {
            assert!(page.html.contains(said), "{engine:?}: {said}: {}", page.html);
        }
        assert!(!page.html.contains(UNCHECKED) && !page.html.contains("Case 12"), "{}", page.html);

        // What customers do not see may change.
        said["contacts"] = json!(["dev@app.example"]);
        assert_eq!(change(&bank, &app, said.clone()).await.status(), 200);
        assert!(recorded(&bank, "client.unverified").await.is_empty());
        for (name, value) in [
            ("client_name", json!("Pocket Bank")),
            ("client_uri", json!("https://other.example/")),
            ("logo_uri", json!("https://other.example/l.png")),
            ("policy_uri", json!("https://other.example/p")),
            ("tos_uri", json!("https://other.example/t")),
            ("redirect_uris", json!(["https://app.example/elsewhere"])),
        ] {
            verify(&bank, &app).await;
            said[name] = value;
            assert_eq!(change(&bank, &app, said.clone()).await.status(), 200, "{name}");
            let page = app_page(&bank, &app, &said).await;
            assert!(page.html.contains(UNCHECKED) && !page.html.contains("Pocket Ltd"), "{engine:?}: {name}");
        }
        let void = recorded(&bank, "client.unverified").await;
        assert_eq!(void, vec![(Some("changed".to_owned()), Some(app.id.clone())); 6]);
    }
}

/// The page of an app whose redirect URI may have changed.
async fn app_page(bank: &TestBank, app: &App, said: &Value) -> Page {
    let redirect_uri = said["redirect_uris"][0].as_str().unwrap().to_owned();
    asked(bank, &App { redirect_uri, ..app.clone() }).await
}

#[tokio::test]
async fn an_operator_takes_it_back_once() {
    let bank = TestBank::new().await;
    let app = app_called(&bank, "Pocket Ledger", "app.example").await;
    let id = app.id.parse().unwrap();
    assert!(!bank.auth.unverify_client(TestBank::OPERATOR, id).await.unwrap());
    verify(&bank, &app).await;
    assert!(bank.auth.unverify_client(TestBank::OPERATOR, id).await.unwrap());
    assert!(!bank.auth.unverify_client(TestBank::OPERATOR, id).await.unwrap());
    assert!(asked(&bank, &app).await.html.contains(UNCHECKED));
    assert_eq!(recorded(&bank, "client.unverified").await, [(Some("operator".to_owned()), Some(app.id.clone()))]);
    let nobody = lombard_domain::id::ClientId::from_bits(7);
    let (organisation, by) = (Text::new("Pocket Ltd").unwrap(), Text::new("Case 12").unwrap());
    assert!(bank.auth.verify_client(TestBank::OPERATOR, nobody, organisation, by).await.unwrap().is_none());
}

#[tokio::test]
async fn a_directory_vouches_as_long_as_the_bank_believes_it() {
    for believed in [true, false] {
        let keys = DirectoryKeys::Here(Jwks::new(Vec::new()));
        let issuer = if believed { "Open Directory Ltd" } else { "Another Directory Ltd" }.to_owned();
        let change = |policy: &mut Policy| policy.directories = vec![Directory { issuer, keys }];
        let bank = TestBank::with(Engine::Sqlite, &example_folder(), change).await;
        let mut said = body("Pocket Ledger", "app.example");
        said["client_uri"] = json!("https://home.example/");
        let app = App::register_as(&bank, &said).await;
        let mut tx = bank.db.begin("statement").await.unwrap();
        let mut client = client::find(&mut tx, app.id.parse().unwrap()).await.unwrap().unwrap().client;
        let software = json!({"iss": "Open Directory Ltd", "software_id": "s1", "software_roles": ["AISP"], "org_id": "o1",
            "org_name": "Pocket Ltd", "says_name": true});
        client.metadata.software = serde_json::from_value(software).unwrap();
        assert!(client::update(&mut tx, &client).await.unwrap());
        tx.commit().await.unwrap();
        let page = asked(&bank, &app).await;
        let confirmed =
            "Pocket Ltd</bdi></strong> answers for this app. <bdi>Open Directory Ltd</bdi> confirmed that to us";
        assert_eq!(page.html.contains(confirmed), believed, "{}", page.html);
        assert_eq!(page.html.contains(UNCHECKED), !believed, "{}", page.html);
        assert!(!page.html.contains("home.example"), "the directory said nothing of a home page");
    }
}

#[tokio::test]
async fn the_customers_own_list_says_who_makes_each_app() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let [known, unknown] = [
            app_called(&bank, "Pocket Ledger", "app.example").await,
            app_called(&bank, "Rent Register", "rent.example").await,
        ];
        for app in [&known, &unknown] {
            app.connect(&bank, "amelia", SCOPE).await;
        }
        verify(&bank, &known).await;
        let browser = bank.browser();
        let list = browser.sign_in(&browser.open("/my/consents").await, "amelia").await;
        let of = |name: &str| {
            let article = list.html.split("<article").find(|part| part.contains(&format!("<h3><bdi>{name}</bdi>")));
            article.unwrap_or_else(|| panic!("no {name}: {}", list.html)).to_owned()
        };
        assert!(of("Pocket Ledger").contains("<bdi>Pocket Ltd</bdi>"), "{engine:?}");
        assert!(of("Rent Register").contains("Not confirmed to us"), "{engine:?}");
    }
}

#[tokio::test]
async fn how_long_an_app_is_new_is_the_banks_choice() {
    let bank = bank_with(Engine::Sqlite, |rules| rules.new_life = Span::days(0)).await;
    let app = app_called(&bank, "Pocket Ledger", "app.example").await;
    let page = asked(&bank, &app).await;
    assert!(!page.html.contains("It is new here") && page.html.contains(UNCHECKED), "{}", page.html);
}
