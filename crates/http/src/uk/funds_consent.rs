//! Consents to confirm funds that apps lodge: `OBFundsConfirmationConsent1` and its response.

use axum::Json;
use axum::extract::{Request, State};
use http::StatusCode;
use lombard_auth::Door;
use lombard_auth::consent::FundsLodging;
use lombard_domain::account::{BadIdentification, Identification};
use lombard_domain::consent::{Consent, Debtor, Kind, Wording};
use lombard_domain::text::Text;
use lombard_domain::time::Instant;
use serde::Serialize;
use utoipa::ToSchema;

use super::consent::{EXPIRATION, not_lodged, unknown};
use super::docs::AppRefused;
use super::envelope::{self, Envelope};
use super::error::Problem;
use super::input::{self, Object};
use super::own::{self, FundsConsents, Named, Own};
use super::standing::{Standing, StatusReason};
use crate::app::App;
use crate::parts::interaction::InteractionId;
use crate::parts::peer::At;

/// `Data` of `OBFundsConfirmationConsentResponse1`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(super) struct FundsConsentData {
    consent_id: String,
    creation_date_time: String,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_reason: Option<Vec<StatusReason>>,
    status_update_date_time: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    expiration_date_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    debtor_account: Option<DebtorAccount>,
}

/// `OBFundsConfirmationConsent1`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct FundsConsent {
    data: FundsAsked,
}

/// What an app asks for.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
struct FundsAsked {
    /// Until when the consent shall hold, in any form of ISO 8601; without it, until it is taken back.
    #[schema(format = DateTime)]
    expiration_date_time: Option<String>,
    debtor_account: DebtorAccount,
}

/// The account as the app named it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
struct DebtorAccount {
    /// UK.OBIE.BBAN, UK.OBIE.IBAN, UK.OBIE.PAN or UK.OBIE.SortCodeAccountNumber.
    #[schema(example = "UK.OBIE.SortCodeAccountNumber")]
    scheme_name: &'static str,
    /// The number, without spaces.
    #[schema(min_length = 1, max_length = 256, example = "09012840017249")]
    identification: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 350)]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 34)]
    secondary_identification: Option<String>,
}

/// Lodge a consent to confirm funds in one account, for its holder to authorise.
#[utoipa::path(post, path = "/open-banking/v4.0/cbpii/funds-confirmation-consents", tag = "funds", operation_id = "lodgeFundsConfirmationConsent",
    request_body = FundsConsent,
    responses((status = 201, description = "The consent", body = Envelope<FundsConsentData>), AppRefused),
    security(("app" = ["fundsconfirmations"])))]
pub(super) async fn lodge(
    State(app): State<App>,
    id: InteractionId,
    At(door): At,
    Own(client, _): Own<FundsConsents>,
    request: Request,
) -> Result<(StatusCode, Json<Envelope<FundsConsentData>>), Problem> {
    let named = |problem: Problem| problem.with_id(id.as_str());
    let bytes = input::body(request).await.map_err(named)?;
    let asked = input::read(&bytes, |body| lodging(body, app.auth.now())).map_err(|all| named(Problem::body(all)))?;
    let lodged = app.auth.lodge_funds_confirmation(id.call(), &client, asked).await;
    let lodged = lodged.map_err(|why| named(not_lodged(why)))?;
    Ok((StatusCode::CREATED, answer(&app, door, &lodged)))
}

/// A consent to confirm funds, and where it stands.
#[utoipa::path(get, path = "/open-banking/v4.0/cbpii/funds-confirmation-consents/{consent}", tag = "funds", operation_id = "getFundsConfirmationConsent",
    params(("consent" = String, Path, description = "ConsentId", max_length = 128)),
    responses((status = 200, description = "The consent", body = Envelope<FundsConsentData>), AppRefused),
    security(("app" = ["fundsconfirmations"])))]
pub(super) async fn show(
    State(app): State<App>,
    id: InteractionId,
    At(door): At,
    Own(client, _): Own<FundsConsents>,
    Named(consent): Named,
) -> Result<Json<Envelope<FundsConsentData>>, Problem> {
    let named = |problem: Problem| problem.with_id(id.as_str());
    let found = app.auth.lodged(&client, Kind::FundsConfirmation, &consent).await;
    let found = found.map_err(|error| named(error.into()))?.ok_or_else(|| named(unknown()))?;
    Ok(answer(&app, door, &found))
}

