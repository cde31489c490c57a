//! What looks into the record walks an index, so that it does not cost more when the record has grown.

use crate::engines;
use crate::statements::{plan, postgres, sqlite, statement};

/// Statements, values for their placeholders, and the indexes that SQLite and PostgreSQL walk.
const PLANS: [(&str, &[&str], &str, &str); 7] = [
    (
        "audit::of_subject",
        &["'cli_3'", "4000", "16000", "0", "0", "99999", "50"],
        "SEARCH span USING PRIMARY KEY",
        "audit_subject_pkey",
    ),
    ("audit::spans_of_subject", &["'cli_3'", "10", "16000", "64"], "PRIMARY KEY", "audit_subject_pkey"),
    ("audit::of_all", &["0", "19000", "0", "99999", "50"], "INTEGER PRIMARY KEY", "audit_pkey"),
    (
        "audit::accesses",
        &["'cus_3'", "10", "16000", "0", "99999", "50"],
        "SEARCH span USING PRIMARY KEY",
        "audit_subject_pkey",
    ),
    ("audit::span_at", &["10000"], "audit_span_by_time", "audit_span_by_time"),
    ("audit::chained_after", &["10000", "100"], "INTEGER PRIMARY KEY", "audit_pkey"),
    ("audit::checkpoints_after", &["10000", "100"], "INTEGER PRIMARY KEY", "audit_checkpoint_pkey"),
];

#[tokio::test]
async fn looking_into_the_record_walks_an_index() {
    let [file, server] = &engines::fresh().await[..] else { unreachable!() };
    let (file, server) = (sqlite(file), postgres(server).await);
    server.batch_execute(FILL).await.unwrap();
    for (name, values, lite, large) in PLANS {
        let places = values.iter().enumerate().rev();
        let bare = places.fold(statement(name), |sql, (place, value)| sql.replace(&format!("${}", place + 1), value));
        let plan = plan(&file, name);
        assert!(plan.contains(lite) && !plan.contains("SCAN audit"), "{name} on SQLite: {plan}");
        if !["audit::accesses", "audit::of_subject"].contains(&name) {
            assert!(!plan.contains("TEMP B-TREE"), "{name} on SQLite: {plan}");
        }
        let rows = server.query(&format!("EXPLAIN {bare}"), &[]).await.unwrap();
        let plan = rows.iter().map(|row| row.get::<_, String>(0)).collect::<Vec<_>>().join("\n");
        assert!(plan.contains(large), "{name} on PostgreSQL: {plan}");
        assert!(
            !plan.contains("Seq Scan on audit \n") && !plan.contains("Seq Scan on audit  "),
            "{name} on PostgreSQL: {plan}"
        );
    }
}

/// Enough rows for PostgreSQL's planner to care.
const FILL: &str = "
    INSERT INTO audit (position, id, at, event, outcome, client_id, customer_id, consent_id, mac, hash)
        SELECT n, 'aud_' || LPAD(n::TEXT, 8, '0'), n, 'data.read', 'done', 'cli_' || (n % 1000), 'cus_' || (n % 1000),
            'con_' || (n % 1000), '', ''
        FROM generate_series(1, 20000) AS n;
    INSERT INTO audit_span SELECT n * 20, n * 20 - 19, n FROM generate_series(1, 1000) AS n;
    INSERT INTO audit_subject SELECT 'cli_' || (m % 1000), n * 20, n * 20 - 19
        FROM generate_series(1, 1000) AS n, generate_series(n * 20 - 19, n * 20) AS m;
    INSERT INTO audit_subject SELECT 'cus_' || (m % 1000), n * 20, n * 20 - 19
        FROM generate_series(1, 1000) AS n, generate_series(n * 20 - 19, n * 20) AS m;
    INSERT INTO audit_checkpoint SELECT n, n, '' FROM generate_series(1, 20000) AS n;
    ANALYZE;
";
