//! The main job, end to end.

use lombard_testkit::{App, Engine, TestBank};
use reqwest::StatusCode;

#[tokio::test]
async fn a_customer_lets_an_app_read_and_takes_it_back() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let app = App::register(&bank).await;
        let tokens = app.connect(&bank, "amelia", "openid accounts:read balances:read transactions:read").await;

        let accounts = app.read("/accounts", &tokens.access).await;
        let accounts = accounts["Data"]["Account"].as_array().unwrap().clone();
        assert_eq!(accounts.len(), 3);
        for account in &accounts {
            let id = account["AccountId"].as_str().unwrap();
            assert_eq!(app.read(&format!("/accounts/{id}"), &tokens.access).await["Data"]["Account"][0], *account);
            app.read(&format!("/accounts/{id}/balances"), &tokens.access).await;
            app.read(&format!("/accounts/{id}/transactions"), &tokens.access).await;
            let refused = app.get(&format!("/accounts/{id}/standing-orders"), &tokens.access).await;
            assert_eq!(refused.status(), StatusCode::FORBIDDEN);
        }

        let browser = bank.browser();
        let page = browser.open("/my/consents").await;
        let page = browser.sign_in(&page, "amelia").await;
        let form =
            lombard_testkit::Form::all(&page.html).into_iter().find(|form| form.action.ends_with("/revoke")).unwrap();
        let page = browser.post(&form.action, &form.hidden).await;
        assert_eq!(page.status, StatusCode::OK);
        assert_eq!(app.get("/accounts", &tokens.access).await.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(app.refresh(&tokens.refresh).await.status(), StatusCode::BAD_REQUEST);
    }
}
