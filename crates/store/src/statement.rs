//! Statements of accounts, with what they sum up.
//!
//! The sums are made when a statement is stored, from the account's transactions, and never again: a statement says the same for ever.
//! A page is a walk along the index by account, last day and identifier within each account, one account after the other.

use lombard_domain::account::{Figures, Statement};
use lombard_domain::id::{AccountId, StatementId};
use lombard_domain::money::Money;
use lombard_domain::permission::Window;
use lombard_domain::text::Text;
use lombard_domain::time::{Date, Span};

use crate::account::currency;
use crate::db::{Keys, Tx};
use crate::driver::{Row, Value};
use crate::error::{Error, Result};
use crate::list::{Towards, Wanted};
use crate::stored::{self, Fingerprint, Fresh, Stored};
use crate::vault::Index;

/// A page of statements: account by account, in each the newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageQuery {
    /// Whose statements.
    pub wanted: Wanted,
    /// Only statements that lie wholly in it.
    pub window: Window,
    /// The place from which to go on; without it, from the end that lies behind.
    pub after: Option<Cursor>,
    /// Which way to go from there: older ones, and then the next account's, or newer ones, and then the previous account's.
    pub towards: Towards,
    /// How many at most.
    pub limit: i64,
}

/// A place in a list of statements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The account.
    pub account: AccountId,
    /// The statement's last day.
    pub to: Date,
    /// The statement.
    pub id: StatementId,
}

/// A statement with what it sums up.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredStatement {
    /// The statement.
    pub statement: Statement,
    /// What it sums up.
    pub figures: Figures,
}

impl StoredStatement {
    /// Its place in a list.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        let Statement { account, to, id, .. } = self.statement;
        Cursor { account, to, id }
    }
}

/// Stores statements that are not there yet, with what the transactions of their days sum up to; what became of each, in order.
///
/// The transactions must be there, and the running balances, from which the opening balance is taken.
///
/// # Errors
/// When the database fails, also because an account does not exist, or has no running balance where a statement begins.
pub async fn add_missing(tx: &mut Tx, statements: &[Statement]) -> Result<Vec<Stored>> {
    let keys = tx.keys()?;
    let rows: Vec<_> = statements.iter().map(|statement| RowOut::of(&keys, statement)).collect();
    stored::add(
        tx,
        "-- statement::add_missing
        INSERT INTO statement (id, source, account_id, kind, reference, from_day, to_day, made_on, content,
            opening_minor, closing_minor, in_minor, out_minor)
        SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, opening, opening + came_in + went_out, came_in, went_out
        FROM (
            SELECT came_in, went_out, CASE WHEN prior.account_id IS NULL THEN 0 ELSE prior.balance_minor END AS opening
            FROM (
                SELECT CAST(COALESCE(SUM(CASE WHEN amount_minor >= 0 THEN amount_minor END), 0) AS BIGINT) AS came_in,
                    CAST(COALESCE(SUM(CASE WHEN amount_minor < 0 THEN amount_minor END), 0) AS BIGINT) AS went_out
                FROM account_transaction
                WHERE account_id = $3 AND booked_at >= $10 AND booked_at < $11 AND status = 'booked'
            ) AS within LEFT JOIN (
                SELECT account_id, balance_minor FROM account_transaction
                WHERE account_id = $3 AND booked_at < $10 AND status = 'booked'
                ORDER BY booked_at DESC, sequence DESC LIMIT 1
            ) AS prior ON TRUE
        ) AS figures
        WHERE TRUE
        ON CONFLICT DO NOTHING",
        "-- statement::compare
        SELECT id, content FROM statement
        WHERE id IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
            $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32)",
        &rows,
    )
    .await
}

/// The statement of an account with this identifier; another account's is as if it were not there.
///
/// # Errors
/// [`Error::Corrupt`] if the row cannot be read.
pub async fn find(tx: &mut Tx, account: AccountId, id: StatementId) -> Result<Option<StoredStatement>> {
    tx.one(
        "-- statement::find
        SELECT s.id, s.source, s.account_id, s.kind, s.reference, s.from_day, s.to_day, s.made_on,
            s.opening_minor, s.closing_minor, s.in_minor, s.out_minor, a.currency
        FROM statement s JOIN account a ON a.id = s.account_id
        WHERE s.id = $1 AND s.account_id = $2",
        &[&id.to_string(), &account.to_string()],
        decode,
    )
    .await
}

