//! A transaction as it is written.

use lombard_domain::account::Transaction;

use super::numbers::Numbers;
use super::{Personal, PersonalCounterparty, place};
use crate::data_key::{Owner, Sealing};
use crate::db::Keys;
use crate::driver::Value;
use crate::error::{Error, Result};
use crate::vault::Index;

/// A transaction as it is written: everything that the parameters borrow from.
pub(super) struct RowOut<'a> {
    pub(super) transaction: &'a Transaction,
    pub(super) id: String,
    pub(super) account: String,
    source: &'a str,
    status: &'static str,
    booked_at: i64,
    value_at: Option<i64>,
    pub(super) amount: i64,
    code: (Option<&'a str>, Option<&'a str>),
    personal: Vec<u8>,
    pub(super) content: Vec<u8>,
    sequence: i64,
    pub(super) change: i64,
    sealed: Vec<u8>,
}

impl<'a> RowOut<'a> {
    /// The row without its numbers, and not yet sealed.
    pub(super) fn of(keys: &Keys, transaction: &'a Transaction) -> Result<Self> {
        let personal = serde_json::to_vec(&Personal {
            description: transaction.description.clone(),
            counterparty: transaction.counterparty.as_ref().map(PersonalCounterparty::of),
        })
        .map_err(|_| Error::Corrupt("account_transaction.sealed"))?;
        let code = transaction.code.as_ref();
        let mut row = Self {
            transaction,
            id: transaction.id.to_string(),
            account: transaction.account.to_string(),
            source: transaction.source.as_str(),
            status: transaction.status.code(),
            booked_at: transaction.booked_at.micros(),
            value_at: transaction.value_at.map(|at| at.micros()),
            amount: transaction.amount.minor(),
            code: (code.map(|code| code.family.as_str()), code.map(|code| code.sub_family.as_str())),
            personal,
            content: Vec::new(),
            sequence: 0,
            change: 0,
            sealed: Vec::new(),
        };
        row.content = row.fingerprint(keys);
        Ok(row)
    }

    fn fingerprint(&self, keys: &Keys) -> Vec<u8> {
        let value_at = self.value_at.map(i64::to_be_bytes);
        let value_at: &[u8] = value_at.as_ref().map_or(&[], |bytes| bytes);
        let currency = self.transaction.amount.currency();
        let parts: [&[u8]; 11] = [
            b"transaction",
            self.source.as_bytes(),
            self.account.as_bytes(),
            self.status.as_bytes(),
            &self.booked_at.to_be_bytes(),
            value_at,
            &self.amount.to_be_bytes(),
            currency.code().as_bytes(),
            self.code.0.unwrap_or_default().as_bytes(),
            self.code.1.unwrap_or_default().as_bytes(),
            &self.personal,
        ];
        keys.vault().digest(Index::Import, &parts).to_vec()
    }

    /// Takes the next numbers of the account, whose currency must be the transaction's.
    pub(super) fn number(&mut self, numbers: &mut Numbers) -> Result<()> {
        self.sequence = numbers.sequence(&self.account, self.transaction.amount.currency().code())?;
        self.change = numbers.change(&self.account)?;
        Ok(())
    }

    pub(super) fn seal(&mut self, sealing: &Sealing) -> Result<()> {
        self.sealed = sealing.seal(self.owner(), place(&self.id), &self.personal)?;
        Ok(())
    }

    /// Whose key seals it.
    pub(super) fn owner(&self) -> Owner {
        Owner::Account(self.transaction.account)
    }

    /// What a new row consists of.
    pub(super) fn whole(&self) -> [Value<'_>; 13] {
        [
            &self.id,
            &self.source,
            &self.account,
            &self.sequence,
            &self.status,
            &self.booked_at,
            &self.value_at,
            &self.amount,
            &self.code.0,
            &self.code.1,
            &self.sealed,
            &self.content,
            &self.change,
        ]
    }

    /// What a row gets anew when it becomes final, and its identifier.
    pub(super) fn final_part(&self) -> [Value<'_>; 8] {
        [
            &self.booked_at,
            &self.value_at,
            &self.code.0,
            &self.code.1,
            &self.sealed,
            &self.content,
            &self.change,
            &self.id,
        ]
    }
}
