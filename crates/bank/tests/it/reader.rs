//! What a customer has beside balances and transactions, read as the API reads it: with a consent for all that they hold.

use std::sync::atomic::{AtomicU64, Ordering};

use lombard_domain::account::{Beneficiary, DirectDebit, Offer, Product, ScheduledPayment, StandingOrder};
use lombard_domain::consent::{Authorisation, Consent, Kind, State, Terms};
use lombard_domain::id::{AccountId, ClientId, ConsentId, CustomerId};
use lombard_domain::oauth::{Client, ClientStatus};
use lombard_domain::permission::{Permission, PermissionSet, Window};
use lombard_domain::time::Instant;
use lombard_store::client::StoredClient;
use lombard_store::list::{ListQuery, Towards, Wanted};
use lombard_store::statement::{PageQuery, StoredStatement};
use lombard_store::{
    Db, Tx, account, beneficiary, client, consent, direct_debit, offer, product, scheduled_payment, standing_order,
    statement,
};

/// What a customer has.
#[derive(PartialEq)]
pub(crate) struct Possessions {
    pub(crate) products: Vec<Product>,
    pub(crate) standing_orders: Vec<StandingOrder>,
    pub(crate) beneficiaries: Vec<Beneficiary>,
    pub(crate) direct_debits: Vec<DirectDebit>,
    pub(crate) scheduled_payments: Vec<ScheduledPayment>,
    pub(crate) offers: Vec<Offer>,
    /// Of each account, the newest first.
    pub(crate) statements: Vec<StoredStatement>,
}

/// Everything that a customer has.
pub(crate) async fn possessions(db: &Db, customer: CustomerId) -> Possessions {
    let mut tx = db.begin("possessions").await.unwrap();
    let held = account::of_customer(&mut tx, customer).await.unwrap();
    let accounts: Vec<AccountId> = held.into_iter().map(|held| held.account.id).collect();
    let wanted = Wanted { consent: consent_to(&mut tx, customer, accounts).await, customer, account: None };
    let query = ListQuery { wanted, after: None, towards: Towards::Newer, limit: 10_000 };
    let statements =
        PageQuery { wanted, window: Window::default(), after: None, towards: Towards::Older, limit: 10_000 };
    let tx = &mut tx;
    Possessions {
        products: product::of_consent(tx, wanted.consent, customer).await.unwrap(),
        standing_orders: standing_order::page(tx, &query).await.unwrap(),
        beneficiaries: beneficiary::page(tx, &query).await.unwrap(),
        direct_debits: direct_debit::page(tx, &query).await.unwrap(),
        scheduled_payments: scheduled_payment::page(tx, &query).await.unwrap(),
        offers: offer::page(tx, &query).await.unwrap(),
        statements: statement::page(tx, &statements).await.unwrap(),
    }
}

async fn consent_to(tx: &mut Tx, customer: CustomerId, accounts: Vec<AccountId>) -> ConsentId {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let n = u128::from(NEXT.fetch_add(1, Ordering::Relaxed));
    let metadata = r#"{"client_name":"Reader","redirect_uris":["https://reader.example/cb"],
        "token_endpoint_auth_method":"client_secret_post","grant_types":["authorization_code"],"scope":"openid accounts"}"#;
    let client = Client {
        id: ClientId::from_bits(n),
        metadata: serde_json::from_str(metadata).unwrap(),
        status: ClientStatus::Active,
        sector: "reader.example".to_owned(),
        created_at: Instant::from_seconds(0),
        verification: None,
    };
    let app = client.id;
    client::insert(tx, &StoredClient { client, secret_digest: vec![1; 32], registration_digest: vec![2; 32] })
        .await
        .unwrap();
    let terms = Terms {
        permissions: PermissionSet::of(&[Permission::Balances]),
        window: Window::default(),
        expires_at: None,
        debtor: None,
    };
    let at = Instant::from_seconds(0);
    let lodged = Consent::lodge(ConsentId::from_bits(n), app, Kind::AccountAccess, terms, at);
    let given = Consent::restore(lodged, State::Authorised(Authorisation { customer, accounts }), at);
    consent::insert(tx, &given).await.unwrap();
    ConsentId::from_bits(n)
}
