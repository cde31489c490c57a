//! What is around every answer: `Data`, `Links`, `Meta`, and shapes that several resources share.

use axum::Json;
use lombard_bank::{AccountNumber, Available, CreditorView};
use lombard_domain::account::Scheme;
use lombard_domain::money::{Direction, Money};
use serde::Serialize;
use utoipa::ToSchema;

/// An answer.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Envelope<T> {
    data: T,
    links: Links,
    meta: Meta,
}

/// Addresses of this page and of those beside it.
#[derive(Default, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Links {
    #[serde(rename = "Self")]
    pub(super) own: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) first: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) prev: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) last: Option<String>,
}

/// About the answer as a whole.
#[derive(Default, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Meta {
    #[serde(skip_serializing_if = "Option::is_none")]
    total_pages: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_available_date_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_available_date_time: Option<String>,
}

impl<T: Serialize> Envelope<T> {
    /// An answer that is whole in one page.
    pub(super) fn whole(data: T, own: String) -> Json<Self> {
        Json(Self {
            data,
            links: Links { own, ..Links::default() },
            meta: Meta { total_pages: Some(1), ..Meta::default() },
        })
    }

    /// An answer that is one of several pages; how many is not counted, because counting costs as much as reading them all.
    pub(super) fn page(data: T, links: Links) -> Json<Self> {
        Self::page_of(data, links, None)
    }

    /// The same, with the moments between which there is something.
    pub(super) fn page_of(data: T, links: Links, available: Option<Available>) -> Json<Self> {
        let meta = Meta {
            total_pages: None,
            first_available_date_time: available.map(|available| available.first.rfc3339()),
            last_available_date_time: available.map(|available| available.last.rfc3339()),
        };
        Json(Self { data, links, meta })
    }
}

/// `OBActiveOrHistoricCurrencyAndAmount`: without a sign.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Amount {
    amount: String,
    currency: String,
}

impl From<Money> for Amount {
    fn from(money: Money) -> Self {
        Self { amount: money.unsigned_decimal(), currency: money.currency().to_string() }
    }
}

/// `OBCreditDebitCode`; nothing is a credit.
pub(super) fn indicator(money: Money) -> &'static str {
    match money.direction() {
        Direction::Credit => "Credit",
        Direction::Debit => "Debit",
    }
}

/// An account's number, as part of an account or of a transaction.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(super) struct CashAccount {
    scheme_name: &'static str,
    identification: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

impl CashAccount {
    pub(super) fn of(number: &AccountNumber, name: Option<String>) -> Self {
        Self { scheme_name: scheme(number.scheme), identification: number.number.clone(), name }
    }

    /// Whom to pay.
    pub(super) fn creditor(creditor: CreditorView) -> Self {
        Self::of(&creditor.number, creditor.name.map(|text| text.into_string()))
    }
}

/// The standard's name of a scheme.
pub(super) fn scheme(scheme: Scheme) -> &'static str {
    match scheme {
        Scheme::Bban => "UK.OBIE.BBAN",
        Scheme::Iban => "UK.OBIE.IBAN",
        Scheme::Pan => "UK.OBIE.PAN",
        Scheme::SortCodeAccountNumber => "UK.OBIE.SortCodeAccountNumber",
    }
}

/// The scheme of a name (`OBInternalAccountIdentification4Code`); the standard's Paym and Wallet are not the names of accounts here.
pub(super) fn scheme_of(name: &str) -> Option<Scheme> {
    Scheme::ALL.iter().copied().find(|known| scheme(*known) == name)
}