/// One page of statements, account by account and in each the newest first, whichever way the page was reached.
///
/// # Errors
/// [`Error::Corrupt`] if a row cannot be read.
pub async fn page(tx: &mut Tx, query: &PageQuery) -> Result<Vec<StoredStatement>> {
    let bounds = Bounds::of(query);
    match query.towards {
        Towards::Older => older(tx, &bounds).await,
        Towards::Newer => newer(tx, &bounds).await,
    }
}

async fn older(tx: &mut Tx, bounds: &Bounds) -> Result<Vec<StoredStatement>> {
    tx.all(
        "-- statement::older
        SELECT s.id, s.source, s.account_id, s.kind, s.reference, s.from_day, s.to_day, s.made_on,
            s.opening_minor, s.closing_minor, s.in_minor, s.out_minor, a.currency
        FROM consent_account c CROSS JOIN account_holder h CROSS JOIN account a CROSS JOIN statement s
        WHERE c.consent_id = $1 AND c.account_id >= $2 AND c.account_id <= $3
            AND h.account_id = c.account_id AND h.customer_id = $4 AND a.id = c.account_id AND a.status = 'Enabled'
            AND s.account_id = c.account_id AND (s.to_day, s.id)
                < (CASE WHEN c.account_id = $5 THEN $6 ELSE $7 END, CASE WHEN c.account_id = $5 THEN $8 ELSE $9 END)
            AND s.from_day >= $10
            AND s.to_day >= (SELECT MIN(n.to_day) FROM (
                SELECT i.to_day FROM statement i
                WHERE i.account_id = c.account_id AND (i.to_day, i.id)
                    < (CASE WHEN c.account_id = $5 THEN $6 ELSE $7 END, CASE WHEN c.account_id = $5 THEN $8 ELSE $9 END)
                    AND i.to_day >= $10 AND i.from_day >= $10
                ORDER BY i.to_day DESC, i.id DESC LIMIT (SELECT CAST($11 AS BIGINT))) n)
        ORDER BY c.account_id, s.to_day DESC, s.id DESC LIMIT $11",
        &bounds.params(&bounds.last_day, &HIGHEST, &bounds.first_day),
        decode,
    )
    .await
}

async fn newer(tx: &mut Tx, bounds: &Bounds) -> Result<Vec<StoredStatement>> {
    let mut rows = tx
        .all(
            "-- statement::newer
            SELECT s.id, s.source, s.account_id, s.kind, s.reference, s.from_day, s.to_day, s.made_on,
                s.opening_minor, s.closing_minor, s.in_minor, s.out_minor, a.currency
            FROM consent_account c CROSS JOIN account_holder h CROSS JOIN account a CROSS JOIN statement s
            WHERE c.consent_id = $1 AND c.account_id >= $2 AND c.account_id <= $3
                AND h.account_id = c.account_id AND h.customer_id = $4 AND a.id = c.account_id AND a.status = 'Enabled'
                AND s.account_id = c.account_id AND (s.to_day, s.id)
                    > (CASE WHEN c.account_id = $5 THEN $6 ELSE $7 END, CASE WHEN c.account_id = $5 THEN $8 ELSE $9 END)
                AND s.from_day >= $7
                AND s.to_day <= (SELECT MAX(n.to_day) FROM (
                    SELECT i.to_day FROM statement i
                    WHERE i.account_id = c.account_id AND (i.to_day, i.id)
                        > (CASE WHEN c.account_id = $5 THEN $6 ELSE $7 END, CASE WHEN c.account_id = $5 THEN $8 ELSE $9 END)
                        AND i.to_day <= $10 AND i.from_day >= $7
                    ORDER BY i.to_day, i.id LIMIT (SELECT CAST($11 AS BIGINT))) n)
            ORDER BY c.account_id DESC, s.to_day, s.id LIMIT $11",
            &bounds.params(&bounds.first_day, &LOWEST, &bounds.last_day),
            decode,
        )
        .await?;
    rows.reverse();
    Ok(rows)
}

/// What the statements of a page take. Identifiers and days are compared as text, whose order is theirs.
struct Bounds {
    consent: String,
    customer: String,
    /// The first and the last account.
    low: String,
    high: String,
    /// The account in which the page begins, and the place in it; in all others everything in the window counts.
    edge: String,
    edge_day: String,
    edge_id: String,
    first_day: String,
    last_day: String,
    limit: i64,
}

