//! The product that an account is.

use super::word::words;
use crate::id::AccountId;
use crate::text::Text;

/// What the bank sold when it opened an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// The account.
    pub account: AccountId,
    /// The bank's identifier of the product.
    pub code: Text<40>,
    /// Its name.
    pub name: Text<140>,
    /// What sort of product.
    pub kind: ProductKind,
    /// Its terms in a few words; needed where the kind says too little.
    pub description: Option<Text<350>>,
}

words! {
    /// What sort of product.
    ProductKind {
        /// A firm's account for payments.
        BusinessCurrentAccount = "BusinessCurrentAccount",
        /// A firm's card.
        CommercialCreditCard = "CommercialCreditCard",
        /// Any other.
        Other = "Other",
        /// A person's account for payments.
        PersonalCurrentAccount = "PersonalCurrentAccount",
        /// A loan to a firm.
        SmeLoan = "SMELoan",
    }
}
