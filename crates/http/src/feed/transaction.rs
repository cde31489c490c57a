//! A transaction, as this surface writes it.

use lombard_bank::{AccountNumber, CounterpartyView, TransactionView};
use lombard_domain::account::{BankCode, BookingStatus};
use lombard_domain::money::{Direction, Money};
use serde::Serialize;
use utoipa::ToSchema;

/// A movement of money on an account.
#[derive(Serialize, ToSchema)]
#[schema(as = FeedTransaction)]
pub(super) struct Transaction {
    /// The same while it is pending and when it is booked.
    transaction_id: String,
    account_id: String,
    /// `booked` or `pending`.
    status: &'static str,
    /// When it was booked, or is expected to be.
    booked_at: String,
    /// When it counts for interest.
    #[serde(skip_serializing_if = "Option::is_none")]
    value_at: Option<String>,
    /// In units of the currency; negative flows out.
    #[schema(example = "-12.50")]
    amount: String,
    #[schema(example = "GBP")]
    currency: String,
    /// What sort of transaction, in the words of ISO 20022.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<Code>,
    /// With the Detail permission only: what the statement says.
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    /// With the Detail permission only: who was on the other side.
    #[serde(skip_serializing_if = "Option::is_none")]
    counterparty: Option<Counterparty>,
}

#[derive(Serialize, ToSchema)]
struct Code {
    #[schema(example = "RCDT")]
    family: String,
    #[schema(example = "SALA")]
    sub_family: String,
}

#[derive(Serialize, ToSchema)]
struct Counterparty {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<Number>,
}

#[derive(Serialize, ToSchema)]
struct Number {
    /// `BBAN`, `IBAN`, `PAN` or `SortCodeAccountNumber`.
    scheme: &'static str,
    /// Of a card, perhaps the end only.
    number: String,
}

impl From<TransactionView> for Transaction {
    fn from(view: TransactionView) -> Self {
        let (description, counterparty) = match view.detail {
            Some(detail) => (detail.description, detail.counterparty),
            None => (None, None),
        };
        Self {
            transaction_id: view.id.to_string(),
            account_id: view.account.to_string(),
            status: match view.status {
                BookingStatus::Booked => "booked",
                BookingStatus::Pending => "pending",
            },
            booked_at: view.booked_at.rfc3339(),
            value_at: view.value_at.map(|at| at.rfc3339()),
            amount: signed(view.amount),
            currency: view.amount.currency().to_string(),
            code: view.code.map(Code::from),
            description: description.map(|text| text.into_string()),
            counterparty: counterparty.map(Counterparty::from),
        }
    }
}

impl From<BankCode> for Code {
    fn from(code: BankCode) -> Self {
        Self { family: code.family.into_string(), sub_family: code.sub_family.into_string() }
    }
}

impl From<CounterpartyView> for Counterparty {
    fn from(view: CounterpartyView) -> Self {
        let number = |AccountNumber { scheme, number }| Number { scheme: scheme.code(), number };
        Self { name: view.name.map(|text| text.into_string()), account: view.number.map(number) }
    }
}

fn signed(money: Money) -> String {
    match money.direction() {
        Direction::Credit => money.unsigned_decimal(),
        Direction::Debit => format!("-{}", money.unsigned_decimal()),
    }
}
