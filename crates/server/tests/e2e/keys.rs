//! `lombard key rotate`: a running server publishes the next keys soon, and what the present ones signed stays good.

use std::time::Duration;

use lombard_testkit::App;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::command::lombard;
use crate::story::{SCOPE, Sandbox, read_all};

#[tokio::test]
async fn new_keys_are_published_by_the_running_server_and_old_tokens_stay_good() {
    let sandbox = Sandbox::new();
    let server = sandbox.start().await;
    let bank = sandbox.bank();
    let app = bank.register().await;
    let tokens = bank.connect(&app, &sandbox.customer("alice"), SCOPE).await;
    let before = keys(&app).await;
    assert_eq!(algs(&before), ["ES256", "PS256", "EdDSA"]);

    let one = lombard(&["key", "rotate", "--alg", "EdDSA", "--data", &sandbox.data()]).good();
    let all = lombard(&["key", "rotate", "--data", &sandbox.data()]).good();
    let began = Instant::now();
    let after = loop {
        let keys = keys(&app).await;
        if keys.len() == 7 {
            break keys;
        }
        assert!(began.elapsed() < PUBLISHED_MAX, "not published");
        sleep(Duration::from_millis(250)).await;
    };
    assert_eq!(algs(&after), ["ES256", "ES256", "PS256", "PS256", "EdDSA", "EdDSA", "EdDSA"]);
    let new: Vec<_> = after.iter().filter(|key| !before.contains(key)).collect();
    assert_eq!(algs(new.iter().copied()), ["ES256", "PS256", "EdDSA", "EdDSA"]);
    for (alg, kid) in &new {
        let said = format!("for {alg} is {kid}.");
        assert!(one.contains(&said) != all.contains(&said), "{one}{all}");
    }
    assert_eq!([&one, &all].map(|said| said.matches("The next signing key").count()), [1, 3]);
    read_all(&app, &tokens.access).await;

    // The new keys wait until everybody can have seen it.
    let later = bank.connect(&app, &sandbox.customer("bob"), SCOPE).await;
    assert_eq!(kid_of(&later.access), before[0].1);
    server.stop().await;
}

fn algs<'a>(keys: impl IntoIterator<Item = &'a (String, String)>) -> Vec<&'a str> {
    keys.into_iter().map(|(alg, _)| alg.as_str()).collect()
}

/// The algorithm and the name of each published key, in the order of the set.
async fn keys(app: &App) -> Vec<(String, String)> {
    let answer = app.http.get(format!("{}/jwks", app.issuer)).send().await.unwrap();
    let answer: Value = answer.json().await.unwrap();
    let keys = answer["keys"].as_array().unwrap();
    assert!(keys.iter().all(|key| key.get("d").is_none()), "{answer}");
    let text = |key: &Value, name: &str| key[name].as_str().unwrap().to_owned();
    keys.iter().map(|key| (text(key, "alg"), text(key, "kid"))).collect()
}

fn kid_of(token: &str) -> String {
    use base64::Engine as _;
    let head = token.split('.').next().unwrap();
    let head = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(head).unwrap();
    let head: Value = serde_json::from_slice(&head).unwrap();
    head["kid"].as_str().unwrap().to_owned()
}

/// How soon a running server learns of a new key; it looks every 15 seconds.
const PUBLISHED_MAX: Duration = Duration::from_secs(20);
