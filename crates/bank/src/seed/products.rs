//! What the sandbox's bank sells.

use lombard_domain::account::ProductKind::{Other, PersonalCurrentAccount};

use super::plan::Product;

pub(super) const CLASSIC: Product = Product {
    code: "LMB-CLASSIC",
    name: "Lombard Classic",
    kind: PersonalCurrentAccount,
    description: "Current account without a monthly fee.",
};
pub(super) const CREDIT_CARD: Product = Product {
    code: "LMB-CARD",
    name: "Lombard Credit Card",
    kind: Other,
    description: "Credit card without an annual fee, paid off by direct debit every month.",
};
pub(super) const EURO: Product = Product {
    code: "LMB-EURO",
    name: "Lombard Euro",
    kind: PersonalCurrentAccount,
    description: "Current account kept in euros.",
};
pub(super) const SAVER: Product = Product {
    code: "LMB-SAVER",
    name: "Lombard Saver",
    kind: Other,
    description: "Savings account with money at call: 2.4 % a year, paid at the end of each month.",
};
pub(super) const STUDENT: Product = Product {
    code: "LMB-STUDENT",
    name: "Lombard Student",
    kind: PersonalCurrentAccount,
    description: "Current account for students, with an overdraft of 500.00 without interest.",
};
