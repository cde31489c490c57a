//! What looks into the record walks an index, so that it does not cost more when the record has grown.

use crate::engines;
use crate::statements::{postgres, sqlite, statement};

/// Statements, values for their placeholders, and the indexes that SQLite and PostgreSQL walk.
const PLANS: [(&str, &[&str], &str, &str); 8] = [
    ("audit::of_client", &["'cli_3'", "'aud_00000100'", "'aud_00019000'", "50"], "audit_by_client", "audit_by_client"),
    (
        "audit::of_consent",
        &["'con_3'", "'aud_00000100'", "'aud_00019000'", "50"],
        "audit_by_consent",
        "audit_by_consent",
    ),
    (
        "audit::of_customer",
        &["'cus_3'", "'aud_00000100'", "'aud_00019000'", "50"],
        "audit_by_customer",
        "audit_by_customer",
    ),
    ("audit::of_all", &["'aud_00000100'", "'aud_00019000'", "50"], "sqlite_autoindex_audit_1", "audit_id_key"),
    (
        "audit::accesses",
        &["'cus_3'", "'aud_00000100'", "'aud_00019000'", "50"],
        "audit_by_customer",
        "audit_by_customer",
    ),
    ("audit::first_position_from", &["'aud_00010000'"], "sqlite_autoindex_audit_1", "audit_id_key"),
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
        let mut explained = file.prepare(&format!("EXPLAIN QUERY PLAN {bare}")).unwrap();
        let rows = explained.query_map([], |row| row.get(3)).unwrap();
        let plan = rows.map(Result::unwrap).collect::<Vec<String>>().join("\n");
        assert!(plan.contains(lite) && !plan.contains("SCAN audit"), "{name} on SQLite: {plan}");
        if name != "audit::accesses" {
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
    INSERT INTO audit_checkpoint SELECT n, n, '' FROM generate_series(1, 20000) AS n;
    ANALYZE;
";
