//! The files of an import: their names, their columns, and how they are read.

use std::io::Read as _;
use std::path::Path;

use super::Error;

/// One of the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum File {
    /// The bank's customers.
    Customers,
    /// Their accounts.
    Accounts,
    /// Who holds which account.
    AccountHolders,
    /// Orders to pay again and again.
    StandingOrders,
    /// What happened on the accounts.
    Transactions,
}

impl File {
    /// Every file, in the order in which they are read.
    pub const ALL: [Self; 5] =
        [Self::Customers, Self::Accounts, Self::AccountHolders, Self::StandingOrders, Self::Transactions];

    /// Its name in the folder.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Customers => "customers.csv",
            Self::Accounts => "accounts.csv",
            Self::AccountHolders => "account_holders.csv",
            Self::StandingOrders => "standing_orders.csv",
            Self::Transactions => "transactions.csv",
        }
    }

    /// Whether an import needs it.
    #[must_use]
    pub fn is_required(self) -> bool {
        match self {
            Self::Customers | Self::Accounts | Self::AccountHolders | Self::Transactions => true,
            Self::StandingOrders => false,
        }
    }

    /// Its columns; each must be there once, in any order.
    #[must_use]
    pub fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Customers => &["customer_id", "username", "full_name", "birth_date", "email"],
            Self::Accounts => &[
                "account_id",
                "currency",
                "account_type",
                "account_subtype",
                "nickname",
                "scheme",
                "identification",
                "opened_on",
            ],
            Self::AccountHolders => &["account_id", "customer_id", "role"],
            Self::StandingOrders => &[
                "standing_order_id",
                "account_id",
                "amount",
                "currency",
                "frequency",
                "purpose",
                "creditor_scheme",
                "creditor_identification",
            ],
            Self::Transactions => &[
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
            ],
        }
    }
}

/// The contents of the files.
#[derive(Clone, Default)]
pub struct Files {
    customers: Option<Vec<u8>>,
    accounts: Option<Vec<u8>>,
    account_holders: Option<Vec<u8>>,
    standing_orders: Option<Vec<u8>>,
    transactions: Option<Vec<u8>>,
}

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
        let place = match file {
            File::Customers => &mut self.customers,
            File::Accounts => &mut self.accounts,
            File::AccountHolders => &mut self.account_holders,
            File::StandingOrders => &mut self.standing_orders,
            File::Transactions => &mut self.transactions,
        };
        *place = Some(content);
        self
    }

    /// The content of a file, if it is there.
    #[must_use]
    pub fn get(&self, file: File) -> Option<&[u8]> {
        match file {
            File::Customers => self.customers.as_deref(),
            File::Accounts => self.accounts.as_deref(),
            File::AccountHolders => self.account_holders.as_deref(),
            File::StandingOrders => self.standing_orders.as_deref(),
            File::Transactions => self.transactions.as_deref(),
        }
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

/// The largest file that is read, in bytes: 1 GiB.
pub const FILE_BYTES_MAX: u64 = 1 << 30;
