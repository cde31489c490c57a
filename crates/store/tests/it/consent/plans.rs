//! What looks for consents walks an index, so that it does not cost more when the bank has more of them.

use crate::engines;
use crate::statements::{plan, postgres, sqlite, statement};

/// Statements, values for their placeholders, and the indexes that SQLite and PostgreSQL may walk.
const PLANS: [(&str, &[&str], &[&str]); 14] = [
    ("consent::over", &["500", "100"], &["consent_by_end"]),
    ("consent::waiting_since", &["500", "100"], &["consent_waiting", "consent_by_end"]),
    ("consent::signed_in_until", &["500", "100"], &["consent_by_answer"]),
    ("consent::waiting_of_client", &["'cli_3'", "100"], &["consent_waiting_of_client"]),
    ("consent::of_client", &["'cli_3'", "100"], &["consent_by_client"]),
    ("consent::forget_ended", &["500", "100"], &["consent_ended"]),
    ("consent::forget_never_given", &["500", "100"], &["consent_ended"]),
    ("token::forget_access", &["500", "100"], &["access_token_by_end"]),
    ("token::forget_refresh", &["500", "100"], &["refresh_token_by_end"]),
    ("grant::forget_codes", &["500", "100"], &["code_by_end"]),
    ("session::forget", &["500", "100"], &["session_by_use"]),
    ("session::forget_failures", &["500", "100"], &["sign_in_throttle_by_use"]),
    ("client::known_with_skeleton", &["'s77'", "'cli_3'", "'s3'", "5"], &["client_by_skeleton"]),
    ("logo::due", &["5", "20"], &["client_logo_due"]),
];

#[tokio::test]
async fn looking_for_consents_walks_an_index() {
    let [file, server] = &engines::fresh().await[..] else { unreachable!() };
    let (file, server) = (sqlite(file), postgres(server).await);
    server.batch_execute(FILL).await.unwrap();
    for (name, values, indexes) in PLANS {
        let places = values.iter().enumerate().rev();
        let bare = places.fold(statement(name), |sql, (place, value)| sql.replace(&format!("${}", place + 1), value));
        let plan = plan(&file, name);
        assert!(indexes.iter().any(|index| plan.contains(&format!("INDEX {index} "))), "{name} on SQLite: {plan}");
        assert!(!plan.contains("SCAN c") && !plan.contains("SCAN consent\n"), "{name} on SQLite: {plan}");

        let rows = server.query(&format!("EXPLAIN {bare}"), &[]).await.unwrap();
        let plan = rows.iter().map(|row| row.get::<_, String>(0)).collect::<Vec<_>>().join("\n");
        assert!(indexes.iter().any(|index| plan.contains(index)), "{name} on PostgreSQL: {plan}");
        assert!(!plan.contains("Seq Scan on consent"), "{name} on PostgreSQL: {plan}");
    }
}

/// Enough rows for PostgreSQL's planner to care.
const FILL: &str = "
    INSERT INTO client (id, status, metadata, sector, created_at, secret_digest, registration_digest, skeleton, logo_due_at)
        SELECT 'cli_' || n, 'active', '{}', 's', 0, '', '', 's' || n, CASE WHEN n < 900 THEN n END FROM generate_series(1, 1000) AS n;
    INSERT INTO consent (id, client_id, status, permissions, expires_at, created_at, changed_at)
        SELECT 'con_' || n, 'cli_' || (n % 1000 + 1),
            CASE WHEN n % 9 = 0 THEN 'awaiting' WHEN n % 7 = 0 THEN 'authorised' ELSE 'deleted' END,
            'balances', n, n, n
        FROM generate_series(1, 20000) AS n;
    INSERT INTO customer (id, source, username_index, totp_step, sealed, content) VALUES ('cus_1', 's', '', 0, '', '');
    INSERT INTO consent_grant (id, consent_id, client_id, customer_id, scope, signed_in_at, created_at)
        SELECT 'grt_' || n, 'con_' || n, 'cli_' || (n % 1000 + 1), 'cus_1', 'accounts', n, n FROM generate_series(1, 20000) AS n;
    INSERT INTO access_token (id, client_id, grant_id, scope, issued_at, expires_at)
        SELECT 'tok_' || n, 'cli_1', 'grt_' || n, 'accounts', n, n FROM generate_series(1, 20000) AS n;
    INSERT INTO refresh_token (digest, client_id, grant_id, issued_at, expires_at)
        SELECT CAST('r' || n AS bytea), 'cli_1', 'grt_' || n, n, n FROM generate_series(1, 20000) AS n;
    INSERT INTO code (digest, client_id, grant_id, redirect_uri, expires_at)
        SELECT CAST('c' || n AS bytea), 'cli_1', 'grt_' || n, 'u', n FROM generate_series(1, 20000) AS n;
    INSERT INTO session (digest, customer_id, signed_in_at, seen_at)
        SELECT CAST('s' || n AS bytea), 'cus_1', n, n FROM generate_series(1, 20000) AS n;
    INSERT INTO sign_in_throttle (subject, failures, locks, locked_until, counted_at)
        SELECT CAST('t' || n AS bytea), 0, 0, 0, n FROM generate_series(1, 20000) AS n;
    ANALYZE;
";
