//! The files of an import: their names, their columns, and how they are read.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

use super::Error;

/// One of the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum File {
    /// The bank's customers.
    Customers,
    /// Where they can be reached.
    Parties,
    /// Their accounts.
    Accounts,
    /// Who holds which account.
    AccountHolders,
    /// What the accounts were sold as.
    Products,
    /// Orders to pay again and again.
    StandingOrders,
    /// Whom customers saved to pay again.
    Beneficiaries,
    /// Who may take money.
    DirectDebits,
    /// Payments planned for a later day.
    ScheduledPayments,
    /// What the bank offers to holders of accounts.
    Offers,
    /// What happened on the accounts.
    Transactions,
    /// What was sent to customers about it.
    Statements,
}

impl File {
    /// Every file, in the order in which they are read: none refers to a later one.
    pub const ALL: [Self; 12] = [
        Self::Customers,
        Self::Parties,
        Self::Accounts,
        Self::AccountHolders,
        Self::Products,
        Self::StandingOrders,
        Self::Beneficiaries,
        Self::DirectDebits,
        Self::ScheduledPayments,
        Self::Offers,
        Self::Transactions,
        Self::Statements,
    ];

    /// Its name in the folder.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Customers => "customers.csv",
            Self::Parties => "parties.csv",
            Self::Accounts => "accounts.csv",
            Self::AccountHolders => "account_holders.csv",
            Self::Products => "products.csv",
            Self::StandingOrders => "standing_orders.csv",
            Self::Beneficiaries => "beneficiaries.csv",
            Self::DirectDebits => "direct_debits.csv",
            Self::ScheduledPayments => "scheduled_payments.csv",
            Self::Offers => "offers.csv",
            Self::Transactions => "transactions.csv",
            Self::Statements => "statements.csv",
        }
    }

    /// Whether an import needs it.
    #[must_use]
    pub fn is_required(self) -> bool {
        match self {
            Self::Customers | Self::Accounts | Self::AccountHolders | Self::Transactions => true,
            Self::Parties
            | Self::Products
            | Self::StandingOrders
            | Self::Beneficiaries
            | Self::DirectDebits
            | Self::ScheduledPayments
            | Self::Offers
            | Self::Statements => false,
        }
    }

    /// The columns that it must have; each must be there once, in any order.
    #[must_use]
    pub fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Customers => &["customer_id", "username", "full_name", "birth_date", "email"],
            Self::Parties => PARTIES,
            Self::Accounts => ACCOUNTS,
            Self::AccountHolders => &["account_id", "customer_id", "role"],
            Self::Products => &["account_id", "product_id", "product_type", "name", "description"],
            Self::StandingOrders => STANDING_ORDERS,
            Self::Beneficiaries => BENEFICIARIES,
            Self::DirectDebits => DIRECT_DEBITS,
            Self::ScheduledPayments => SCHEDULED_PAYMENTS,
            Self::Offers => OFFERS,
            Self::Transactions => TRANSACTIONS,
            Self::Statements => STATEMENTS,
        }
    }

    /// The columns that it may have beside those; each may be there once.
    #[must_use]
    pub fn optional_columns(self) -> &'static [&'static str] {
        match self {
            Self::Transactions => &["status", "value_on", "counterparty_name"],
            Self::Customers
            | Self::Parties
            | Self::Accounts
            | Self::AccountHolders
            | Self::Products
            | Self::StandingOrders
            | Self::Beneficiaries
            | Self::DirectDebits
            | Self::ScheduledPayments
            | Self::Offers
            | Self::Statements => &[],
        }
    }

    /// Every column that it may have: those that it must have come first.
    pub(super) fn all_columns(self) -> impl Iterator<Item = &'static str> {
        self.columns().iter().chain(self.optional_columns()).copied()
    }
}

/// The contents of the files.
#[derive(Clone, Default)]
pub struct Files(BTreeMap<File, Vec<u8>>);

impl Files {
    /// Reads the files of a folder. Whether a required one is missing is found out later, with all other problems.
    ///
    /// # Errors
    /// [`Error::Unreadable`] if a file is there and cannot be read, or is larger than [`FILE_BYTES_MAX`].
    pub fn read(folder: &Path) -> Result<Self, Error> {
        let mut files = Self::default();
        for file in File::ALL {
            let unreadable = |source| Error::Unreadable { file, source };
            match std::fs::File::open(folder.join(file.name())) {
                Ok(opened) => files = files.with(file, read_all(&opened).map_err(unreadable)?),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(unreadable(error)),
            }
        }
        Ok(files)
    }

    /// These files, with this content for one of them.
    #[must_use]
    pub fn with(mut self, file: File, content: Vec<u8>) -> Self {
        self.0.insert(file, content);
        self
    }

    /// The content of a file, if it is there.
    #[must_use]
    pub fn get(&self, file: File) -> Option<&[u8]> {
        self.0.get(&file).map(Vec::as_slice)
    }
}

fn read_all(file: &std::fs::File) -> std::io::Result<Vec<u8>> {
    let mut content = Vec::new();
    file.take(FILE_BYTES_MAX + 1).read_to_end(&mut content)?;
    if u64::try_from(content.len()).is_ok_and(|length| length <= FILE_BYTES_MAX) {
        Ok(content)
    } else {
        Err(std::io::Error::other("it is larger than 1 GiB; split it"))
    }
}

const ACCOUNTS: &[&str] =
    &["account_id", "currency", "account_type", "account_subtype", "nickname", "scheme", "identification", "opened_on"];
const BENEFICIARIES: &[&str] = &[
    "beneficiary_id",
    "account_id",
    "beneficiary_type",
    "name",
    "reference",
    "creditor_scheme",
    "creditor_identification",
];
const DIRECT_DEBITS: &[&str] = &[
    "direct_debit_id",
    "account_id",
    "status",
    "name",
    "mandate_id",
    "frequency",
    "previous_on",
    "previous_amount",
    "currency",
];
const OFFERS: &[&str] =
    &["offer_id", "account_id", "offer_type", "description", "first_day", "last_day", "amount", "currency"];
const PARTIES: &[&str] =
    &["customer_id", "phone", "mobile", "address_line_1", "address_line_2", "post_code", "town", "country"];
const SCHEDULED_PAYMENTS: &[&str] = &[
    "scheduled_payment_id",
    "account_id",
    "due_on",
    "scheduled_type",
    "amount",
    "currency",
    "reference",
    "creditor_name",
    "creditor_scheme",
    "creditor_identification",
];
const STANDING_ORDERS: &[&str] = &[
    "standing_order_id",
    "account_id",
    "amount",
    "currency",
    "frequency",
    "purpose",
    "creditor_scheme",
    "creditor_identification",
];
const STATEMENTS: &[&str] =
    &["statement_id", "account_id", "statement_type", "reference", "first_day", "last_day", "made_on"];
const TRANSACTIONS: &[&str] = &[
    "transaction_id",
    "account_id",
    "booked_on",
    "credit_debit",
    "amount",
    "currency",
    "code",
    "sub_code",
    "description",
    "counterparty_scheme",
    "counterparty_identification",
];

/// The largest file that is read, in bytes: 1 GiB.
pub const FILE_BYTES_MAX: u64 = 1 << 30;
