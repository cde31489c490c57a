//! `lombard key rotate`: a running server publishes the next key soon, and what the present one signed stays good.

use std::time::Duration;

use lombard_testkit::App;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::command::lombard;
use crate::story::{SCOPE, Sandbox, read_all};

#[tokio::test]
async fn a_new_key_is_published_by_the_running_server_and_old_tokens_stay_good() {
    let sandbox = Sandbox::new();
    let server = sandbox.start().await;
    let bank = sandbox.bank();
    let app = bank.register().await;
    let tokens = bank.connect(&app, &sandbox.customer("alice"), SCOPE).await;
    let before = kids(&app).await;
    assert_eq!(before.len(), 1);

    let said = lombard(&["key", "rotate", "--data", &sandbox.data()]).good();
    let began = Instant::now();
    let after = loop {
        let kids = kids(&app).await;
        if kids.len() > 1 {
            break kids;
        }
        assert!(began.elapsed() < PUBLISHED_MAX, "not published");
        sleep(Duration::from_millis(250)).await;
    };
    let new: Vec<_> = after.iter().filter(|kid| !before.contains(kid)).collect();
    assert_eq!((after.len(), new.len()), (2, 1));
    assert!(said.contains(new[0].as_str()), "{said}");
    read_all(&app, &tokens.access).await;

    // The new key waits until everybody can have seen it.
    let later = bank.connect(&app, &sandbox.customer("bob"), SCOPE).await;
    assert_eq!(kid_of(&later.access), before[0]);
    server.stop().await;
}

async fn kids(app: &App) -> Vec<String> {
    let answer = app.http.get(format!("{}/jwks", app.issuer)).send().await.unwrap();
    let answer: Value = answer.json().await.unwrap();
    let keys = answer["keys"].as_array().unwrap();
    assert!(keys.iter().all(|key| key.get("d").is_none()), "{answer}");
    keys.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
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
