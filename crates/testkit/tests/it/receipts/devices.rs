//! Which browsers are new to a customer.

use lombard_domain::time::Span;
use lombard_testkit::{App, Engine, TestBank, Wanted};
use reqwest::StatusCode;

use super::{DEVICE, SCOPE, kinds, sign_in, sign_out};

#[tokio::test]
async fn a_new_browser_is_told_once_and_a_known_one_never() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let app = App::register(&bank).await;
        let browser = bank.browser();
        let page = sign_in(&browser, "amelia").await;
        assert_eq!(kinds(&bank.deliver().await), (1, 0), "{engine:?}: the very first is new as well");
        sign_out(&browser, &page).await;
        for _ in 0..2 {
            let page = sign_in(&browser, "amelia").await;
            sign_out(&browser, &page).await;
        }
        let page = browser.open(&app.authorize_url(&Wanted::scopes(SCOPE))).await;
        assert!(browser.sign_in(&page, "amelia").await.url.ends_with("/consent"));
        assert_eq!(kinds(&bank.deliver().await), (1, 0), "{engine:?}: known, also when an app sends it");

        // Cookies deleted, or another browser: the bank cannot tell.
        sign_in(&bank.browser(), "amelia").await;
        assert_eq!(kinds(&bank.deliver().await), (2, 0), "{engine:?}");
        bank.clock.advance(Span::days(399));
        sign_in(&browser, "amelia").await;
        assert_eq!(kinds(&bank.deliver().await), (2, 0), "{engine:?}: known for long");
    }
}

#[tokio::test]
async fn a_sign_in_that_fails_is_not_told_and_sets_no_cookie() {
    let bank = TestBank::new().await;
    let browser = bank.browser();
    let page = browser.open("/my/consents").await;
    let wrong = browser.submit(&page, &[("username", "amelia"), ("password", "wrong")], "login-submit").await;
    let typed = [("username", "amelia"), ("password", TestBank::PASSWORD)];
    let sca = browser.submit(&page, &typed, "login-submit").await;
    let guess = browser.submit(&sca, &[("code", "654321")], "sca-submit").await;
    assert_eq!(guess.status, StatusCode::BAD_REQUEST);
    for page in [&page, &wrong, &sca, &guess] {
        assert_eq!(page.cookie(DEVICE), None, "nothing of devices before both factors were right");
    }
    assert!(bank.deliver().await.is_empty());
    let done = browser.submit(&sca, &[("code", TestBank::CODE)], "sca-submit").await;
    let cookie = done.cookies.iter().find(|cookie| cookie.starts_with(DEVICE)).unwrap();
    for part in ["; Path=/", "; Secure", "; HttpOnly", "; SameSite=Strict", "; Max-Age=34560000"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert_eq!(kinds(&bank.deliver().await), (1, 0));
}

#[tokio::test]
async fn a_browser_that_two_share_is_known_to_each_by_itself() {
    let bank = TestBank::new().await;
    let browser = bank.browser();
    for (username, letters) in [("amelia", 1), ("jonah", 2), ("amelia", 2), ("jonah", 2)] {
        let page = sign_in(&browser, username).await;
        assert_eq!(bank.deliver().await.len(), letters, "{username}");
        sign_out(&browser, &page).await;
    }
    let letters = bank.mailbox.mail();
    assert!(letters[1].to.contains("jonah"), "the second one is told of a browser that was only the first one's");
}

#[tokio::test]
async fn a_cookie_that_somebody_planted_makes_no_browser_known() {
    let bank = TestBank::new().await;
    // A thief signs in as themselves, and has a cookie that the bank made.
    let thief = bank.browser();
    let planted = sign_in(&thief, "jonah").await.cookie(DEVICE).unwrap();
    // It comes into the customer's browser, who signs in with it …
    let signed_in = with_cookie(&bank, "amelia", &planted).await;
    assert_eq!(bank.deliver().await.len(), 2);
    assert_ne!(signed_in, planted, "the customer's browser has a mark of its own now");
    // … and the thief signs in as the customer: the browser is new to them.
    with_cookie(&bank, "amelia", &planted).await;
    let mail = bank.deliver().await;
    assert_eq!((mail.len(), mail.iter().filter(|mail| mail.to.contains("amelia")).count()), (3, 2));
    with_cookie(&bank, "amelia", &signed_in).await;
    assert_eq!(bank.deliver().await.len(), 3, "while the customer's is known");
    for rubbish in ["", ".", "x", &"A".repeat(43), &"A".repeat(4000)] {
        let before = bank.deliver().await.len();
        let cookie = with_cookie(&bank, "amelia", rubbish).await;
        assert_eq!(bank.deliver().await.len(), before + 1, "{rubbish:?}");
        assert!(cookie.len() <= 4 * 44, "{cookie}");
        bank.clock.advance(Span::hours(1));
    }
}

/// Signs in with a browser that has this cookie; the one that it has then.
async fn with_cookie(bank: &TestBank, username: &str, device: &str) -> String {
    let browser = bank.browser();
    let login = browser.open("/my/consents").await;
    let typed = [("username", username), ("password", TestBank::PASSWORD)];
    let sca = browser.submit(&login, &typed, "login-submit").await;
    let known = login.cookie("__Host-lombard-browser").unwrap();
    let mut fields = sca.form().hidden;
    fields.push(("code".to_owned(), TestBank::CODE.to_owned()));
    let cookies = format!("__Host-lombard-browser={known}; {DEVICE}={device}");
    let answer = bank.http().post(&sca.url).header("cookie", cookies).form(&fields).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let set = answer.headers().get_all("set-cookie").iter().map(|value| value.to_str().unwrap());
    let set = set.filter_map(|cookie| cookie.split(';').next()?.strip_prefix(&format!("{DEVICE}="))).next();
    set.unwrap().to_owned()
}

#[tokio::test]
async fn a_letter_names_the_network_and_the_kind_of_browser_and_no_more() {
    let bank = TestBank::new().await;
    sign_in(&bank.browser(), "amelia").await;
    let letter = bank.deliver().await.pop().unwrap().letter;
    assert!(letter.text.contains("Network:  127.0.0.x\n"), "{}", letter.text);
    assert!(letter.text.contains("Browser:  a browser that we do not know\n"), "{}", letter.text);
    assert!(letter.text.contains("When:     2 March 2026, 12:00 UTC\n"), "{}", letter.text);
    assert!(!letter.text.contains("127.0.0.1") && !letter.subject.contains("amelia"), "{letter:?}");
}

#[tokio::test]
async fn a_browser_that_was_not_used_for_long_is_forgotten_and_few_are_kept() {
    let bank = TestBank::new().await;
    let browser = bank.browser();
    sign_in(&browser, "amelia").await;
    for _ in 0..25 {
        bank.clock.advance(Span::minutes(10));
        sign_in(&bank.browser(), "amelia").await;
    }
    assert_eq!(bank.rows().await["device"], 20, "the oldest make room");
    bank.clock.advance(Span::days(400));
    bank.auth.forget_what_is_over().await.unwrap();
    let rows = bank.rows().await;
    assert_eq!((rows["device"], rows["receipt"]), (0, 0));
}
