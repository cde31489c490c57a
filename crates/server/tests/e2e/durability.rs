//! Power cuts: whatever was answered is there afterwards, whole; whatever was not answered is whole or not there.

use std::time::Duration;

use lombard_testkit::{App, Tokens, Wanted, postgres};
use reqwest::StatusCode;
use tokio::time::sleep;

use crate::story::Sandbox;
use ledger::{Ledger, Shared};

mod ledger;
mod load;
mod look;
mod whole;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_that_was_answered_survives_a_kill_at_any_moment() {
    killed_again_and_again(Sandbox::new()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_that_was_answered_survives_a_kill_beside_postgresql() {
    let database = postgres::fresh_database().await;
    killed_again_and_again(Sandbox::on(database.url())).await;
}

async fn killed_again_and_again(sandbox: Sandbox) {
    let mut seen = Ledger::default();
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    for round in 0..ROUNDS {
        let server = sandbox.start().await;
        let shared = Shared::default();
        let load = load::begin(&sandbox, &shared);
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        // After so many answers, so that a busy machine is no excuse; and then anywhere in the middle of the next.
        shared.filled(5 + (random >> 60)).await;
        sleep(Duration::from_micros((random >> 32) % 20_000)).await;
        server.kill();
        for worker in load {
            worker.await.unwrap();
        }
        whole::check(&sandbox).await;

        let server = sandbox.start().await;
        let answered = shared.take();
        answered_still_holds(&answered, round).await;
        whole::every_read_is_on_record(&sandbox, &answered.reads).await;
        let verified = sandbox.command(&["audit", "verify"]).await.good();
        assert!(verified.contains("The record is as it was"), "round {round}: {verified}");
        server.stop().await;
        seen.add(answered);
    }
    assert!(
        seen.apps.len() > 10 && seen.tokens.len() > 10 && !seen.spent.is_empty() && seen.reads.len() > 30,
        "hardly any load: {seen}"
    );
}

/// Apps can prove who they are, tokens read and refresh, codes are exchanged; what was taken back or used up is refused.
async fn answered_still_holds(answered: &Ledger, round: u32) {
    for app in &answered.apps {
        let url = format!("{}/register/{}", app.issuer, app.id);
        let found = app.http.get(url).bearer_auth(&app.registration_token).send().await.unwrap();
        assert_eq!(found.status(), StatusCode::OK, "round {round}: a registration that was answered");
        assert_eq!(app.post("/introspect", &[("token", "x")]).await.status(), StatusCode::OK, "round {round}");
    }
    for (app, tokens) in &answered.tokens {
        works(app, tokens, round).await;
    }
    for (app, code) in &answered.codes {
        let redeemed = app.redeem(code, &Wanted::scopes(load::SCOPE)).await;
        assert_eq!(redeemed.status(), StatusCode::OK, "round {round}: a code that was answered and never used");
        works(app, &Tokens::of(redeemed.json().await.unwrap()), round).await;
    }
    for (app, tokens) in &answered.revoked {
        let refused = app.get("/accounts", &tokens.access).await.status();
        assert_eq!(refused, StatusCode::UNAUTHORIZED, "round {round}: a revocation that was answered");
        let refused = app.refresh(&tokens.refresh).await.status();
        assert_eq!(refused, StatusCode::BAD_REQUEST, "round {round}: a revocation that was answered");
    }
    // Last, because whoever brings a code again loses what it gave.
    for (app, code) in &answered.spent {
        let refused = app.redeem(code, &Wanted::scopes(load::SCOPE)).await.status();
        assert_eq!(refused, StatusCode::BAD_REQUEST, "round {round}: a code that was exchanged");
    }
}

async fn works(app: &App, tokens: &Tokens, round: u32) {
    let read = app.get("/accounts", &tokens.access).await;
    assert_eq!(read.status(), StatusCode::OK, "round {round}: an access token that was answered");
    let refreshed = app.refresh(&tokens.refresh).await;
    assert_eq!(refreshed.status(), StatusCode::OK, "round {round}: a refresh token that was answered");
}

/// How often the program is killed.
const ROUNDS: u32 = 10;
