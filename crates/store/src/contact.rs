//! Where customers can be reached, and who holds an account.

use lombard_domain::id::{AccountId, CustomerId};
use lombard_domain::party::{Address, Contact, Customer, HolderRole, Phone};

use crate::crypt::Place;
use crate::customer;
use crate::data_key::{self, Owner, Sealing};
use crate::db::{Keys, Tx};
use crate::driver::{Row, Value};
use crate::error::{Error, Result};
use crate::stored::{self, Fingerprint, Fresh, Stored};
use crate::vault::Index;

/// A customer, and where they can be reached.
pub struct Person {
    /// The customer.
    pub customer: Customer,
    /// Where they can be reached beside their e-mail address, if that is known.
    pub contact: Option<Contact>,
}

/// Somebody who holds an account.
pub struct Holder {
    /// Who.
    pub person: Person,
    /// In what role.
    pub role: HolderRole,
    /// How many owners the account has; two and more make it a joint account.
    pub owners: i64,
}

/// The personal fields, as they are sealed.
#[derive(serde::Serialize, serde::Deserialize)]
struct Personal {
    phone: Option<String>,
    mobile: Option<String>,
    address: Option<Address>,
}

/// Stores contacts of customers of whom none is known yet; what became of each, in order.
///
/// # Errors
/// When the database fails, also because a customer does not exist.
pub async fn add_missing(tx: &mut Tx, contacts: &[Contact]) -> Result<Vec<Stored>> {
    let keys = tx.keys()?;
    let sealing = data_key::of(tx, contacts.iter().map(|contact| Owner::Customer(contact.customer))).await?;
    let rows = contacts.iter().map(|contact| RowOut::of(&keys, &sealing, contact)).collect::<Result<Vec<_>>>()?;
    stored::add(
        tx,
        "-- contact::add_missing
        INSERT INTO contact (customer_id, sealed, content) VALUES ($1, $2, $3)
        ON CONFLICT DO NOTHING",
        "-- contact::compare
        SELECT customer_id, content FROM contact
        WHERE customer_id IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
            $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32)",
        &rows,
    )
    .await
}

/// A customer and where they can be reached.
///
/// # Errors
/// [`Error::Corrupt`] if the row cannot be read.
pub async fn person(tx: &mut Tx, customer: CustomerId) -> Result<Option<Person>> {
    let keys = tx.keys()?;
    tx.one(
        "-- contact::person
        SELECT u.id, u.source, u.sealed, k.sealed
        FROM customer u LEFT JOIN contact k ON k.customer_id = u.id
        WHERE u.id = $1 AND u.erased_at IS NULL",
        &[&customer.to_string()],
        |row| decode(&keys, row),
    )
    .await
}

/// Who holds an account: its owners before those who may use it for them.
///
/// # Errors
/// [`Error::Corrupt`] if a row cannot be read.
pub async fn holders(tx: &mut Tx, account: AccountId) -> Result<Vec<Holder>> {
    let keys = tx.keys()?;
    tx.all(
        "-- contact::holders
        SELECT u.id, u.source, u.sealed, k.sealed, h.role,
            (SELECT COUNT(*) FROM account_holder o WHERE o.account_id = $1 AND o.role = 'owner')
        FROM account_holder h
        JOIN customer u ON u.id = h.customer_id
        LEFT JOIN contact k ON k.customer_id = h.customer_id
        WHERE h.account_id = $1
        ORDER BY CASE WHEN h.role = 'owner' THEN 0 ELSE 1 END, h.customer_id",
        &[&account.to_string()],
        |row| {
            let role: String = row.get(4)?;
            Ok(Holder {
                person: decode(&keys, row)?,
                role: role.parse().map_err(|_| Error::Corrupt("account_holder.role"))?,
                owners: row.get(5)?,
            })
        },
    )
    .await
}

/// A contact as it is written: everything that the parameters borrow from.
struct RowOut {
    customer: String,
    sealed: Vec<u8>,
    content: Vec<u8>,
}

impl RowOut {
    fn of(keys: &Keys, sealing: &Sealing, contact: &Contact) -> Result<Self> {
        let customer = contact.customer.to_string();
        let number = |phone: &Option<Phone>| phone.as_ref().map(|phone| phone.as_str().to_owned());
        let personal = serde_json::to_vec(&Personal {
            phone: number(&contact.phone),
            mobile: number(&contact.mobile),
            address: contact.address.clone(),
        })
        .map_err(|_| Error::Corrupt("contact.sealed"))?;
        let content = keys.vault().digest(Index::Import, &[b"contact", customer.as_bytes(), &personal]).to_vec();
        Ok(Self {
            sealed: sealing.seal(Owner::Customer(contact.customer), place(&customer), &personal)?,
            content,
            customer,
        })
    }
}

impl Fresh<3> for RowOut {
    fn fingerprint(&self) -> Fingerprint<'_> {
        (&self.customer, &self.content)
    }

    fn values(&self) -> [Value<'_>; 3] {
        [&self.customer, &self.sealed, &self.content]
    }
}

/// Reads a customer and their contact from the first columns of a row.
fn decode(keys: &Keys, row: &Row<'_>) -> Result<Person> {
    let corrupt = || Error::Corrupt("contact");
    let customer = customer::decode(keys, row)?;
    let sealed: Option<Vec<u8>> = row.get(3)?;
    let Some(sealed) = sealed else { return Ok(Person { customer, contact: None }) };
    let plain = keys.crypt().open(place(&customer.id.to_string()), &sealed)?;
    let personal: Personal = serde_json::from_slice(&plain).map_err(|_| corrupt())?;
    let number = |text: Option<String>| text.map(|text| Phone::new(&text).ok_or_else(corrupt)).transpose();
    let contact = Contact {
        customer: customer.id,
        phone: number(personal.phone)?,
        mobile: number(personal.mobile)?,
        address: personal.address,
    };
    Ok(Person { customer, contact: Some(contact) })
}

fn place(row: &str) -> Place<'_> {
    Place { table: "contact", column: "sealed", row }
}
