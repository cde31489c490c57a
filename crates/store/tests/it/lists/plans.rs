//! A page walks indexes, sorts no more than a page of each account, and reads no more rows than that however long the lists are.

use crate::engines;
use crate::statements::{plan, postgres, sqlite, statement};

/// Each list: its table, and the rest of a row after the account.
const LISTS: [(&str, &str); 5] = [
    ("beneficiary", "'Ordinary', '', ''"),
    ("direct_debit", "'Active', 'Monthly', NULL, NULL, '', ''"),
    ("offer", "'Other', NULL, NULL, NULL, '', ''"),
    ("scheduled_payment", "'2025-01-01', 'Execution', 100, '', ''"),
    ("standing_order", "100, 'Monthly', '', ''"),
];

/// The statement with values in place of its parameters: a page of a customer's three accounts, from within the long one.
fn bare(noun: &str, way: &str, edge: &str) -> String {
    let (low, high) = if way == "later" { ("acc_0003", "~") } else { ("", "acc_0003") };
    let text = |value: &str| format!("'{value}'");
    let values = [text("con_3"), text(low), text(high), text("cus_3"), text(edge), LIMIT.to_string()];
    let places = values.iter().enumerate().rev();
    places.fold(statement(&format!("{noun}::{way}")), |sql, (place, value)| {
        sql.replace(&format!("${}", place + 1), value)
    })
}

#[tokio::test]
async fn a_page_walks_its_index() {
    let [file, server] = &engines::fresh().await[..] else { unreachable!() };
    let (file, server) = (sqlite(file), postgres(server).await);
    server.batch_execute(PEOPLE).await.unwrap();
    for (noun, rest) in LISTS {
        server.batch_execute(&fill(noun, rest)).await.unwrap();
        for (way, sign) in [("later", '>'), ("earlier", '<')] {
            let bare = bare(noun, way, &format!("{noun}_0000010000"));
            let plan = plan(&file, &format!("{noun}::{way}"));
            for step in [
                "c USING PRIMARY KEY (consent_id=? AND account_id>? AND account_id<?)".to_owned(),
                "(account_id=? AND customer_id=?)".to_owned(),
                format!("USING INDEX {noun}_by_account (account_id=? AND id>? AND id<?)"),
                format!("i USING COVERING INDEX {noun}_by_account (account_id=? AND id{sign}?)"),
            ] {
                assert!(plan.contains(&step), "{noun}::{way} has no {step}:\n{plan}");
            }
            let scans = plan.lines().filter(|line| line.starts_with("SCAN") && *line != "SCAN CONSTANT ROW");
            assert_eq!(scans.count(), 0, "{noun}::{way}:\n{plan}");
            assert!(!plan.contains("TEMP B-TREE"), "{noun}::{way}:\n{plan}");

            let rows = server.query(&format!("EXPLAIN (ANALYZE, TIMING OFF) {bare}"), &[]).await.unwrap();
            let plan: Vec<_> = rows.iter().map(|row| row.get::<_, String>(0)).collect();
            let text = plan.join("\n");
            assert!(!text.contains("Seq Scan"), "{noun}::{way}:\n{text}");
            let steps: Vec<_> =
                plan.iter().filter(|line| line.contains(&format!("{noun}_by_account on {noun} "))).collect();
            assert_eq!(steps.len(), 2, "{noun}::{way}:\n{text}");
            for step in steps {
                assert!(step.contains("Index Scan") || step.contains("Index Only Scan"), "{noun}::{way}:\n{text}");
                // One account at least, and the whole page of each at most.
                assert!((LIMIT..=3 * LIMIT).contains(&visited(step)), "{noun}::{way}:\n{text}");
            }
            assert!(text.contains("(id <= (SubPlan") || text.contains("(id >= (SubPlan"), "{noun}::{way}:\n{text}");
        }
    }
}

/// How many rows a step gave in all its rounds, a little more because PostgreSQL tells the rounded mean of a round.
fn visited(step: &str) -> u64 {
    let number = |name: &str| -> u64 {
        let rest = step.rsplit_once(name).unwrap().1;
        rest.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap()
    };
    (number("actual rows=") + 1) * number("loops=")
}

/// Rows of a page.
const LIMIT: u64 = 101;

/// A thousand accounts, three of them customer 3's.
const PEOPLE: &str = "
    SET session_replication_role = replica;
    INSERT INTO account SELECT 'acc_' || LPAD(n::TEXT, 4, '0'), 'a' || n, 'GBP', 'Personal', 'CurrentAccount', 'Enabled', '2020-01-01',
        NULL, 0, 0, 1, '', '' FROM generate_series(1, 1000) AS n;
    INSERT INTO account_holder SELECT 'acc_' || LPAD(n::TEXT, 4, '0'), 'cus_' || (n % 333), 'owner' FROM generate_series(1, 1000) AS n;
    INSERT INTO consent_account SELECT 'con_' || (n % 333), 'acc_' || LPAD(n::TEXT, 4, '0') FROM generate_series(1, 1000) AS n;
";

/// Ten entries for each account, and many thousands for one.
fn fill(noun: &str, rest: &str) -> String {
    let rows = |source: &str, of: &str, from: u32, to: u32| {
        format!(
            "INSERT INTO {noun} SELECT '{noun}_' || LPAD(n::TEXT, 10, '0'), '{source}' || n, {of}, {rest}
            FROM generate_series({from}, {to}) AS n;"
        )
    };
    let each = rows("s", "'acc_' || LPAD((n % 1000 + 1)::TEXT, 4, '0')", 100_001, 110_000);
    let one = rows("m", "'acc_0003'", 1, 20_000);
    format!("{each} {one} ANALYZE;")
}
