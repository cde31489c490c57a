//! What statements cost: a page walks its index and reads no more than itself of each account; a statement is summed up from the rows
//! of its own days and the one before them.

use crate::engines;
use crate::statements::{plan, postgres, sqlite, statement};

/// The statement with values in place of its parameters.
fn bare(name: &str, values: &[&str]) -> String {
    let places = values.iter().enumerate().rev();
    places.fold(statement(name), |sql, (place, value)| sql.replace(&format!("${}", place + 1), value))
}

#[tokio::test]
async fn a_page_walks_its_index() {
    let [file, server] = &engines::fresh().await[..] else { unreachable!() };
    let (file, server) = (sqlite(file), postgres(server).await);
    server.batch_execute(FILL).await.unwrap();
    let (older, newer) = ("'1900-01-01'", "'2100-01-01'");
    for (name, low, high, begin, open, end) in [
        ("statement::older", "'acc_0003'", "'~'", newer, "'~'", older),
        ("statement::newer", "''", "'acc_0003'", older, "''", newer),
    ] {
        let edge = ["'acc_0003'", "'2000-01-01'"];
        let values = ["'con_3'", low, high, "'cus_3'", edge[0], edge[1], begin, "'stm_5'", open, end, "101"];
        let bare = bare(name, &values);
        let plan = plan(&file, name);
        for step in [
            "c USING PRIMARY KEY (consent_id=? AND account_id>? AND account_id<?)",
            "(account_id=? AND customer_id=?)",
            "s USING INDEX statement_by_account (account_id=? AND ",
            "i USING INDEX statement_by_account (account_id=? AND ",
        ] {
            assert!(plan.contains(step), "{name} has no {step}:\n{plan}");
        }
        let scans = plan.lines().filter(|line| line.starts_with("SCAN") && *line != "SCAN CONSTANT ROW");
        assert_eq!(scans.count(), 0, "{name}:\n{plan}");
        assert!(!plan.contains("TEMP B-TREE"), "{name}:\n{plan}");

        let rows = server.query(&format!("EXPLAIN (ANALYZE, TIMING OFF) {bare}"), &[]).await.unwrap();
        let plan: Vec<_> = rows.iter().map(|row| row.get::<_, String>(0)).collect();
        let text = plan.join("\n");
        assert!(!text.contains("Seq Scan"), "{name}:\n{text}");
        let steps: Vec<_> = plan.iter().filter(|line| line.contains("statement_by_account on statement ")).collect();
        assert_eq!(steps.len(), 2, "{name}:\n{text}");
        for step in steps {
            // The page of each account at most, and whatever else ends on the day on which it ends.
            assert!((101..=3 * 103).contains(&visited(step)), "{name}:\n{text}");
        }
    }
}

#[tokio::test]
async fn figures_are_made_from_the_days_of_the_statement_alone() {
    let [file, server] = &engines::fresh().await[..] else { unreachable!() };
    let (file, server) = (sqlite(file), postgres(server).await);
    server.batch_execute(FILL).await.unwrap();
    let values = [
        "'stm_x'",
        "'x'",
        "'acc_0003'",
        "'Interim'",
        "NULL",
        "'2000-01-01'",
        "'2000-01-02'",
        "'2000-01-03'",
        "''",
        "15000",
        "15050",
    ];
    let bare = bare("statement::add_missing", &values);
    let plan = plan(&file, "statement::add_missing");
    for step in [
        "account_transaction USING INDEX account_transaction_in_order (account_id=? AND booked_at>? AND booked_at<?)",
        "account_transaction USING INDEX account_transaction_in_order (account_id=? AND booked_at<?)",
    ] {
        assert!(plan.contains(step), "no {step}:\n{plan}");
    }
    assert!(!plan.contains("SCAN account_transaction") && !plan.contains("TEMP B-TREE"), "{plan}");

    let rows = server.query(&format!("EXPLAIN (ANALYZE, TIMING OFF) {bare}"), &[]).await.unwrap();
    let plan: Vec<_> = rows.iter().map(|row| row.get::<_, String>(0)).collect();
    let text = plan.join("\n");
    let steps: Vec<_> = plan.iter().filter(|line| line.contains(" on account_transaction")).collect();
    assert!(!text.contains("Seq Scan"), "{text}");
    let seen: u64 = steps.iter().map(|step| visited(step)).sum();
    // The index and the table may count the same rows, each once.
    assert!((50..130).contains(&seen), "{seen} rows:\n{text}");
}

/// How many rows a step gave in all its rounds, a little more because PostgreSQL tells the rounded mean of a round.
fn visited(step: &str) -> u64 {
    let number = |name: &str| -> u64 {
        let rest = step.rsplit_once(name).map_or("0", |(_, rest)| rest);
        rest.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap()
    };
    (number("actual rows=") + 1) * number("loops=")
}

/// A thousand accounts, three of them customer 3's, with statements over a hundred years; one has many, and a long history.
const FILL: &str = "
    SET session_replication_role = replica;
    INSERT INTO account (id, source, currency, category, kind, status, opened_on, booked_minor, pending_minor, next_sequence, sealed, content)
        SELECT 'acc_' || LPAD(n::TEXT, 4, '0'), 'a' || n, 'GBP', 'Personal', 'CurrentAccount', 'Enabled', '2020-01-01', 0, 0, 1, '', ''
        FROM generate_series(1, 1000) AS n;
    INSERT INTO account_holder SELECT 'acc_' || LPAD(n::TEXT, 4, '0'), 'cus_' || (CASE WHEN n IN (2, 3, 4) THEN 3 ELSE 1000 + n END), 'owner'
        FROM generate_series(1, 1000) AS n;
    INSERT INTO consent_account SELECT 'con_' || (CASE WHEN n IN (2, 3, 4) THEN 3 ELSE 1000 + n END), 'acc_' || LPAD(n::TEXT, 4, '0')
        FROM generate_series(1, 1000) AS n;
    INSERT INTO statement (id, source, account_id, kind, from_day, to_day, made_on, opening_minor, closing_minor, in_minor, out_minor, content)
        SELECT 'stm_' || n, 's' || n, 'acc_' || LPAD((n % 1000 + 1)::TEXT, 4, '0'), 'Interim', day, day, day, 0, 0, 0, 0, ''
        FROM (SELECT n, (DATE '1950-01-01' + n / 4)::TEXT AS day FROM generate_series(1, 60000) AS n) AS many;
    INSERT INTO statement (id, source, account_id, kind, from_day, to_day, made_on, opening_minor, closing_minor, in_minor, out_minor, content)
        SELECT 'stm_m' || n, 'm' || n, 'acc_0003', 'Interim', day, day, day, 0, 0, 0, 0, ''
        FROM (SELECT n, (DATE '1950-01-01' + n)::TEXT AS day FROM generate_series(1, 30000) AS n) AS many;
    INSERT INTO account_transaction (id, source, account_id, sequence, status, booked_at, amount_minor, balance_minor, sealed, content, last_change)
        SELECT 'txn_' || n, 't' || n, 'acc_' || LPAD((n % 5 + 1)::TEXT, 4, '0'), n, 'booked', n / 5, -n % 1000, 0, '', '', n
        FROM generate_series(1, 100000) AS n;
    ANALYZE;
";