impl Bounds {
    fn of(query: &PageQuery) -> Self {
        let Wanted { consent, customer, account } = query.wanted;
        let own = |open: &str| account.map_or_else(|| open.to_owned(), |account| account.to_string());
        let (mut low, mut high) = (own(LOWEST), own(HIGHEST));
        let first_day = query.window.from.map_or_else(
            || LOWEST.to_owned(),
            |from| {
                let day = from.date();
                if day.start() < from { day.plus_days(1) } else { day }.to_string()
            },
        );
        // As an answer says it, a statement ends with the last second of its last day.
        let last_day = query
            .window
            .to
            .map_or_else(|| HIGHEST.to_owned(), |to| to.plus(Span::seconds(1)).date().plus_days(-1).to_string());
        let (mut edge, mut edge_day, mut edge_id) = (String::new(), String::new(), String::new());
        if let Some(after) = query.after {
            edge = after.account.to_string();
            let day = after.to.to_string();
            match query.towards {
                Towards::Older => low = low.max(edge.clone()),
                Towards::Newer => high = high.min(edge.clone()),
            }
            // A place outside the window moves to its border.
            (edge_day, edge_id) = match query.towards {
                Towards::Older if day > last_day => (last_day.clone(), HIGHEST.to_owned()),
                Towards::Newer if day < first_day => (first_day.clone(), LOWEST.to_owned()),
                Towards::Older | Towards::Newer => (day, after.id.to_string()),
            };
        }
        Self {
            consent: consent.to_string(),
            customer: customer.to_string(),
            low,
            high,
            edge,
            edge_day,
            edge_id,
            first_day,
            last_day,
            limit: query.limit,
        }
    }

    /// The parameters: in accounts other than the first one the walk begins at a day and an identifier, and it ends at a day.
    fn params<'a>(&'a self, begin: &'a String, open: &'a &'static str, end: &'a String) -> [Value<'a>; 11] {
        [
            &self.consent,
            &self.low,
            &self.high,
            &self.customer,
            &self.edge,
            &self.edge_day,
            begin,
            &self.edge_id,
            open,
            end,
            &self.limit,
        ]
    }
}

/// A statement as it is written: everything that the parameters borrow from.
struct RowOut<'a> {
    id: String,
    source: &'a str,
    account: String,
    kind: &'static str,
    reference: Option<&'a str>,
    from: String,
    to: String,
    made_on: String,
    content: Vec<u8>,
    begins_at: i64,
    ends_before: i64,
}

impl<'a> RowOut<'a> {
    fn of(keys: &Keys, statement: &'a Statement) -> Self {
        let mut row = Self {
            id: statement.id.to_string(),
            source: statement.source.as_str(),
            account: statement.account.to_string(),
            kind: statement.kind.code(),
            reference: statement.reference.as_ref().map(Text::as_str),
            from: statement.from.to_string(),
            to: statement.to.to_string(),
            made_on: statement.made_on.to_string(),
            content: Vec::new(),
            begins_at: statement.from.start().micros(),
            ends_before: statement.to.plus_days(1).start().micros(),
        };
        let reference = row.reference.unwrap_or_default();
        let parts = ["statement", row.source, &row.account, row.kind, reference, &row.from, &row.to, &row.made_on];
        row.content = keys.vault().digest(Index::Import, &parts.map(str::as_bytes)).to_vec();
        row
    }
}

impl Fresh<11> for RowOut<'_> {
    fn fingerprint(&self) -> Fingerprint<'_> {
        (&self.id, &self.content)
    }

    fn values(&self) -> [Value<'_>; 11] {
        [
            &self.id,
            &self.source,
            &self.account,
            &self.kind,
            &self.reference,
            &self.from,
            &self.to,
            &self.made_on,
            &self.content,
            &self.begins_at,
            &self.ends_before,
        ]
    }
}

fn decode(row: &Row<'_>) -> Result<StoredStatement> {
    let corrupt = || Error::Corrupt("statement");
    let text = |column| row.get::<String>(column);
    let day = |column| text(column)?.parse().map_err(|_| corrupt());
    let reference: Option<String> = row.get(4)?;
    let currency = currency(&text(12)?)?;
    let money = |column| Ok::<_, Error>(Money::new(row.get(column)?, currency));
    let statement = Statement {
        id: text(0)?.parse().map_err(|_| corrupt())?,
        source: Text::new(&text(1)?).map_err(|_| corrupt())?,
        account: text(2)?.parse().map_err(|_| corrupt())?,
        kind: text(3)?.parse().map_err(|_| corrupt())?,
        reference: reference.as_deref().map(Text::new).transpose().map_err(|_| corrupt())?,
        from: day(5)?,
        to: day(6)?,
        made_on: day(7)?,
    };
    let figures = Figures { opening: money(8)?, closing: money(9)?, money_in: money(10)?, money_out: money(11)? };
    Ok(StoredStatement { statement, figures })
}

/// Comes before every identifier and every day.
const LOWEST: &str = "";
/// Comes after every identifier and every day.
const HIGHEST: &str = "~";
