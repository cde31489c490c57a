//! Passwords that are guessed, sprayed and stuffed; and people who mistype.

use lombard_auth::watch::{Measure, Rule};
use lombard_domain::time::Span;
use lombard_testkit::TestBank;
use reqwest::StatusCode;

use super::{bank, login_page, try_password};

#[tokio::test]
async fn password_guessing_and_a_customer_who_mistypes_five_times() {
    let bank = bank(&[]).await;
    let (stranger, customer) = (bank.browser_in(5), bank.browser());
    let page = login_page(&stranger).await;
    for _ in 0..2 {
        assert!(bank.alarms().await.is_empty());
        for _ in 0..5 {
            try_password(&stranger, &page, "amelia", "a guess").await;
        }
        bank.clock.advance(Span::minutes(5));
    }
    assert_eq!(bank.alarms().await, ["password-guessing"]);

    for _ in 0..2 {
        let page = login_page(&customer).await;
        for _ in 0..5 {
            try_password(&customer, &page, "jonah", "mistyped").await;
        }
        bank.clock.advance(Span::minutes(10));
        let page = login_page(&customer).await;
        assert!(customer.sign_in(&page, "jonah").await.url.ends_with("/my/consents"));
        bank.clock.advance(Span::minutes(10));
    }
    assert!(bank.alarms().await.is_empty());
}

#[tokio::test]
async fn code_guessing_and_a_code_that_came_too_late() {
    for (codes, alarms) in [(4, &[][..]), (5, &["code-guessing"][..])] {
        let bank = bank(&[]).await;
        let browser = bank.browser();
        let page = login_page(&browser).await;
        let sca = try_password(&browser, &page, "amelia", TestBank::PASSWORD).await;
        for _ in 0..codes {
            browser.submit(&sca, &[("code", "000000")], "sca-submit").await;
        }
        let watched = bank.watch().await;
        assert_eq!(watched.raised.iter().map(|rule| rule.name()).collect::<Vec<_>>(), alarms);
        assert_eq!(watched.taken, if codes == 5 { vec![Measure::StepUp] } else { Vec::new() });
    }
}

#[tokio::test]
async fn password_spraying_that_finds_one_and_an_office_that_signs_in() {
    let bank = bank(&[(Rule::PasswordSpraying, 6)]).await;
    let sprayer = bank.browser_in(5);
    let page = login_page(&sprayer).await;
    for name in ["ann", "ben", "cleo", "dan", "eve", "fay"] {
        try_password(&sprayer, &page, name, "Spring2026!").await;
    }
    assert_eq!(bank.alarms().await, ["password-spraying"]);
    assert!(sprayer.sign_in(&page, "amelia").await.url.ends_with("/my/consents"));
    assert_eq!(bank.alarms().await, ["account-takeover"]);

    // Three people behind one address, each of whom mistypes twice and gets in.
    for name in ["amelia", "jonah", "priya"] {
        let browser = bank.browser_in(6);
        let page = login_page(&browser).await;
        for _ in 0..2 {
            try_password(&browser, &page, name, "mistyped").await;
        }
        assert!(browser.sign_in(&page, name).await.url.ends_with("/my/consents"));
    }
    assert!(bank.alarms().await.is_empty());
}

#[tokio::test]
async fn credential_stuffing_from_many_networks_and_many_who_sign_in() {
    for (networks, alarms) in [(24, &["credential-stuffing"][..]), (8, &[])] {
        let bank = bank(&[(Rule::CredentialStuffing, 24)]).await;
        for n in 0..24 {
            let browser = bank.browser_in(5 + n % networks);
            let page = login_page(&browser).await;
            try_password(&browser, &page, &format!("nobody{n}"), "from a list").await;
        }
        assert_eq!(bank.alarms().await, alarms, "from {networks} networks");
    }
}

#[tokio::test]
async fn the_record_names_whose_password_was_tried_and_never_a_name() {
    let bank = bank(&[]).await;
    let browser = bank.browser();
    let page = login_page(&browser).await;
    // The first of a day makes the key of that day.
    try_password(&browser, &page, "nobody", "wrong").await;
    let known = try_password(&browser, &page, "amelia", "wrong").await;
    let statements = bank.db.statements();
    let unknown = try_password(&browser, &page, "nobody", "wrong").await;
    let of_unknown = bank.db.statements() - statements;
    let statements = bank.db.statements();
    try_password(&browser, &page, "jonah", "wrong").await;
    assert_eq!(bank.db.statements() - statements, of_unknown, "whoever it is costs the same");
    assert_eq!((known.status, unknown.status), (StatusCode::BAD_REQUEST, StatusCode::BAD_REQUEST));
    let record = bank.record(3).await;
    let customers: Vec<_> = record.iter().map(|entry| entry.customer.is_some()).collect();
    assert_eq!(customers, [true, false, true]);
    assert!(record.iter().all(|entry| !format!("{entry:?}").contains("nobody")));
}
