//! Whether there is enough money in an account: `OBFundsConfirmation1` and its response.

use axum::Json;
use axum::extract::{Request, State};
use http::StatusCode;
use lombard_domain::currency::Currency;
use lombard_domain::id::ConsentId;
use lombard_domain::money::{BadAmount, Money};
use lombard_domain::permission::ConfirmFunds;
use serde::Serialize;
use utoipa::ToSchema;

use super::allowed::AllowedAll;
use super::docs::QuestionRefused;
use super::envelope::Envelope;
use super::error::Problem;
use super::input::{self, Object};
use super::own;
use crate::app::App;
use crate::parts::interaction::InteractionId;
use crate::parts::peer::At;

/// `Data` of `OBFundsConfirmationResponse1`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(super) struct FundsConfirmation {
    funds_confirmation_id: String,
    consent_id: String,
    creation_date_time: String,
    funds_available: bool,
    reference: String,
    instructed_amount: InstructedAmount,
}

/// `OBFundsConfirmation1`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct FundsQuestion {
    data: FundsQuestionData,
}

/// What is asked.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
struct FundsQuestionData {
    /// The consent for which the access token was given.
    #[schema(min_length = 1, max_length = 128)]
    consent_id: String,
    /// The app's own name for the question, told back with the answer.
    #[schema(min_length = 1, max_length = 35)]
    reference: String,
    instructed_amount: InstructedAmount,
}

/// The amount as the app wrote it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
struct InstructedAmount {
    /// More than nothing, with no more decimals than the currency has.
    #[schema(pattern = r"^\d{1,13}$|^\d{1,13}\.\d{1,5}$", example = "12.50")]
    amount: String,
    /// That of the account (ISO 4217).
    #[schema(pattern = "^[A-Z]{3}$", example = "GBP")]
    currency: String,
}

/// What is asked.
pub(super) struct Question {
    reference: String,
    amount: Money,
    written: String,
}

/// Whether there is enough money in the account of the consent at this moment: yes or no.
#[utoipa::path(post, path = "/open-banking/v4.0/cbpii/funds-confirmations", tag = "funds", operation_id = "confirmFunds",
    request_body = FundsQuestion,
    responses((status = 201, description = "The answer", body = Envelope<FundsConfirmation>), QuestionRefused),
    security(("customer" = ["fundsconfirmations"])))]
pub(super) async fn confirm(
    State(app): State<App>,
    id: InteractionId,
    At(door): At,
    AllowedAll(access): AllowedAll<ConfirmFunds>,
    request: Request,
) -> Result<(StatusCode, Json<Envelope<FundsConfirmation>>), Problem> {
    let named = |problem: Problem| problem.with_id(id.as_str());
    let bytes = input::body(request).await.map_err(named)?;
    let asked = input::read(&bytes, |body| question(body, access.consent()));
    let Question { reference, amount, written } = asked.map_err(|all| named(Problem::body(all)))?;
    let found = app.bank.funds(&access, amount).await.map_err(|error| named(error.into()))?;
    let other_currency = || Problem::field("U023", "The account is kept in another currency", CURRENCY_PATH);
    let funds_available = found.ok_or_else(|| named(other_currency()))?;
    let confirmation = app.auth.new_funds_confirmation();
    let own = own::address(&app, door, &format!("/cbpii/funds-confirmations/{confirmation}"));
    let data = FundsConfirmation {
        funds_confirmation_id: confirmation.to_string(),
        consent_id: access.consent().to_string(),
        creation_date_time: app.auth.now().rfc3339(),
        funds_available,
        reference,
        instructed_amount: InstructedAmount { amount: written, currency: amount.currency().to_string() },
    };
    Ok((StatusCode::CREATED, Envelope::whole(data, own)))
}

/// Reads `OBFundsConfirmation1`, which must name the consent under which the call comes.
pub(super) fn question(body: &Object<'_>, consent: ConsentId) -> Option<Question> {
    body.closed(&["Data"]);
    let data = body.need("Data")?.object()?;
    let own = data.need("ConsentId").and_then(|field| {
        let same = field.text(CONSENT_LENGTH_MAX)?.parse() == Ok(consent);
        if same { Some(()) } else { field.refuse("U008", "Not the consent for which the access token was given") }
    });
    let reference = data.need("Reference").and_then(|field| field.text(REFERENCE_LENGTH_MAX)).map(str::to_owned);
    let (amount, written) = data.need("InstructedAmount")?.object().and_then(|object| money(&object))?;
    own.and_then(|()| Some(Question { reference: reference?, amount, written }))
}

fn money(object: &Object<'_>) -> Option<(Money, String)> {
    let currency = object.need("Currency").and_then(|field| {
        let currency: Option<Currency> = field.text(CURRENCY_LENGTH)?.parse().ok();
        currency.or_else(|| field.refuse("U002", "Must be three capital letters (ISO 4217)"))
    });
    let amount = object.need("Amount").and_then(|field| Some((field.text(AMOUNT_LENGTH_MAX)?, field)));
    let (currency, (written, field)) = currency.zip(amount)?;
    match Money::parse(written, currency) {
        Ok(amount) if amount.minor() > 0 => Some((amount, written.to_owned())),
        Ok(_) => field.refuse("U002", "Must be more than nothing"),
        Err(BadAmount::Malformed) => field.refuse("U002", "Must be an amount such as 812.45"),
        Err(BadAmount::TooManyDecimals { allowed }) => {
            field.refuse("U002", format!("The currency has {allowed} decimals, not more"))
        }
    }
}

const CURRENCY_PATH: &str = "Data.InstructedAmount.Currency";
/// Characters of a `ConsentId`.
const CONSENT_LENGTH_MAX: usize = 128;
/// Characters of a `Reference`.
const REFERENCE_LENGTH_MAX: usize = 35;
/// Characters of an ISO 4217 code.
const CURRENCY_LENGTH: usize = 3;
/// Characters of an amount: 13 digits, a point and 5 digits.
const AMOUNT_LENGTH_MAX: usize = 19;
