//! What calls from the description need: a bank, an app with each kind of token, and identifiers that exist.

use lombard_testkit::{App, TestBank};
use serde_json::{Value, json};

pub(super) struct World {
    pub(super) bank: TestBank,
    pub(super) app: App,
    /// A customer's, for all of account information.
    pub(super) customer: String,
    /// A customer's, for one question.
    pub(super) funds: String,
    /// The app's own.
    pub(super) own: String,
    account: String,
    statement: String,
    consent: String,
}

impl World {
    pub(super) async fn new() -> Self {
        let bank = TestBank::with(lombard_testkit::Engine::Sqlite, &lombard_testkit::example_folder(), |policy| {
            // Thousands of calls take longer than a token usually lives.
            policy.access_token_life = lombard_domain::time::Span::hours(12);
        })
        .await;
        let app = App::register(&bank).await;
        let everything = json!({"Permissions": PERMISSIONS});
        let intent = app.lodge(&everything).await;
        let customer = app.authorise(&bank, "amelia", &intent).await.access;
        let accounts = app.read("/accounts", &customer).await;
        let account = accounts["Data"]["Account"][0].clone();
        let number = &account["Account"][0];
        let scheme = number["SchemeName"].as_str().unwrap().trim_start_matches("UK.OBIE.").to_owned();
        let asked = app.lodge_funds(&scheme, number["Identification"].as_str().unwrap()).await;
        let funds = app.authorise(&bank, "amelia", &asked).await.access;
        let own = app.own_token().await;
        let statements = app.read("/statements", &customer).await;
        let of = |value: &Value| value.as_str().unwrap().to_owned();
        let statement = statements["Data"]["Statement"].as_array().unwrap().first();
        Self {
            account: statement.map_or_else(|| of(&account["AccountId"]), |found| of(&found["AccountId"])),
            statement: statement.map_or_else(String::new, |found| of(&found["StatementId"])),
            consent: asked.consent,
            bank,
            app,
            customer,
            funds,
            own,
        }
    }

    /// Identifiers that exist, as schemathesis wants to be told.
    pub(super) fn parameters(&self) -> String {
        format!(
            "[parameters]\n\"path.account\" = \"{}\"\n\"path.statement\" = \"{}\"\n\"path.consent\" = \"{}\"\n",
            self.account, self.statement, self.consent
        )
    }
}

const PERMISSIONS: [&str; 21] = [
    "ReadAccountsBasic",
    "ReadAccountsDetail",
    "ReadBalances",
    "ReadBeneficiariesBasic",
    "ReadBeneficiariesDetail",
    "ReadDirectDebits",
    "ReadOffers",
    "ReadPAN",
    "ReadParty",
    "ReadPartyPSU",
    "ReadProducts",
    "ReadScheduledPaymentsBasic",
    "ReadScheduledPaymentsDetail",
    "ReadStandingOrdersBasic",
    "ReadStandingOrdersDetail",
    "ReadStatementsBasic",
    "ReadStatementsDetail",
    "ReadTransactionsBasic",
    "ReadTransactionsCredits",
    "ReadTransactionsDebits",
    "ReadTransactionsDetail",
];
