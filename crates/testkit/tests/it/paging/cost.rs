//! What a call costs the database: the same for a long account and a short one, for one account and for five.

use lombard_testkit::Engine;

use super::{FEW, Long, MANY, SCOPE, rows};

#[tokio::test]
async fn a_call_costs_the_same_for_any_size() {
    for engine in Engine::ALL {
        let long = Long::on(engine).await;
        let single = long.app.connect(&long.bank, "single", SCOPE).await.access;
        let five = long.app.connect(&long.bank, "five", SCOPE).await.access;
        let (many, few) = (long.list(), format!("/accounts/{}/transactions", long.few));
        assert_eq!(rows(&long.page(&few).await).len(), FEW);
        let middle = long.page(&many).await["Links"]["Next"].as_str().unwrap().to_owned();

        let page = long.cost(&few, &long.token).await;
        for (what, path) in [("the first page", &many), ("a page in the middle", &middle)] {
            assert_eq!(long.cost(path, &long.token).await, page, "{engine:?}: {what} of {MANY} and a page of {FEW}");
        }
        assert_eq!((long.app.accounts(&single).await.len(), long.app.accounts(&five).await.len()), (1, 5));
        let accounts = long.cost("/accounts", &single).await;
        assert_eq!(long.cost("/accounts", &five).await, accounts, "{engine:?}: five accounts and one");
        let bulk = long.cost("/transactions", &long.token).await;
        for token in [&single, &five] {
            assert_eq!(long.cost("/transactions", token).await, bulk, "{engine:?}: the accounts of another customer");
        }
        println!(
            "{engine:?}: a page of transactions takes {page} statements, one of all accounts {bulk}, the list of accounts {accounts}"
        );
        assert!(
            page <= PAGE_MAX && bulk <= PAGE_MAX && accounts <= ACCOUNTS_MAX,
            "{engine:?}: {page}, {bulk} and {accounts}"
        );
    }
}

impl Long {
    async fn cost(&self, path: &str, token: &str) -> u64 {
        let before = self.bank.db.statements();
        self.app.read(path, token).await;
        self.bank.db.statements() - before
    }
}

/// The gate's check, its entry on record, the rows, and between which moments there are some.
const PAGE_MAX: u64 = 4;
/// The gate's check, its entry on record, and the rows.
const ACCOUNTS_MAX: u64 = 3;
