//! How many consents of one app may wait for an answer: many, but not any number.

use lombard_domain::consent::{Consent, Kind, Terms};
use lombard_domain::id::{ClientId, ConsentId};
use lombard_domain::permission::{Permission, PermissionSet, Window};
use lombard_domain::time::{Clock as _, Span};
use lombard_store::consent;
use lombard_testkit::{App, TestBank};

use super::{ACCESS, FUNDS, Lodger, USUAL, asking_for, delete, naming, own_token, post};

/// As many as may wait.
const WAITING_MAX: u128 = 10_000;

/// Puts so many waiting consents of an app into the database.
async fn fill(bank: &TestBank, app: &App, count: u128) {
    let client: ClientId = app.id.parse().unwrap();
    let mut tx = bank.db.begin("fill").await.unwrap();
    for n in 1..=count {
        let permissions = PermissionSet::of(&[Permission::AccountsBasic]);
        let terms = Terms { permissions, window: Window::default(), expires_at: None, debtor: None };
        let lodged = Consent::lodge(ConsentId::from_bits(n), client, Kind::AccountAccess, terms, bank.clock.now());
        consent::insert(&mut tx, &lodged).await.unwrap();
    }
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn one_app_cannot_fill_the_bank() {
    let mut lodger = Lodger::at(TestBank::new().await).await;
    fill(&lodger.bank, &lodger.app, WAITING_MAX - 1).await;
    let last = lodger.lodged(&asking_for(USUAL)).await;
    let naming = naming("UK.OBIE.IBAN", "GB87LOMB09012840017231");
    for (path, token, body) in [(ACCESS, &lodger.accounts, asking_for(USUAL)), (FUNDS, &lodger.funds, naming)] {
        let refused = post(&lodger.app, path, token, &body).await;
        assert_eq!((refused.status, refused.code().as_str()), (429, "NARR"), "{path}: {}", refused.text);
        assert_eq!(refused.header("retry-after"), "3600");
    }
    // Another app is not touched by it.
    let other = App::register(&lodger.bank).await;
    let token = own_token(&other, "accounts").await;
    assert_eq!(post(&other, ACCESS, &token, &asking_for(USUAL)).await.status, 201);

    assert_eq!(delete(&lodger.app, &format!("{ACCESS}/{last}"), &lodger.accounts).await.status, 204);
    lodger.lodged(&asking_for(USUAL)).await;
    // After a day nobody waits any more, and there is room again.
    lodger.bank.clock.advance(Span::hours(24));
    lodger.bank.auth.forget_what_is_over().await.unwrap();
    lodger.renew().await;
    lodger.lodged(&asking_for(USUAL)).await;
}
