//! What a crash may have left: no half of anything, and every change on record.

use std::collections::BTreeSet;

use super::look::Look;
use crate::story::Sandbox;

/// Nothing in the database is half-made.
pub(crate) async fn check(sandbox: &Sandbox) {
    let look = Look::into(sandbox).await;
    assert_eq!(look.faults(), [""; 0]);
    for (what, query) in HALVES {
        let halves = look.texts(query).await;
        assert!(halves.is_empty(), "{what}: {halves:?}");
    }
}

/// Every one of these calls has its entry.
pub(crate) async fn every_read_is_on_record(sandbox: &Sandbox, reads: &[String]) {
    let recorded = Look::into(sandbox).await.texts("SELECT interaction FROM record WHERE event = 'data.read'").await;
    let recorded: BTreeSet<_> = recorded.iter().collect();
    let missing: Vec<_> = reads.iter().filter(|read| !recorded.contains(read)).collect();
    assert!(missing.is_empty(), "{} of {} reads are not on record: {missing:?}", missing.len(), reads.len());
}

/// What must not be, and what finds it.
const HALVES: [(&str, &str); 6] = [
    (
        "apps without their entry on record",
        "SELECT id FROM client WHERE id NOT IN (SELECT client_id FROM record WHERE event = 'client.registered')",
    ),
    (
        "entries on record of apps that are not there",
        "SELECT client_id FROM record WHERE event = 'client.registered' AND client_id NOT IN (SELECT id FROM client)",
    ),
    (
        "allowed consents without accounts, history, grant or entry",
        "SELECT id FROM consent WHERE status = 'authorised' AND NOT (
            EXISTS (SELECT 1 FROM consent_account a WHERE a.consent_id = consent.id)
            AND EXISTS (SELECT 1 FROM consent_history h WHERE h.consent_id = consent.id AND h.status = consent.status)
            AND EXISTS (SELECT 1 FROM consent_grant g WHERE g.consent_id = consent.id)
            AND EXISTS (SELECT 1 FROM record WHERE event = 'consent.authorised' AND record.consent_id = consent.id))",
    ),
    (
        "entries of allowed consents that are not there",
        "SELECT consent_id FROM record WHERE event = 'consent.authorised' AND consent_id NOT IN (SELECT id FROM consent)",
    ),
    (
        "used codes that gave no tokens, or whose tokens are not on record",
        "SELECT grant_id FROM code WHERE used_at IS NOT NULL AND NOT (
            EXISTS (SELECT 1 FROM access_token t WHERE t.grant_id = code.grant_id)
            AND EXISTS (SELECT 1 FROM refresh_token t WHERE t.grant_id = code.grant_id)
            AND EXISTS (SELECT 1 FROM consent_grant g JOIN record ON record.consent_id = g.consent_id
                        WHERE g.id = code.grant_id AND record.event = 'token.issued'))",
    ),
    (
        "tokens of codes that were not used",
        "SELECT grant_id FROM code WHERE used_at IS NULL
            AND (grant_id IN (SELECT grant_id FROM access_token) OR grant_id IN (SELECT grant_id FROM refresh_token))",
    ),
];
