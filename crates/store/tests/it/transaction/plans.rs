//! What pages and changes cost: walks along indexes, bounded by the page, wherever it lies and however long the history is.

use crate::engines;
use crate::statements::{plan, postgres, sqlite, statement};

/// The statement with values in place of its parameters.
fn bare(name: &str, values: &[&str]) -> String {
    let places = values.iter().enumerate().rev();
    places.fold(statement(name), |sql, (place, value)| sql.replace(&format!("${}", place + 1), value))
}

/// A statement, what its plan must say on both engines, and how many rows of transactions it may visit.
struct Case {
    name: &'static str,
    values: &'static [&'static str],
    sqlite: &'static [&'static str],
    postgres: &'static [&'static str],
    visits: u64,
}

const ONE: &str =
    "account_transaction_in_order (account_id=? AND (booked_at,sequence)>(?,?) AND (booked_at,sequence)<(?,?))";
const ONE_WAY: &str = "account_transaction_one_way (account_id=? AND way=? AND (booked_at,sequence)>(?,?) AND (booked_at,sequence)<(?,?))";

const CASES: [Case; 12] = [
    Case {
        name: "transaction::older",
        values: &["'acc_3'", "5", "0", "900000", "0", "26"],
        sqlite: &["a USING INDEX sqlite_autoindex_account_1 (id=?)", ONE],
        postgres: &["AND (ROW(booked_at, sequence) > ROW(5, 0)) AND (ROW(booked_at, sequence) < ROW(900000, 0))"],
        visits: 26,
    },
    Case {
        name: "transaction::newer",
        values: &["'acc_3'", "5", "0", "900000", "0", "26"],
        sqlite: &["a USING INDEX sqlite_autoindex_account_1 (id=?)", ONE],
        postgres: &["AND (ROW(booked_at, sequence) > ROW(5, 0)) AND (ROW(booked_at, sequence) < ROW(900000, 0))"],
        visits: 26,
    },
    Case {
        name: "transaction::older_of_all",
        values: &["'con_3'", "'acc_3'", "'cus_3'", "9000", "900000", "0", "0", "0", "0", "26"],
        sqlite: &["c USING PRIMARY KEY (consent_id=? AND account_id<?)", "(account_id=? AND customer_id=?)", ONE],
        postgres: &["(ROW(booked_at, sequence) > ROW(COALESCE((SubPlan"],
        // For each of three accounts: where the page would end, twice, and the page.
        visits: 3 * 3 * 27,
    },
    Case {
        name: "transaction::newer_of_all",
        values: &["'con_3'", "'acc_3'", "'cus_3'", "9000", "0", "0", "0", "900000", "0", "26"],
        sqlite: &["c USING PRIMARY KEY (consent_id=? AND account_id>?)", "(account_id=? AND customer_id=?)", ONE],
        postgres: &["(ROW(booked_at, sequence) < ROW(COALESCE((SubPlan"],
        visits: 3 * 3 * 27,
    },
    // Two credits lie among the debits of each account; PostgreSQL may note where they are before it reads them.
    Case {
        name: "transaction::older_one_way",
        values: &["'acc_3'", "1", "5", "0", "900000", "0", "26"],
        sqlite: &["a USING INDEX sqlite_autoindex_account_1 (id=?)", ONE_WAY],
        postgres: &["AND (ROW(booked_at, sequence) > ROW(5, 0)) AND (ROW(booked_at, sequence) < ROW(900000, 0))"],
        visits: 2 * 2,
    },
    Case {
        name: "transaction::newer_one_way",
        values: &["'acc_3'", "1", "5", "0", "900000", "0", "26"],
        sqlite: &["a USING INDEX sqlite_autoindex_account_1 (id=?)", ONE_WAY],
        postgres: &["AND (ROW(booked_at, sequence) > ROW(5, 0)) AND (ROW(booked_at, sequence) < ROW(900000, 0))"],
        visits: 2 * 2,
    },
    Case {
        name: "transaction::older_of_all_one_way",
        values: &["'con_3'", "'acc_3'", "'cus_3'", "1", "9000", "900000", "0", "0", "0", "0", "26"],
        sqlite: &["c USING PRIMARY KEY (consent_id=? AND account_id<?)", "(account_id=? AND customer_id=?)", ONE_WAY],
        postgres: &["(ROW(booked_at, sequence) > ROW(COALESCE((SubPlan"],
        visits: 3 * 3 * 2 * 2,
    },
    Case {
        name: "transaction::newer_of_all_one_way",
        values: &["'con_3'", "'acc_3'", "'cus_3'", "1", "9000", "0", "0", "0", "900000", "0", "26"],
        sqlite: &["c USING PRIMARY KEY (consent_id=? AND account_id>?)", "(account_id=? AND customer_id=?)", ONE_WAY],
        postgres: &["(ROW(booked_at, sequence) < ROW(COALESCE((SubPlan"],
        visits: 3 * 3 * 2 * 2,
    },
    Case {
        name: "transaction::range",
        values: &["5", "900000", "'con_3'", "''", "'~'", "'cus_3'"],
        sqlite: &["account_transaction_in_order (account_id=? AND booked_at>? AND booked_at<?)"],
        postgres: &[],
        visits: 2 * 3 * 2,
    },
    // What is as it is, what has changed since, what vanished.
    Case {
        name: "transaction::changes",
        values: &["15000", "5", "900000", "-9000", "9000", "'acc_3'", "15000", "20000", "26", "20000"],
        sqlite: &[
            "account_transaction_by_change (account_id=? AND last_change>? AND last_change<?)",
            "transaction_past_of (account_id=? AND id=? AND until_change>?)",
            "sqlite_autoindex_transaction_past_1 (account_id=? AND since_change>? AND since_change<?)",
            "transaction_past_by_end (account_id=? AND until_change>? AND until_change<?)",
        ],
        postgres: &["account_transaction_by_change on account_transaction", "transaction_past_by_end"],
        visits: 26,
    },
    Case {
        name: "transaction::changes",
        values: &["25500", "5", "900000", "-9000", "9000", "'acc_3'", "25500", "30000", "26", "45000"],
        sqlite: &[
            "account_transaction_by_change (account_id=? AND last_change>? AND last_change<?)",
            "transaction_past_of (account_id=? AND id=? AND until_change>?)",
            "sqlite_autoindex_transaction_past_1 (account_id=? AND since_change>? AND since_change<?)",
            "transaction_past_by_end (account_id=? AND until_change>? AND until_change<?)",
        ],
        postgres: &["account_transaction_by_change on account_transaction", "transaction_past_by_end"],
        visits: 26,
    },
    // Forty changes, half of them of something that vanished; the rest is looked up for each.
    Case {
        name: "transaction::changes",
        values: &["41000", "5", "900000", "-9000", "9000", "'acc_3'", "41000", "41200", "26", "60000"],
        sqlite: &[
            "account_transaction_by_change (account_id=? AND last_change>? AND last_change<?)",
            "transaction_past_of (account_id=? AND id=? AND until_change>?)",
            "sqlite_autoindex_transaction_past_1 (account_id=? AND since_change>? AND since_change<?)",
            "transaction_past_by_end (account_id=? AND until_change>? AND until_change<?)",
        ],
        postgres: &["account_transaction_by_change on account_transaction", "transaction_past_by_end"],
        visits: 5 * 40,
    },
];

