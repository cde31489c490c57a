//! What the customer reads before they answer.

use lombard_testkit::{App, TestBank};
use serde_json::json;

#[tokio::test]
async fn the_page_says_exactly_what_was_lodged() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let window = json!({
        "Permissions": [
            "ReadAccountsBasic", "ReadTransactionsBasic", "ReadTransactionsDebits", "ReadStatementsDetail", "ReadPAN",
        ],
        "TransactionFromDateTime": "2025-01-01T00:00:00Z", "TransactionToDateTime": "2025-12-31T00:00:00Z",
        "ExpirationDateTime": "2026-09-01T00:00:00Z",
    });
    let (_, page) = app.ask_about(&bank, "amelia", &app.lodge(&window).await).await;
    for says in [
        "Share account information with <bdi>Pocket Ledger</bdi>?",
        "Who you are",
        "Your account names and types",
        "Not the account numbers.",
        "Your payments out, without names",
        "Your statements",
        "Full card numbers",
        "Only payments and statements from 1 January 2025 to 31 December 2025.",
        "Until <strong>1 September 2026</strong>.",
        "Nothing is shared before you agree.",
    ] {
        assert!(page.html.contains(says), "{says}: {}", page.html);
    }
    for keeps in ["How much is in your accounts", "payments in", "payees", "direct debits", "You already allow this"] {
        assert!(!page.html.contains(keeps), "{keeps}: {}", page.html);
    }

    let open = json!({"Permissions": ["ReadAccountsDetail", "ReadTransactionsDetail", "ReadTransactionsCredits"]});
    let (_, page) = app.ask_about(&bank, "amelia", &app.lodge(&open).await).await;
    for says in [
        "Your account names, types and numbers",
        "Your payments in<",
        "This means payments of any time, as far back as we have them.",
        "It has no end date.",
    ] {
        assert!(page.html.contains(says), "{says}: {}", page.html);
    }
}

/// The dashboard has the same words, and stops a lodged consent like any other.
#[tokio::test]
async fn the_customers_own_page_lists_it() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let funds = app.lodge_funds("IBAN", "GB87LOMB09012840017231").await;
    let accounts = app.lodge(&json!({"Permissions": ["ReadAccountsBasic"]})).await;
    for intent in [&funds, &accounts] {
        app.authorise(&bank, "amelia", intent).await;
    }
    let browser = bank.browser();
    let page = browser.open("/my/consents").await;
    let page = browser.sign_in(&page, "amelia").await;
    for says in ["Whether there is enough money in your account", "Your account names and types", "you stop it"] {
        assert!(page.html.contains(says), "{says}: {}", page.html);
    }
    bank.revoke_consents("amelia").await;
    for intent in [&funds, &accounts] {
        assert_eq!(app.standing(intent).await, "CANC");
    }
}
