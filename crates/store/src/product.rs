//! The products that accounts are.

use lombard_domain::account::Product;
use lombard_domain::id::{AccountId, ConsentId, CustomerId};
use lombard_domain::text::Text;

use crate::db::{Keys, Tx};
use crate::driver::{Row, Value};
use crate::error::{Error, Result};
use crate::stored::{self, Fingerprint, Fresh, Stored};
use crate::vault::Index;

/// Stores the products of accounts of which none is known yet; what became of each, in order.
///
/// # Errors
/// When the database fails, also because an account does not exist.
pub async fn add_missing(tx: &mut Tx, products: &[Product]) -> Result<Vec<Stored>> {
    let keys = tx.keys()?;
    let rows: Vec<_> = products.iter().map(|product| RowOut::of(&keys, product)).collect();
    stored::add(
        tx,
        "-- product::add_missing
        INSERT INTO product (account_id, code, name, kind, description, content) VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT DO NOTHING",
        "-- product::compare
        SELECT account_id, content FROM product
        WHERE account_id IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
            $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32)",
        &rows,
    )
    .await
}

/// The product that an account is, if the bank knows it.
///
/// # Errors
/// [`Error::Corrupt`] if the row cannot be read.
pub async fn find(tx: &mut Tx, account: AccountId) -> Result<Option<Product>> {
    tx.one(
        "-- product::find
        SELECT account_id, code, name, kind, description FROM product WHERE account_id = $1",
        &[&account.to_string()],
        decode,
    )
    .await
}

/// The products of the accounts of a consent that its customer still holds and can use, in the order in which the accounts were
/// opened.
///
/// # Errors
/// [`Error::Corrupt`] if a row cannot be read.
pub async fn of_consent(tx: &mut Tx, consent: ConsentId, customer: CustomerId) -> Result<Vec<Product>> {
    tx.all(
        "-- product::of_consent
        SELECT p.account_id, p.code, p.name, p.kind, p.description
        FROM consent_account c
        JOIN account_holder h ON h.account_id = c.account_id
        JOIN account a ON a.id = c.account_id
        JOIN product p ON p.account_id = c.account_id
        WHERE c.consent_id = $1 AND h.customer_id = $2 AND a.status = 'Enabled'
        ORDER BY a.opened_on, a.id",
        &[&consent.to_string(), &customer.to_string()],
        decode,
    )
    .await
}

/// A product as it is written: everything that the parameters borrow from.
struct RowOut<'a> {
    account: String,
    code: &'a str,
    name: &'a str,
    kind: &'static str,
    description: Option<&'a str>,
    content: Vec<u8>,
}

impl<'a> RowOut<'a> {
    fn of(keys: &Keys, product: &'a Product) -> Self {
        let mut row = Self {
            account: product.account.to_string(),
            code: product.code.as_str(),
            name: product.name.as_str(),
            kind: product.kind.code(),
            description: product.description.as_ref().map(Text::as_str),
            content: Vec::new(),
        };
        row.content = row.fingerprint(keys);
        row
    }

    fn fingerprint(&self, keys: &Keys) -> Vec<u8> {
        let parts = ["product", &self.account, self.code, self.name, self.kind, self.description.unwrap_or_default()];
        keys.vault().digest(Index::Import, &parts.map(str::as_bytes)).to_vec()
    }
}

impl Fresh<6> for RowOut<'_> {
    fn fingerprint(&self) -> Fingerprint<'_> {
        (&self.account, &self.content)
    }

    fn values(&self) -> [Value<'_>; 6] {
        [&self.account, &self.code, &self.name, &self.kind, &self.description, &self.content]
    }
}

fn decode(row: &Row<'_>) -> Result<Product> {
    let corrupt = || Error::Corrupt("product");
    let text = |column| row.get::<String>(column);
    let description: Option<String> = row.get(4)?;
    Ok(Product {
        account: text(0)?.parse().map_err(|_| corrupt())?,
        code: Text::new(&text(1)?).map_err(|_| corrupt())?,
        name: Text::new(&text(2)?).map_err(|_| corrupt())?,
        kind: text(3)?.parse().map_err(|_| corrupt())?,
        description: description.as_deref().map(Text::new).transpose().map_err(|_| corrupt())?,
    })
}
