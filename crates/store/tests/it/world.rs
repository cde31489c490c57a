//! A small bank and the apps that ask it for data: what most tests need to be there first.
//!
//! Customer 1 holds the accounts 1 and 2, customer 2 the accounts 2 and 3. There are two apps, which know nothing of each other.

use std::sync::Arc;

use lombard_domain::account::{Account, AccountKind, AccountStatus, Category, Identification, Scheme};
use lombard_domain::consent::{Authorisation, Consent, Kind, State, Status, Terms};
use lombard_domain::currency::Currency;
use lombard_domain::id::{AccountId, ClientId, ConsentId, CustomerId, GrantId, TokenId};
use lombard_domain::oauth::{
    AccessToken, AccountInformation, Action, AuthorizationRequest, Binding, Challenge, Client, ClientStatus, Code,
    Details, Grant, GrantManagement, Lodged, RedirectUri, ResponseMode, ResponseType, ScopeSet, Thumbprint,
};
use lombard_domain::party::{Customer, HolderRole, Holding, Username};
use lombard_domain::permission::{Permission, PermissionSet, Window};
use lombard_domain::text::Text;
use lombard_domain::time::{Date, Instant};
use lombard_store::client::StoredClient;
use lombard_store::{Db, Tx, account, client, consent, customer, grant};

use crate::engines::{self, Engine};

pub(crate) fn at(seconds: i64) -> Instant {
    Instant::from_seconds(1_700_000_000 + seconds)
}

pub(crate) fn text<const MAX: usize>(text: &str) -> Text<MAX> {
    Text::new(text).unwrap()
}

pub(crate) fn account(n: u128) -> AccountId {
    AccountId::from_bits(n)
}

pub(crate) fn app(n: u128) -> ClientId {
    ClientId::from_bits(n)
}

pub(crate) fn customer(n: u128) -> CustomerId {
    CustomerId::from_bits(n)
}

pub(crate) fn a_customer(n: u128) -> Customer {
    Customer {
        id: customer(n),
        source: text(&format!("core-{n}")),
        username: Username::new(&format!("Name-{n}")).unwrap(),
        full_name: text(&format!("Ann Örström {n}")),
        birth_date: n.is_multiple_of(2).then(|| Date::new(1970, 12, 31).unwrap()),
        email: n.is_multiple_of(2).then(|| text("ann@bank.example")),
    }
}

pub(crate) fn an_app(n: u128) -> StoredClient {
    let metadata = format!(
        r#"{{"client_name":"App {n}","redirect_uris":["https://app{n}.example/cb"],
            "token_endpoint_auth_method":"client_secret_post","grant_types":["authorization_code","refresh_token"],
            "scope":"openid accounts:read","client_uri":"https://app{n}.example/","contacts":["ops@app.example"],
            "software_id":"s-{n}"}}"#
    );
    StoredClient {
        client: Client {
            id: app(n),
            metadata: serde_json::from_str(&metadata).unwrap(),
            status: ClientStatus::Active,
            sector: format!("app{n}.example"),
            created_at: at(-1),
            verification: None,
        },
        secret_digest: vec![1; 32],
        registration_digest: vec![2; 32],
    }
}

pub(crate) fn terms() -> Terms {
    Terms {
        permissions: PermissionSet::of(&[Permission::AccountsBasic, Permission::Balances]),
        window: Window { from: Some(at(-5000)), to: Some(at(5000)) },
        expires_at: Some(at(9000)),
        debtor: None,
    }
}

/// A consent in a state, made at 0 and changed at 1.
pub(crate) fn a_consent(n: u128, app: u128, state: State) -> Consent {
    let lodged = Consent::lodge(ConsentId::from_bits(n), ClientId::from_bits(app), Kind::AccountAccess, terms(), at(0));
    Consent::restore(lodged, state, at(1))
}

/// A consent that waits for an answer.
pub(crate) fn lodged(n: u128) -> Consent {
    Consent::lodge(ConsentId::from_bits(n), app(1), Kind::AccountAccess, terms(), at(0))
}

/// A customer's yes to accounts.
pub(crate) fn yes(by: u128, accounts: &[u128]) -> Authorisation {
    Authorisation { customer: customer(by), accounts: accounts.iter().map(|n| account(*n)).collect() }
}

/// Every state that a consent can be in, with this answer where there is one.
pub(crate) fn states(yes: &Authorisation) -> Vec<State> {
    Status::ALL.iter().flat_map(|status| [status.with(None), status.with(Some(yes.clone()))]).flatten().collect()
}

pub(crate) fn a_grant(n: u128, consent: u128) -> Grant {
    Grant {
        id: GrantId::from_bits(n),
        consent: ConsentId::from_bits(consent),
        client: app(1),
        customer: customer(1),
        scope: ScopeSet::parse("openid accounts:read").unwrap(),
        details: n.is_multiple_of(2).then(details).or_else(|| n.is_multiple_of(3).then(|| lodged_details(n))),
        nonce: n.is_multiple_of(2).then(|| "n-0S6 \"~\"".to_owned().try_into().unwrap()),
        management: if n.is_multiple_of(2) { GrantManagement::Create } else { GrantManagement::None },
        signed_in_at: at(2),
        created_at: at(3),
    }
}

