//! Who may take money: nothing of a direct debit depends on the level of detail.

/// A direct debit, whole.
pub type DirectDebitView = lombard_domain::account::DirectDebit;