/// Delete a consent to confirm funds; its tokens stop working with the next call.
#[utoipa::path(delete, path = "/open-banking/v4.0/cbpii/funds-confirmation-consents/{consent}", tag = "funds", operation_id = "deleteFundsConfirmationConsent",
    params(("consent" = String, Path, description = "ConsentId", max_length = 128)),
    responses((status = 204, description = "It is gone"), AppRefused),
    security(("app" = ["fundsconfirmations"])))]
pub(super) async fn delete(
    State(app): State<App>,
    id: InteractionId,
    Own(client, _): Own<FundsConsents>,
    Named(consent): Named,
) -> Result<StatusCode, Problem> {
    let named = |problem: Problem| problem.with_id(id.as_str());
    let gone = app.auth.delete_lodged(id.call(), &client, Kind::FundsConfirmation, &consent).await;
    gone.map_err(|error| named(error.into()))?.ok_or_else(|| named(unknown()))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Reads `OBFundsConfirmationConsent1`. What is not closed in the standard may hold more than is read here.
pub(super) fn lodging(body: &Object<'_>, now: Instant) -> Option<FundsLodging> {
    body.closed(&["Data"]);
    let data = body.need("Data")?.object()?;
    let expires_at = data.may(EXPIRATION).and_then(|field| field.date_time());
    if expires_at.is_some_and(|end| end <= now) {
        data.refuse(EXPIRATION, "U003", "Must lie in the future");
    }
    let written = data.may(EXPIRATION).and_then(|field| field.written());
    let wording = Wording { expires_at: written, ..Wording::default() };
    let debtor = debtor(&data.need("DebtorAccount")?.object()?)?;
    Some(FundsLodging { debtor, expires_at, wording })
}

fn debtor(account: &Object<'_>) -> Option<Debtor> {
    if let Some(proxy) = account.may("Proxy") {
        let _: Option<()> =
            proxy.refuse("U005", "Accounts have no other names here; give SchemeName and Identification");
    }
    let scheme = account.need("SchemeName").and_then(|field| {
        let scheme = envelope::scheme_of(field.text(SCHEME_LENGTH_MAX)?);
        scheme.or_else(|| field.refuse("U021", "This scheme of account numbers is not supported"))
    });
    let number = account.need("Identification").and_then(|field| Some((field.text(NUMBER_LENGTH_MAX)?, field)));
    let name = account.may("Name").and_then(|field| field.bounded::<350>());
    let secondary = account.may("SecondaryIdentification").and_then(|field| field.bounded::<34>());
    let (scheme, (number, field)) = scheme.zip(number)?;
    match Identification::new(scheme, number) {
        Ok(account) => Some(Debtor { account, name, secondary }),
        Err(BadIdentification::Checksum) => field.refuse("U002", "The check digits are wrong"),
        Err(BadIdentification::Form) => field.refuse("U002", "Not in the form of its scheme, without spaces"),
    }
}

fn answer(app: &App, door: Door, consent: &Consent) -> Json<Envelope<FundsConsentData>> {
    let own = own::address(app, door, &format!("/cbpii/funds-confirmation-consents/{}", consent.id()));
    let Standing { status, reasons, since } = Standing::of(consent, app.auth.now());
    let data = FundsConsentData {
        consent_id: consent.id().to_string(),
        creation_date_time: consent.created_at().rfc3339(),
        status,
        status_reason: reasons,
        status_update_date_time: since.rfc3339(),
        expiration_date_time: consent.times().expires_at,
        // There always is one: a consent of this kind is not lodged without it.
        debtor_account: consent.terms().debtor.as_ref().map(DebtorAccount::of),
    };
    Envelope::whole(data, own)
}

impl DebtorAccount {
    fn of(debtor: &Debtor) -> Self {
        Self {
            scheme_name: envelope::scheme(debtor.account.scheme()),
            // The app's own words, whole: it named the number itself.
            identification: debtor.account.number().to_owned(),
            name: debtor.name.clone().map(Text::into_string),
            secondary_identification: debtor.secondary.clone().map(Text::into_string),
        }
    }
}

/// Characters of a scheme's name.
const SCHEME_LENGTH_MAX: usize = 64;
/// Characters of an account's number (`Identification`).
const NUMBER_LENGTH_MAX: usize = 256;