pub(crate) fn a_code(grant: u128) -> Code {
    Code {
        grant: GrantId::from_bits(grant),
        client: app(1),
        redirect_uri: RedirectUri::new("https://app1.example/cb").unwrap(),
        code_challenge: (!grant.is_multiple_of(3)).then(challenge),
        dpop_jkt: grant.is_multiple_of(2).then(thumbprint),
        expires_at: at(60),
        used: false,
    }
}

pub(crate) fn an_access_token(n: u128, grant: Option<u128>) -> AccessToken {
    AccessToken {
        id: TokenId::from_bits(n),
        client: app(1),
        grant: grant.map(GrantId::from_bits),
        scope: ScopeSet::parse("accounts:read").unwrap(),
        details: n.is_multiple_of(2).then(details),
        binding: [None, Some(Binding::Key(thumbprint())), Some(Binding::Certificate(thumbprint()))]
            .into_iter()
            .nth(usize::try_from(n % 3).unwrap())
            .flatten(),
        issued_at: at(4),
        expires_at: at(304),
    }
}

pub(crate) fn a_request(n: u128) -> AuthorizationRequest {
    AuthorizationRequest {
        client: app(n),
        redirect_uri: RedirectUri::new(&format!("https://app{n}.example/cb")).unwrap(),
        scope: ScopeSet::all(),
        state: Some("a b\"\\'".to_owned().try_into().unwrap()),
        nonce: None,
        code_challenge: Some(challenge()),
        prompt: None,
        response_type: ResponseType::CodeIdToken,
        response_mode: ResponseMode::Jwt,
        details: n.is_multiple_of(2).then(|| lodged_details(n)),
        dpop_jkt: Some(thumbprint()),
        intent: Some(ConsentId::from_bits(n)),
        login_hint: Some("amelia".to_owned().try_into().unwrap()),
        expected_subject: None,
        grant_management: GrantManagement::Create,
    }
}

fn details() -> Details {
    Details::AccountInformation(AccountInformation { actions: [Action::ListAccounts, Action::ReadBalances].into() })
}

fn lodged_details(n: u128) -> Details {
    Details::Lodged(Lodged { kind: Kind::AccountAccess, consent: ConsentId::from_bits(n) })
}

fn thumbprint() -> Thumbprint {
    Thumbprint::new("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM").unwrap()
}

fn challenge() -> Challenge {
    // RFC 7636, appendix B.
    Challenge::new("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM").unwrap()
}

/// Both engines, each with the small bank.
pub(crate) async fn peopled() -> Vec<Engine> {
    let engines = engines::fresh().await;
    for engine in &engines {
        let mut tx = engine.db.begin("world").await.unwrap();
        people(&mut tx).await;
        tx.commit().await.unwrap();
    }
    engines
}

async fn people(tx: &mut Tx) {
    customer::add_missing(tx, &[a_customer(1), a_customer(2)]).await.unwrap();
    let accounts: Vec<_> = (1..=3)
        .map(|n| Account {
            id: account(n),
            source: text(&format!("account-{n}")),
            currency: Currency::GBP,
            category: Category::Personal,
            kind: AccountKind::Current,
            status: AccountStatus::Enabled,
            nickname: None,
            identification: Identification::new(Scheme::SortCodeAccountNumber, "20000012345678").unwrap(),
            opened_on: Date::new(2020, 1, 31).unwrap(),
            credit_line: None,
            switched_at: None,
        })
        .collect();
    account::add_missing(tx, &accounts).await.unwrap();
    let holdings = [(1, 1), (2, 1), (2, 2), (3, 2)].map(|(held, by)| Holding {
        account: account(held),
        customer: customer(by),
        role: HolderRole::Owner,
    });
    account::add_holders(tx, &holdings).await.unwrap();
    for n in 1..=2 {
        client::insert(tx, &an_app(n)).await.unwrap();
    }
}

/// Adds the consent `n`, which customer 1 gave to app 1 for account 1, and a grant of the same number.
pub(crate) async fn consented(tx: &mut Tx, n: u128) {
    consent::insert(tx, &a_consent(n, 1, State::Authorised(yes(1, &[1])))).await.unwrap();
    grant::insert(tx, &a_grant(n, n)).await.unwrap();
}

/// What comes of sixteen tasks that attempt the same at once.
pub(crate) async fn race<T, F>(db: &Db, attempt: impl Fn(Db) -> F) -> Vec<T>
where
    F: Future<Output = lombard_store::Result<T>> + Send + 'static,
    T: Send + 'static,
{
    let start = Arc::new(tokio::sync::Barrier::new(RACERS));
    let racers: Vec<_> = (0..RACERS)
        .map(|_| {
            let (start, attempt) = (start.clone(), attempt(db.clone()));
            tokio::spawn(async move {
                start.wait().await;
                attempt.await
            })
        })
        .collect();
    let mut outcomes = Vec::with_capacity(RACERS);
    for racer in racers {
        outcomes.push(racer.await.unwrap().unwrap());
    }
    outcomes
}

/// Asserts that exactly one of sixteen tasks won.
pub(crate) async fn one_wins<F>(engine: &Engine, attempt: impl Fn(Db) -> F)
where
    F: Future<Output = lombard_store::Result<bool>> + Send + 'static,
{
    let won = race(&engine.db, attempt).await;
    assert_eq!(won.iter().filter(|won| **won).count(), 1, "{engine}");
}

/// Tasks in a race.
pub(crate) const RACERS: usize = 16;
