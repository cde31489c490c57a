//! The statements for pages of one account; [`super`] says how they walk.

/// The next older ones: account, low place, high place, how many.
pub(super) const fn older() -> &'static str {
    "-- transaction::older
    SELECT t.id, t.source, t.sequence, t.status, t.booked_at, t.value_at, t.amount_minor, t.family, t.sub_family,
        t.balance_minor, t.sealed, t.account_id, a.currency
    FROM account a CROSS JOIN account_transaction t
    WHERE a.id = $1 AND a.status = 'Enabled' AND t.account_id = $1
        AND (t.booked_at, t.sequence) > ($2, $3) AND (t.booked_at, t.sequence) < ($4, $5)
    ORDER BY t.booked_at DESC, t.sequence DESC LIMIT $6"
}

/// The next newer ones: account, low place, high place, how many.
pub(super) const fn newer() -> &'static str {
    "-- transaction::newer
    SELECT t.id, t.source, t.sequence, t.status, t.booked_at, t.value_at, t.amount_minor, t.family, t.sub_family,
        t.balance_minor, t.sealed, t.account_id, a.currency
    FROM account a CROSS JOIN account_transaction t
    WHERE a.id = $1 AND a.status = 'Enabled' AND t.account_id = $1
        AND (t.booked_at, t.sequence) > ($2, $3) AND (t.booked_at, t.sequence) < ($4, $5)
    ORDER BY t.booked_at, t.sequence LIMIT $6"
}

/// The next older ones that flow a way: account, way, low place, high place, how many.
pub(super) const fn older_one_way() -> &'static str {
    "-- transaction::older_one_way
    SELECT t.id, t.source, t.sequence, t.status, t.booked_at, t.value_at, t.amount_minor, t.family, t.sub_family,
        t.balance_minor, t.sealed, t.account_id, a.currency
    FROM account a CROSS JOIN account_transaction t
    WHERE a.id = $1 AND a.status = 'Enabled' AND t.account_id = $1 AND t.way = $2
        AND (t.booked_at, t.sequence) > ($3, $4) AND (t.booked_at, t.sequence) < ($5, $6)
    ORDER BY t.booked_at DESC, t.sequence DESC LIMIT $7"
}

/// The next newer ones that flow a way: account, way, low place, high place, how many.
pub(super) const fn newer_one_way() -> &'static str {
    "-- transaction::newer_one_way
    SELECT t.id, t.source, t.sequence, t.status, t.booked_at, t.value_at, t.amount_minor, t.family, t.sub_family,
        t.balance_minor, t.sealed, t.account_id, a.currency
    FROM account a CROSS JOIN account_transaction t
    WHERE a.id = $1 AND a.status = 'Enabled' AND t.account_id = $1 AND t.way = $2
        AND (t.booked_at, t.sequence) > ($3, $4) AND (t.booked_at, t.sequence) < ($5, $6)
    ORDER BY t.booked_at, t.sequence LIMIT $7"
}
