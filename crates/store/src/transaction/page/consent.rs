//! The statements for pages of all accounts of a consent; [`super`] says how they walk.

/// The next older ones: consent, account to begin at, customer, where to begin there and elsewhere (moments, then numbers), low
/// place, how many.
pub(super) const fn older_of_all() -> &'static str {
    "-- transaction::older_of_all
    SELECT t.id, t.source, t.sequence, t.status, t.booked_at, t.value_at, t.amount_minor, t.family, t.sub_family,
        t.balance_minor, t.sealed, t.account_id, a.currency
    FROM consent_account c CROSS JOIN account_holder h CROSS JOIN account a CROSS JOIN account_transaction t
    WHERE c.consent_id = $1 AND c.account_id <= $2
        AND h.account_id = c.account_id AND h.customer_id = $3 AND a.id = c.account_id AND a.status = 'Enabled'
        AND t.account_id = c.account_id || ''
        AND (t.booked_at, t.sequence) < (
            CASE WHEN c.account_id = $2 THEN CAST($4 AS BIGINT) ELSE $5 END,
            CASE WHEN c.account_id = $2 THEN CAST($6 AS BIGINT) ELSE $7 END)
        AND (t.booked_at, t.sequence) > (
            COALESCE((
                SELECT n.booked_at FROM account_transaction n
                WHERE n.account_id = c.account_id AND (n.booked_at, n.sequence) > ($8, $9)
                    AND (n.booked_at, n.sequence) < (
                        CASE WHEN c.account_id = $2 THEN $4 ELSE $5 END, CASE WHEN c.account_id = $2 THEN $6 ELSE $7 END)
                ORDER BY n.booked_at DESC, n.sequence DESC LIMIT 1 OFFSET $10), $8),
            COALESCE((
                SELECT n.sequence FROM account_transaction n
                WHERE n.account_id = c.account_id AND (n.booked_at, n.sequence) > ($8, $9)
                    AND (n.booked_at, n.sequence) < (
                        CASE WHEN c.account_id = $2 THEN $4 ELSE $5 END, CASE WHEN c.account_id = $2 THEN $6 ELSE $7 END)
                ORDER BY n.booked_at DESC, n.sequence DESC LIMIT 1 OFFSET $10), $9))
    ORDER BY c.account_id DESC, t.booked_at DESC, t.sequence DESC LIMIT $10"
}

/// The next newer ones: consent, account to begin at, customer, where to begin there and elsewhere (moments, then numbers), high
/// place, how many.
pub(super) const fn newer_of_all() -> &'static str {
    "-- transaction::newer_of_all
    SELECT t.id, t.source, t.sequence, t.status, t.booked_at, t.value_at, t.amount_minor, t.family, t.sub_family,
        t.balance_minor, t.sealed, t.account_id, a.currency
    FROM consent_account c CROSS JOIN account_holder h CROSS JOIN account a CROSS JOIN account_transaction t
    WHERE c.consent_id = $1 AND c.account_id >= $2
        AND h.account_id = c.account_id AND h.customer_id = $3 AND a.id = c.account_id AND a.status = 'Enabled'
        AND t.account_id = c.account_id || ''
        AND (t.booked_at, t.sequence) > (
            CASE WHEN c.account_id = $2 THEN CAST($4 AS BIGINT) ELSE $5 END,
            CASE WHEN c.account_id = $2 THEN CAST($6 AS BIGINT) ELSE $7 END)
        AND (t.booked_at, t.sequence) < (
            COALESCE((
                SELECT n.booked_at FROM account_transaction n
                WHERE n.account_id = c.account_id AND (n.booked_at, n.sequence) < ($8, $9)
                    AND (n.booked_at, n.sequence) > (
                        CASE WHEN c.account_id = $2 THEN $4 ELSE $5 END,
                        CASE WHEN c.account_id = $2 THEN $6 ELSE $7 END)
                ORDER BY n.booked_at, n.sequence LIMIT 1 OFFSET $10), $8),
            COALESCE((
                SELECT n.sequence FROM account_transaction n
                WHERE n.account_id = c.account_id AND (n.booked_at, n.sequence) < ($8, $9)
                    AND (n.booked_at, n.sequence) > (
                        CASE WHEN c.account_id = $2 THEN $4 ELSE $5 END,
                        CASE WHEN c.account_id = $2 THEN $6 ELSE $7 END)
                ORDER BY n.booked_at, n.sequence LIMIT 1 OFFSET $10), $9))
    ORDER BY c.account_id, t.booked_at, t.sequence LIMIT $10"
}

