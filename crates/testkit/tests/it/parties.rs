//! Who holds accounts, who the customer is, what the accounts were sold as, and all balances at once.

use lombard_testkit::{App, Engine, TestBank};
use serde_json::{Value, json};

use crate::uk_schema::Published;

const SCOPE: &str = "accounts:read balances:read parties:read products:read";

struct World {
    bank: TestBank,
    app: App,
    published: Option<Published>,
}

impl World {
    async fn on(engine: Engine) -> Self {
        let bank = TestBank::on(engine).await;
        let app = App::register(&bank).await;
        Self { bank, app, published: Published::open() }
    }

    async fn token(&self, username: &str) -> String {
        self.app.connect(&self.bank, username, SCOPE).await.access
    }

    /// The `Data` of an answer that has the published shape.
    async fn data(&mut self, template: &str, account: &str, token: &str) -> Value {
        let path = template.replace("{AccountId}", account);
        let answer = self.app.answer(&path, token).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        self.published.iter_mut().for_each(|published| published.check(template, &answer));
        let own = self.bank.url(&format!("/open-banking/v4.0/aisp{path}"));
        assert_eq!(answer.json()["Links"], json!({"Self": own}), "{path}");
        answer.json()["Data"].clone()
    }

    /// The account with a nickname.
    async fn account(&self, nickname: &str, token: &str) -> String {
        let all = self.app.read("/accounts", token).await;
        let found = all["Data"]["Account"].as_array().unwrap().iter().find(|account| account["Nickname"] == nickname);
        found.unwrap()["AccountId"].as_str().unwrap().to_owned()
    }
}

/// Names, parts and ways to reach somebody.
fn known(party: &Value) -> (&str, &str, &str, bool) {
    let text = |name: &str| party[name].as_str().unwrap_or_default();
    let reachable = ["EmailAddress", "Phone", "Mobile", "Address"].iter().any(|name| party.get(name).is_some());
    (text("Name"), text("PartyType"), text("AccountRole"), reachable)
}

#[tokio::test]
async fn holders_of_an_account_are_told_by_name_and_part_and_only_the_customer_how_to_be_reached() {
    const SOLE: (&str, &str) = ("Sole", "UK.OBIE.Principal");
    const JOINT: (&str, &str) = ("Joint", "UK.OBIE.Principal");
    const DELEGATE: (&str, &str) = ("Delegate", "UK.OBIE.OtherParty");
    for engine in Engine::ALL {
        let mut world = World::on(engine).await;
        for (username, nickname, own, others) in [
            ("amelia", "Everyday", ("Amelia Hart", SOLE), &[][..]),
            ("amelia", "Household", ("Amelia Hart", JOINT), &[("Jonah Hart", JOINT)]),
            ("jonah", "Household", ("Jonah Hart", JOINT), &[("Amelia Hart", JOINT)]),
            ("jonah", "Studio", ("Jonah Hart", DELEGATE), &[("Nair, Priya", SOLE)]),
            ("priya", "Studio", ("Nair, Priya", SOLE), &[("Jonah Hart", DELEGATE)]),
        ] {
            let token = world.token(username).await;
            let account = world.account(nickname, &token).await;
            let all = world.data("/accounts/{AccountId}/parties", &account, &token).await;
            let all = all["Party"].as_array().unwrap();
            let mut found: Vec<_> = all.iter().map(known).collect();
            found.sort_unstable();
            let mut expected: Vec<_> = others.iter().map(|(name, (kind, role))| (*name, *kind, *role, false)).collect();
            let (name, (kind, role)) = own;
            expected.push((name, kind, role, true));
            expected.sort_unstable();
            assert_eq!(found, expected, "{engine:?}: {nickname}, seen by {username}");

            let one = world.data("/accounts/{AccountId}/party", &account, &token).await;
            let listed = all.iter().find(|party| party["Name"] == name);
            assert_eq!(Some(&one["Party"]), listed, "{engine:?}: the customer, alone and among the holders");
            for party in all {
                let related = world.bank.url(&format!("/open-banking/v4.0/aisp/accounts/{account}"));
                assert_eq!(party["Relationships"], json!({"Account": {"Related": related, "Id": account}}));
                assert_eq!(
                    (&party["LegalStructure"], &party["FullLegalName"]),
                    (&json!("UK.OBIE.Individual"), &party["Name"])
                );
                assert!(party.get("PartyNumber").is_none());
            }
        }
    }
}