#[tokio::test]
async fn every_page_walks_indexes_and_reads_no_more_than_it_needs() {
    let [file, server] = &engines::fresh().await[..] else { unreachable!() };
    let (file, server) = (sqlite(file), postgres(server).await);
    server.batch_execute(FILL).await.unwrap();
    for Case { name, values, sqlite, postgres, visits } in CASES {
        let bare = bare(name, values);
        let plan = plan(&file, name);
        for step in sqlite {
            assert!(plan.contains(step), "{name} has no {step}:\n{plan}");
        }
        let made = |line: &&str| {
            line.starts_with("SCAN")
                && !["SCAN r", "SCAN e", "SCAN as_it_is", "SCAN as_it_was", "SCAN gone"].contains(line)
        };
        assert_eq!(plan.lines().filter(made).count(), 0, "{name}:\n{plan}");
        assert!(!plan.contains("TEMP B-TREE"), "{name}:\n{plan}");

        let rows = server.query(&format!("EXPLAIN (ANALYZE, TIMING OFF) {bare}"), &[]).await.unwrap();
        let plan: Vec<_> = rows.iter().map(|row| row.get::<_, String>(0)).collect();
        let text = plan.join("\n");
        for step in postgres {
            assert!(text.contains(step), "{name} has no {step}:\n{text}");
        }
        let steps: Vec<_> = plan
            .iter()
            .filter(|line| line.contains(" on account_transaction") || line.contains(" on transaction_past"))
            .collect();
        assert!(!steps.iter().any(|step| step.contains("Seq Scan")), "{name}:\n{text}");
        let seen: u64 = steps.iter().map(|step| visited(step)).sum();
        assert!((1..=visits).contains(&seen), "{name} visits {seen} rows:\n{text}");
    }
}