/// As [`older_of_all`], of what flows a way, which follows the customer.
pub(super) const fn older_of_all_one_way() -> &'static str {
    "-- transaction::older_of_all_one_way
    SELECT t.id, t.source, t.sequence, t.status, t.booked_at, t.value_at, t.amount_minor, t.family, t.sub_family,
        t.balance_minor, t.sealed, t.account_id, a.currency
    FROM consent_account c CROSS JOIN account_holder h CROSS JOIN account a CROSS JOIN account_transaction t
    WHERE c.consent_id = $1 AND c.account_id <= $2
        AND h.account_id = c.account_id AND h.customer_id = $3 AND a.id = c.account_id AND a.status = 'Enabled'
        AND t.account_id = c.account_id || '' AND t.way = $4
        AND (t.booked_at, t.sequence) < (
            CASE WHEN c.account_id = $2 THEN CAST($5 AS BIGINT) ELSE $6 END,
            CASE WHEN c.account_id = $2 THEN CAST($7 AS BIGINT) ELSE $8 END)
        AND (t.booked_at, t.sequence) > (
            COALESCE((
                SELECT n.booked_at FROM account_transaction n
                WHERE n.account_id = c.account_id AND n.way = $4 AND (n.booked_at, n.sequence) > ($9, $10)
                    AND (n.booked_at, n.sequence) < (
                        CASE WHEN c.account_id = $2 THEN $5 ELSE $6 END, CASE WHEN c.account_id = $2 THEN $7 ELSE $8 END)
                ORDER BY n.booked_at DESC, n.sequence DESC LIMIT 1 OFFSET $11), $9),
            COALESCE((
                SELECT n.sequence FROM account_transaction n
                WHERE n.account_id = c.account_id AND n.way = $4 AND (n.booked_at, n.sequence) > ($9, $10)
                    AND (n.booked_at, n.sequence) < (
                        CASE WHEN c.account_id = $2 THEN $5 ELSE $6 END, CASE WHEN c.account_id = $2 THEN $7 ELSE $8 END)
                ORDER BY n.booked_at DESC, n.sequence DESC LIMIT 1 OFFSET $11), $10))
    ORDER BY c.account_id DESC, t.booked_at DESC, t.sequence DESC LIMIT $11"
}

/// As [`newer_of_all`], of what flows a way, which follows the customer.
pub(super) const fn newer_of_all_one_way() -> &'static str {
    "-- transaction::newer_of_all_one_way
    SELECT t.id, t.source, t.sequence, t.status, t.booked_at, t.value_at, t.amount_minor, t.family, t.sub_family,
        t.balance_minor, t.sealed, t.account_id, a.currency
    FROM consent_account c CROSS JOIN account_holder h CROSS JOIN account a CROSS JOIN account_transaction t
    WHERE c.consent_id = $1 AND c.account_id >= $2
        AND h.account_id = c.account_id AND h.customer_id = $3 AND a.id = c.account_id AND a.status = 'Enabled'
        AND t.account_id = c.account_id || '' AND t.way = $4
        AND (t.booked_at, t.sequence) > (
            CASE WHEN c.account_id = $2 THEN CAST($5 AS BIGINT) ELSE $6 END,
            CASE WHEN c.account_id = $2 THEN CAST($7 AS BIGINT) ELSE $8 END)
        AND (t.booked_at, t.sequence) < (
            COALESCE((
                SELECT n.booked_at FROM account_transaction n
                WHERE n.account_id = c.account_id AND n.way = $4 AND (n.booked_at, n.sequence) < ($9, $10)
                    AND (n.booked_at, n.sequence) > (
                        CASE WHEN c.account_id = $2 THEN $5 ELSE $6 END,
                        CASE WHEN c.account_id = $2 THEN $7 ELSE $8 END)
                ORDER BY n.booked_at, n.sequence LIMIT 1 OFFSET $11), $9),
            COALESCE((
                SELECT n.sequence FROM account_transaction n
                WHERE n.account_id = c.account_id AND n.way = $4 AND (n.booked_at, n.sequence) < ($9, $10)
                    AND (n.booked_at, n.sequence) > (
                        CASE WHEN c.account_id = $2 THEN $5 ELSE $6 END,
                        CASE WHEN c.account_id = $2 THEN $7 ELSE $8 END)
                ORDER BY n.booked_at, n.sequence LIMIT 1 OFFSET $11), $10))
    ORDER BY c.account_id, t.booked_at, t.sequence LIMIT $11"
}
