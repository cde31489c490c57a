//! Permission × consent state × token kind × resource, as one table that a reviewer reads: `golden/matrix.txt`.
//!
//! The table is made from real answers. `UPDATE_GOLDEN=1` writes it anew; what then changes in it is what changes for apps.

use std::fmt::Write as _;
use std::path::Path;

use lombard_domain::oauth::{ClientStatus, Scope};
use lombard_domain::time::Span;
use lombard_testkit::{App, Engine, TestBank, Tokens, example_folder};

/// What is called, in the order of the columns.
const RESOURCES: [(&str, &str); 6] = [
    ("accounts", "/open-banking/v4.0/aisp/accounts"),
    ("account", "/open-banking/v4.0/aisp/accounts/{account}"),
    ("balances", "/open-banking/v4.0/aisp/accounts/{account}/balances"),
    ("st.orders", "/open-banking/v4.0/aisp/accounts/{account}/standing-orders"),
    ("trans.", "/open-banking/v4.0/aisp/accounts/{account}/transactions"),
    ("userinfo", "/userinfo"),
];

/// One set of scopes, with the consents that were given for it.
struct Case {
    scopes: Vec<Scope>,
    app: App,
    username: &'static str,
    account: String,
    tokens: Tokens,
    /// For each of several scopes: a token for all the others.
    narrowed: Vec<(Scope, String)>,
}

struct Table {
    bank: TestBank,
    text: String,
}

#[tokio::test]
async fn the_matrix_is_as_reviewed() {
    let text = Table::make().await;
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/golden/matrix.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&file, &text).unwrap();
    }
    let known = std::fs::read_to_string(&file).unwrap_or_default();
    for (number, (new, old)) in text.lines().zip(known.lines()).enumerate() {
        assert_eq!(
            new,
            old,
            "{}:{}: who may read what has changed; UPDATE_GOLDEN=1 writes it anew",
            file.display(),
            number + 1
        );
    }
    assert_eq!(text.lines().count(), known.lines().count(), "{}: lines have come or gone", file.display());
}

impl Table {
    async fn make() -> String {
        let bank = TestBank::with(Engine::Sqlite, &example_folder(), |policy| {
            policy.access_token_life = Span::minutes(5);
            policy.consent_life = Span::minutes(3);
        })
        .await;
        let scout = App::register(&bank).await;
        let mut accounts = Vec::new();
        for username in ["amelia", "priya"] {
            let token = scout.connect(&bank, username, "accounts:read").await.access;
            accounts.push((username, scout.accounts(&token).await.remove(0)));
        }
        let mut table = Self { bank, text: HEAD.to_owned() };
        let _ = write!(table.text, "{:<42} {:<20} {:<29}", "consent for", "consent", "token");
        for (name, _) in RESOURCES {
            let _ = write!(table.text, " {name:<12}");
        }
        // Amelia takes her consents back, Priya lets hers run out.
        let (mut revoked, mut expiring) = (Vec::new(), Vec::new());
        for scopes in scope_sets() {
            let (username, account) = &accounts[0];
            revoked.push(table.case(&scopes, username, account).await);
            let (username, account) = &accounts[1];
            expiring.push(table.case(&scopes, username, account).await);
        }
        for case in &revoked {
            table.rows(case, "authorised").await;
            table.bank.set_status(&case.app, ClientStatus::Suspended).await;
            table.rows(case, "app suspended").await;
            table.bank.set_status(&case.app, ClientStatus::Active).await;
        }
        table.bank.revoke_consents("amelia").await;
        for case in &revoked {
            table.rows(case, "revoked by customer").await;
        }
        table.bank.clock.advance(Span::minutes(4));
        for case in &expiring {
            table.rows(case, "expired").await;
        }
        table.text.lines().map(str::trim_end).fold(String::new(), |text, line| text + line + "\n")
    }

    async fn case(&self, scopes: &[Scope], username: &'static str, account: &str) -> Case {
        let app = App::register(&self.bank).await;
        let tokens = app.connect(&self.bank, username, &names(scopes)).await;
        let mut narrowed = Vec::new();
        for left_out in scopes.iter().filter(|_| scopes.len() > 1) {
            let rest: Vec<_> = scopes.iter().copied().filter(|scope| scope != left_out).collect();
            narrowed.push((*left_out, app.narrowed(&tokens.refresh, &names(&rest)).await));
        }
        Case { scopes: scopes.to_vec(), app, username, account: account.to_owned(), tokens, narrowed }
    }

    async fn rows(&mut self, case: &Case, state: &str) {
        self.row(case, state, "of the customer", &case.tokens.access).await;
        for (left_out, token) in &case.narrowed {
            self.row(case, state, &format!("without {}", left_out.name()), token).await;
        }
        if state != "app suspended" && case.scopes.iter().any(|scope| *scope != Scope::OpenId) {
            let own = case.app.own_token().await;
            self.row(case, state, "of the app itself", &own).await;
        }
    }

    async fn row(&mut self, case: &Case, state: &str, kind: &str, token: &str) {
        let _ = write!(self.text, "\n{:<42} {state:<20} {kind:<29}", title(&case.scopes));
        for (_, path) in RESOURCES {
            let url = self.bank.url(&path.replace("{account}", &case.account));
            let answer = case.app.answer(&url, token).await;
            assert!(answer.status == 200 || !answer.text.contains(case.username));
            let _ = write!(self.text, " {:<12}", format!("{} {}", answer.status, short(&answer.code())));
        }
    }
}

/// Every scope alone, every pair, and all of them.
fn scope_sets() -> Vec<Vec<Scope>> {
    let all: Vec<Scope> = customers().collect();
    let alone = all.iter().map(|scope| vec![*scope]);
    let pairs = all.iter().enumerate().flat_map(|(i, one)| all.iter().skip(i + 1).map(move |other| vec![*one, *other]));
    alone.chain(pairs).chain([all.clone()]).collect()
}

fn names(scopes: &[Scope]) -> String {
    scopes.iter().map(|scope| scope.name()).collect::<Vec<_>>().join(" ")
}

/// Scopes of each sort; what each permission opens is in `golden/permissions.txt`.
fn customers() -> impl Iterator<Item = Scope> {
    use Scope::{AccountsRead, BalancesRead, OpenId, StandingOrdersRead, TransactionsRead};
    [OpenId, AccountsRead, BalancesRead, StandingOrdersRead, TransactionsRead].into_iter()
}

fn title(scopes: &[Scope]) -> String {
    if scopes.len() == customers().count() { "all of these".to_owned() } else { names(scopes) }
}

/// OAuth's codes are long.
fn short(code: &str) -> &str {
    match code {
        "insufficient_scope" => "scope",
        "invalid_token" => "token",
        other => other,
    }
}

const HEAD: &str = "\
# Who may read what: made from real answers by tests/it/matrix.rs; UPDATE_GOLDEN=1 writes it anew.
# A cell is the status and the error code. AG01, scope: not allowed. TK01, token: not a token for this. TKSP: consent withdrawn. TKXP: over.

";