/// In a database that nobody has looked through yet, as it is in the middle of its first import.
#[tokio::test]
async fn running_balances_of_a_new_account_meet_each_row_once() {
    let [file, server] = &engines::fresh().await[..] else { unreachable!() };
    let bare = bare("transaction::recompute_balances", &["'acc_3'"]);
    let file = sqlite(file);
    let plan = plan(&file, "transaction::recompute_balances");
    assert!(
        plan.contains("SEARCH account_transaction USING INDEX sqlite_autoindex_account_transaction_1 (id=?)"),
        "{plan}"
    );
    let server = postgres(server).await;
    server.batch_execute(FILL.trim_end().trim_end_matches("ANALYZE;")).await.unwrap();
    let rows = server.query(&format!("EXPLAIN {bare}"), &[]).await.unwrap();
    let plan = rows.iter().map(|row| row.get::<_, String>(0)).collect::<Vec<_>>().join("\n");
    assert!(plan.contains("account_transaction_pkey") || plan.contains("Hash Join"), "{plan}");
    assert!(!plan.contains("Join Filter"), "{plan}");
}

/// How many rows a step gave in all its rounds.
fn visited(step: &str) -> u64 {
    let number = |name: &str| -> u64 {
        let rest = step.rsplit_once(name).map_or("0", |(_, rest)| rest);
        rest.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap()
    };
    number("actual rows=") * number("loops=")
}

/// Five accounts with four thousand transactions each, three of them customer 3's, and some past for each.
const FILL: &str = "
    SET session_replication_role = replica;
    INSERT INTO account (id, source, currency, category, kind, status, opened_on, booked_minor, pending_minor, next_sequence, sealed, content)
        SELECT 'acc_' || n, 'a' || n, 'GBP', 'Personal', 'CurrentAccount', 'Enabled', '2020-01-01', 0, 0, 1, '', ''
        FROM generate_series(1, 500) AS n;
    INSERT INTO account_holder SELECT 'acc_' || n, 'cus_' || (CASE WHEN n IN (2, 3, 4) THEN 3 ELSE 1000 + n END), 'owner'
        FROM generate_series(1, 500) AS n;
    INSERT INTO consent_account SELECT 'con_' || (CASE WHEN n IN (2, 3, 4) THEN 3 ELSE 1000 + n END), 'acc_' || n
        FROM generate_series(1, 500) AS n;
    INSERT INTO account_transaction (id, source, account_id, sequence, status, booked_at, amount_minor, sealed, content, added_change,
            last_change, way)
        SELECT 'txn_' || n, 't' || n, 'acc_' || (n % 5 + 1), n, 'booked', n, CASE WHEN n BETWEEN 4001 AND 4010 THEN n ELSE -1 - n % 1000 END, '', sha256(n::TEXT::BYTEA), n, n,
            CASE WHEN n BETWEEN 4001 AND 4010 THEN 1 ELSE -1 END
        FROM generate_series(1, 20000) AS n;
    INSERT INTO transaction_past (account_id, since_change, until_change, removed, id, source, sequence, status, booked_at, amount_minor,
            sealed, content)
        SELECT 'acc_' || (n % 5 + 1), 20000 + n, 40000 + n, n % 2, 'pas_' || n, 'p' || n, n, 'pending', n, -n % 1000, '', sha256(n::TEXT::BYTEA)
        FROM generate_series(1, 10000) AS n;
    ANALYZE;
";
