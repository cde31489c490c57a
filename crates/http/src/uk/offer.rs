//! Offers: `OBReadOffer1`.

use axum::Json;
use axum::extract::State;
use lombard_bank::{OfferView, Reach};
use lombard_domain::account::OfferKind;
use lombard_domain::permission::ReadOffers;
use lombard_domain::time::Span;
use serde::Serialize;
use utoipa::ToSchema;

use super::allowed::{Allowed, AllowedAll};
use super::docs::DataRefused;
use super::envelope::{Amount, Envelope};
use super::error::Problem;
use super::list::Asked;
use crate::app::App;

/// `Data` of an answer about offers.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Offers {
    offer: Vec<Offer>,
}

/// What the bank offers to the holder of an account.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
struct Offer {
    account_id: String,
    offer_id: String,
    /// `OBExternalOfferType1Code`.
    offer_type: &'static str,
    #[schema(max_length = 500)]
    description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_date_time: Option<String>,
    /// The last second in which it can be taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    end_date_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<Amount>,
}

/// What the bank offers to the holders of one account.
#[utoipa::path(get, path = "/open-banking/v4.0/aisp/accounts/{account}/offers", tag = "accounts",
    operation_id = "listOffersOfAccount",
    params(("account" = String, Path, description = "AccountId", max_length = 40), Asked),
    responses((status = 200, description = "A page of them", body = Envelope<Offers>), DataRefused),
    security(("customer" = ["accounts"]), ("customer" = ["offers:read"])))]
pub(super) async fn of_account(
    State(app): State<App>,
    Allowed(access): Allowed<ReadOffers>,
    asked: Asked,
) -> Result<Json<Envelope<Offers>>, Problem> {
    answer(&app, &asked, Reach::Account(&access)).await
}

/// What the bank offers to the holders of all accounts of the consent.
#[utoipa::path(get, path = "/open-banking/v4.0/aisp/offers", tag = "accounts", operation_id = "listOffers",
    params(Asked),
    responses((status = 200, description = "A page of them", body = Envelope<Offers>), DataRefused),
    security(("customer" = ["accounts"]), ("customer" = ["offers:read"])))]
pub(super) async fn all(
    State(app): State<App>,
    AllowedAll(access): AllowedAll<ReadOffers>,
    asked: Asked,
) -> Result<Json<Envelope<Offers>>, Problem> {
    answer(&app, &asked, Reach::Consent(&access)).await
}

async fn answer(app: &App, asked: &Asked, reach: Reach<'_, ReadOffers>) -> Result<Json<Envelope<Offers>>, Problem> {
    let list = asked.list(app, &reach, "offers");
    let page = app.bank.offers(reach, asked.query()).await.map_err(|error| asked.failed(error))?;
    let links = asked.links(&list, &page);
    let offer = page.items.into_iter().map(Offer::from).collect();
    Ok(Envelope::page(Offers { offer }, links))
}

impl From<OfferView> for Offer {
    fn from(view: OfferView) -> Self {
        Self {
            account_id: view.account.to_string(),
            offer_id: view.id.to_string(),
            offer_type: kind(view.kind),
            description: view.description.into_string(),
            start_date_time: view.from.map(|day| day.start().rfc3339()),
            end_date_time: view.to.map(|day| day.plus_days(1).start().minus(Span::seconds(1)).rfc3339()),
            amount: view.amount.map(Amount::from),
        }
    }
}

fn kind(kind: OfferKind) -> &'static str {
    match kind {
        OfferKind::BalanceTransfer => "BalanceTransfer",
        OfferKind::LimitIncrease => "LimitIncrease",
        OfferKind::MoneyTransfer => "MoneyTransfer",
        OfferKind::Other => "Other",
        OfferKind::PromotionalRate => "PromotionalRate",
    }
}
