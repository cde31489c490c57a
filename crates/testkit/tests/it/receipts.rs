//! Receipts: who is told of what, that nobody is told too little or too often, and that what is told arrives.

mod devices;
mod sending;

use lombard_domain::receipt::What;
use lombard_domain::time::Span;
use lombard_testkit::{App, Browser, Engine, Mail, Page, TestBank, Wanted};
use reqwest::Method;
use serde_json::json;

const SCOPE: &str = "openid accounts:read balances:read";
const DEVICE: &str = "__Host-lombard-device";

/// Signs in to the customer's own pages.
async fn sign_in(browser: &Browser, username: &str) -> Page {
    let page = browser.open("/my/consents").await;
    assert!(page.url.ends_with("/login"), "{}", page.html);
    let page = browser.sign_in(&page, username).await;
    assert!(page.url.ends_with("/my/consents"), "{}", page.html);
    page
}

async fn sign_out(browser: &Browser, page: &Page) {
    browser.submit(page, &[], "sign-out").await;
}

/// How many letters there were of each kind.
fn kinds(mail: &[Mail]) -> (usize, usize) {
    let of = |code: &str| mail.iter().filter(|mail| mail.receipt.what.code() == code).count();
    (of("sign-in"), of("consent"))
}

#[tokio::test]
async fn a_new_consent_is_told_with_the_apps_name_and_what_it_may_see() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let app = App::register(&bank).await;
        let (browser, page) = app.ask(&bank, "amelia", &Wanted::scopes(SCOPE)).await;
        assert_eq!(kinds(&bank.deliver().await), (1, 0), "{engine:?}: signed in, and asked");
        assert!(browser.submit(&page, &[], "consent-allow").await.parameter("code").is_some());
        let mail = bank.deliver().await;
        assert_eq!(kinds(&mail), (1, 1), "{engine:?}");
        let Mail { to, letter, receipt } = mail.last().unwrap();
        let What::ConsentGiven(given) = &receipt.what else { panic!("{receipt:?}") };
        assert!(to.contains('@') && !letter.subject.contains(given.app.as_str()), "{}", letter.subject);
        for line in
            [given.app.as_str(), "  - Your account names, types and numbers\n", "  - How much is in your accounts\n"]
        {
            assert!(letter.text.contains(line), "{line}: {}", letter.text);
        }
        assert!(!letter.text.contains("payments"), "{}", letter.text);
        assert!(letter.text.contains(&bank.url("/my/consents")), "{}", letter.text);
        assert_eq!(bank.deliver().await.len(), 2, "{engine:?}: told once");
    }
}

#[tokio::test]
async fn a_consent_that_was_refused_or_left_is_not_told() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let (browser, page) = app.ask(&bank, "amelia", &Wanted::scopes(SCOPE)).await;
    browser.submit(&page, &[], "consent-deny").await;
    let (browser, page) = app.ask(&bank, "amelia", &Wanted::scopes(SCOPE)).await;
    // Nothing ticked, so nothing allowed.
    let refused = browser.submit_ticked(&page, &[], &[], "consent-allow").await;
    assert_eq!(refused.parameter("code"), None);
    app.ask(&bank, "amelia", &Wanted::scopes(SCOPE)).await;
    assert_eq!(kinds(&bank.deliver().await), (3, 0));
}

#[tokio::test]
async fn a_consent_that_is_renewed_is_told_again_and_as_that() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let lodged = app.lodge(&json!({})).await;
    app.authorise(&bank, "amelia", &lodged).await;
    bank.clock.advance(Span::minutes(1));
    app.authorise(&bank, "amelia", &lodged).await;
    let mut mail = bank.deliver().await;
    mail.sort_by_key(|mail| mail.receipt.at);
    let renewed = mail.iter().filter_map(|mail| match &mail.receipt.what {
        What::ConsentGiven(given) => Some(given.renewed),
        _ => None,
    });
    assert_eq!(renewed.collect::<Vec<_>>(), [false, true]);
    assert_eq!(app.at_lodged(Method::DELETE, &lodged).await.status(), 204);
    assert_eq!(bank.deliver().await.len(), mail.len(), "an end is shown on the page and by the app");
}

#[tokio::test]
async fn a_change_of_password_or_second_factor_is_told_and_the_first_one_is_not() {
    let bank = TestBank::new().await;
    let secret = || lombard_domain::secret::Secret::new("another password".to_owned());
    assert!(bank.auth.enrol_second_factor(TestBank::OPERATOR, "amelia").await.unwrap().is_some());
    assert!(bank.deliver().await.is_empty(), "the bank has just given it to them");
    assert!(bank.auth.enrol_second_factor(TestBank::OPERATOR, "amelia").await.unwrap().is_some());
    assert!(bank.auth.set_password(TestBank::OPERATOR, "amelia", secret()).await.unwrap());
    assert!(!bank.auth.set_password(TestBank::OPERATOR, "nobody.here", secret()).await.unwrap());
    let mut texts: Vec<_> = bank.deliver().await.into_iter().map(|mail| mail.letter.text).collect();
    assert_eq!(texts.len(), 2, "{texts:?}");
    texts.sort_unstable();
    assert!(texts[0].contains("the password with") && texts[1].contains("the second factor with"), "{texts:?}");
}

#[tokio::test]
async fn nobody_can_have_a_customer_flooded_and_the_last_letter_says_so() {
    for engine in Engine::ALL {
        let bank =
            TestBank::with(engine, &lombard_testkit::example_folder(), |policy| policy.receipts_per_hour = 3).await;
        for _ in 0..5 {
            sign_in(&bank.browser(), "amelia").await;
            bank.clock.advance(Span::seconds(12));
        }
        sign_in(&bank.browser(), "jonah").await;
        let mut mail = bank.deliver().await;
        mail.sort_by_key(|mail| mail.receipt.at);
        let (jonahs, amelias): (Vec<_>, Vec<_>) = mail.iter().partition(|mail| mail.to.contains("jonah"));
        assert_eq!((amelias.len(), jonahs.len()), (3, 1), "{engine:?}: one customer's limit is no other's");
        let says_so: Vec<_> = amelias.iter().map(|mail| mail.letter.text.contains("the last one for now")).collect();
        assert_eq!(says_so, [false, false, true], "{engine:?}");

        bank.clock.advance(Span::minutes(58));
        sign_in(&bank.browser(), "amelia").await;
        assert_eq!(bank.deliver().await.len(), 4, "{engine:?}: still within the hour");
        bank.clock.advance(Span::minutes(1));
        sign_in(&bank.browser(), "amelia").await;
        assert_eq!(bank.deliver().await.len(), 5, "{engine:?}: and then no more");
    }
}