#[tokio::test]
async fn the_customer_is_told_apart_from_any_account() {
    for engine in Engine::ALL {
        let mut world = World::on(engine).await;
        let token = world.token("amelia").await;
        let data = world.data("/party", "", &token).await;
        let mut party = data["Party"].clone();
        let id = party.as_object_mut().unwrap().remove("PartyId").unwrap();
        assert!(id.as_str().unwrap().starts_with("cus_"));
        let expected = json!({
            "Name": "Amelia Hart",
            "FullLegalName": "Amelia Hart",
            "LegalStructure": "UK.OBIE.Individual",
            "EmailAddress": "amelia.hart@example.com",
            "Phone": "+44-2079460101",
            "Mobile": "+44-7700900101",
            "Address": [{
                "AddressType": "HOME",
                "AddressLine": ["12 Bell Yard"],
                "PostCode": "ZX1 4BY",
                "TownName": "Saltmarsh",
                "Country": "GB",
            }],
        });
        assert_eq!(party, expected, "{engine:?}");
        let account = world.account("Household", &token).await;
        let own = world.data("/accounts/{AccountId}/party", &account, &token).await;
        assert_eq!(own["Party"]["PartyId"], id, "the same person");
    }
}

/// Each of the two permissions opens its own resources and not the other's.
#[tokio::test]
async fn the_customer_and_the_holders_are_two_permissions() {
    let world = World::on(Engine::Sqlite).await;
    for (permission, holders, customer) in [("ReadParty", 200, 403), ("ReadPartyPSU", 403, 200)] {
        let intent = world.app.lodge(&json!({"Permissions": ["ReadAccountsBasic", permission]})).await;
        let token = world.app.authorise(&world.bank, "amelia", &intent).await.access;
        let account = world.app.accounts(&token).await.remove(0);
        for (path, status) in [
            (format!("/accounts/{account}/party"), holders),
            (format!("/accounts/{account}/parties"), holders),
            ("/party".to_owned(), customer),
        ] {
            assert_eq!(world.app.answer(&path, &token).await.status, status, "{permission}: {path}");
        }
    }
}

#[tokio::test]
async fn products_are_those_of_the_accounts() {
    for engine in Engine::ALL {
        let mut world = World::on(engine).await;
        let mut bulk = Vec::new();
        for (username, nickname, expected) in [
            (
                "amelia",
                "Everyday",
                json!({"ProductId": "CUR-1", "ProductName": "Classic Account", "ProductType": "PersonalCurrentAccount"}),
            ),
            (
                "amelia",
                "Rainy day",
                json!({"ProductId": "SAV-1", "ProductName": "Instant Saver", "ProductType": "Other",
                "OtherProductType": {"Name": "Instant Saver", "Description": "Savings with money at call: 1.6 % a year, paid monthly"}}),
            ),
            (
                "priya",
                "Studio",
                json!({"ProductId": "BUS-1", "ProductName": "Business Account", "ProductType": "BusinessCurrentAccount"}),
            ),
        ] {
            let token = world.token(username).await;
            let account = world.account(nickname, &token).await;
            let data = world.data("/accounts/{AccountId}/product", &account, &token).await;
            let mut expected = expected;
            expected.as_object_mut().unwrap().insert("AccountId".to_owned(), json!(account));
            assert_eq!(data["Product"], json!([expected]), "{engine:?}");
            let all = world.data("/products", "", &token).await;
            assert!(all["Product"].as_array().unwrap().contains(&expected), "{engine:?}: {all}");
            bulk.push(all["Product"].as_array().unwrap().len());
        }
        assert_eq!(bulk[..2], [3, 3], "{engine:?}: Amelia's three accounts");
    }
}

#[tokio::test]
async fn all_balances_are_those_of_each_account_at_one_moment() {
    for engine in Engine::ALL {
        let mut world = World::on(engine).await;
        let token = world.token("amelia").await;
        let accounts = world.app.accounts(&token).await;
        let before = world.bank.db.statements();
        let bulk = world.data("/balances", "", &token).await;
        let few = world.bank.db.statements() - before;
        let mut single = Vec::new();
        for account in &accounts {
            let one = world.data("/accounts/{AccountId}/balances", account, &token).await;
            single.extend(one["Balance"].as_array().unwrap().clone());
        }
        assert_eq!(bulk["Balance"].as_array().unwrap(), &single, "{engine:?}");
        assert_eq!(single.len(), 2 * accounts.len());
        assert!(few < 10, "{engine:?}: {few} statements");
        // For the chosen accounts only.
        let narrow = world.app.connect_to(&world.bank, "amelia", SCOPE, &accounts[1..2]).await.access;
        let some = world.data("/balances", "", &narrow).await;
        assert!(some["Balance"].as_array().unwrap().iter().all(|line| line["AccountId"] == accounts[1]), "{some}");
    }
}
