//! The same consent authorised again: who may, what takes the place of what, and when.

use lombard_domain::consent::Revoker;
use lombard_testkit::{App, Engine, Intent, TestBank, Tokens};
use serde_json::json;

use super::error_of;

/// Whether a token opens the accounts.
async fn opens(app: &App, tokens: &Tokens) -> bool {
    app.answer("/accounts", &tokens.access).await.status == 200
}

/// A customer answers again, for the account at this place; the page with which they are sent back.
async fn again(bank: &TestBank, app: &App, intent: &Intent, place: usize) -> (lombard_testkit::Page, String) {
    let (browser, page) = app.ask_about(bank, "amelia", intent).await;
    let boxes = page.form().boxes;
    let one = vec![(boxes[place].0.clone(), boxes[place].1.clone())];
    let back = browser.submit_ticked(&page, &[], &one, "consent-allow").await;
    (back, one[0].1.clone())
}

/// UK Open Banking, re-authorisation. The new answer counts at once, the old tokens die when the new code is redeemed, and an answer
/// that is lost on its way breaks nothing.
#[tokio::test]
async fn a_new_answer_takes_the_place_of_the_old_one_when_its_code_is_redeemed() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let app = App::register(&bank).await;
        let intent = app.lodge(&json!({})).await;
        let first = app.authorise(&bank, "amelia", &intent).await;
        assert_eq!(app.accounts(&first.access).await.len(), 3);

        let (_lost, account) = again(&bank, &app, &intent, 1).await;
        assert_eq!(app.standing(&intent).await, "AUTH");
        assert!(opens(&app, &first).await, "{engine:?}: the answer was lost, and the app goes on");
        assert_eq!(app.accounts(&first.access).await, [account], "with what the customer wants now");
        assert_eq!(app.refresh(&first.refresh).await.status(), 200);

        let (back, account) = again(&bank, &app, &intent, 0).await;
        let third = app.redeem_from(&back, &intent).await;
        assert!(!opens(&app, &first).await, "{engine:?}: the old tokens are void");
        assert_eq!(app.refresh(&first.refresh).await.status(), 400);
        assert_eq!(app.accounts(&third.access).await, [account]);
        assert_eq!(app.refresh(&third.refresh).await.status(), 200);
        let recorded = bank.record(200).await;
        let given = recorded.iter().filter(|entry| entry.event == "consent.authorised");
        let mut reasons: Vec<_> = given.map(|entry| entry.reason.as_deref()).collect();
        reasons.sort_unstable();
        assert_eq!(reasons, [None, Some("renewed"), Some("renewed")]);
    }
}

#[tokio::test]
async fn a_lost_answer_that_turns_up_late_is_worth_nothing() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let intent = app.lodge(&json!({})).await;
    let (early, _) = again(&bank, &app, &intent, 0).await;
    let (late, _) = again(&bank, &app, &intent, 0).await;
    let tokens = app.redeem_from(&late, &intent).await;
    let response = app.redeem(&early.parameter("code").unwrap(), &intent.wanted).await;
    assert_eq!(response.status(), 400);
    assert!(opens(&app, &tokens).await, "and does not harm the answer after it");
}

#[tokio::test]
async fn the_accounts_of_before_are_ticked() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let intent = app.lodge(&json!({})).await;
    let (back, account) = again(&bank, &app, &intent, 2).await;
    app.redeem_from(&back, &intent).await;
    let (_, page) = app.ask_about(&bank, "amelia", &intent).await;
    let ticked: Vec<_> = page.form().boxes.into_iter().filter(|(.., ticked)| *ticked).map(|(_, id, _)| id).collect();
    assert_eq!(ticked, [account]);
    assert!(page.html.contains("You already allow this, since 2 March 2026."), "{}", page.html);
    assert!(page.html.contains("If you deny, nothing changes"), "{}", page.html);
}

#[tokio::test]
async fn a_no_leaves_what_was_allowed_before() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let app = App::register(&bank).await;
        let intent = app.lodge(&json!({})).await;
        let first = app.authorise(&bank, "amelia", &intent).await;
        for button in ["consent-deny", "cancel"] {
            let (browser, page) = app.ask_about(&bank, "amelia", &intent).await;
            assert_eq!(error_of(&app, &browser.submit(&page, &[], button).await).0, "access_denied");
            assert_eq!(app.standing(&intent).await, "AUTH", "{engine:?} {button}");
            assert!(opens(&app, &first).await);
        }
    }
}

/// A consent that was taken back is given again as it was, by whoever gave it, whatever took it back but the suspicion of fraud (`consents::life`).
#[tokio::test]
async fn what_was_taken_back_can_be_given_again() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let app = App::register(&bank).await;
        for why in [Revoker::Bank, Revoker::BankForAuthentication, Revoker::Customer] {
            let intent = app.lodge(&json!({})).await;
            let first = app.authorise(&bank, "amelia", &intent).await;
            let id = intent.consent.parse().unwrap();
            assert!(bank.auth.revoke_by_operator(TestBank::OPERATOR, id, why).await.unwrap());
            assert_eq!(app.standing(&intent).await, "CANC", "{why:?}");
            assert!(!opens(&app, &first).await);
            let (browser, page) = app.ask_about(&bank, "amelia", &intent).await;
            assert!(page.html.contains("it was stopped on 2 March 2026"), "{}", page.html);
            let second = app.redeem_from(&browser.submit(&page, &[], "consent-allow").await, &intent).await;
            assert_eq!(app.standing(&intent).await, "AUTH", "{engine:?} {why:?}");
            assert!(opens(&app, &second).await && !opens(&app, &first).await, "{why:?}: the old tokens stay dead");
        }
    }
}

#[tokio::test]
async fn only_who_gave_it_can_renew_it() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let app = App::register(&bank).await;
        let intent = app.lodge(&json!({})).await;
        let tokens = app.authorise(&bank, "amelia", &intent).await;
        let (_, back) = app.arrive_with(&bank, "jonah", &intent).await;
        assert_eq!(error_of(&app, &back).0, "login_required", "{engine:?}");
        assert_eq!(app.standing(&intent).await, "AUTH");
        assert_eq!(app.accounts(&tokens.access).await.len(), 3, "and nothing has changed");
    }
}

/// Two customers at once: who comes second does not take the consent over, whatever their page showed.
#[tokio::test]
async fn nobody_takes_over_what_somebody_else_gave_meanwhile() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let intent = app.lodge(&json!({})).await;
    let (jonah, page) = app.ask_about(&bank, "jonah", &intent).await;
    let tokens = app.authorise(&bank, "amelia", &intent).await;
    let back = jonah.submit(&page, &[], "consent-allow").await;
    assert_eq!(error_of(&app, &back).0, "login_required");
    assert_eq!(app.accounts(&tokens.access).await.len(), 3);
}
