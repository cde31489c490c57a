//! Consents to account information that apps lodge: `OBReadConsent1`, `OBReadConsentResponse1`.

use axum::Json;
use axum::extract::{Request, State};
use http::StatusCode;
use lombard_auth::Door;
use lombard_auth::consent::{Flaw, Lodging, NotLodged, lodge_flaws};
use lombard_domain::consent::{Consent, Kind, Times, Wording};
use lombard_domain::permission::{PermissionSet, Window};
use lombard_domain::time::Instant;
use serde::Serialize;
use utoipa::ToSchema;

use super::docs::AppRefused;
use super::envelope::{Links, Meta};
use super::error::{Fault, Problem};
use super::input::{self, Field, Object};
use super::own::{self, AccountConsents, Named, Own};
use super::permission;
use super::standing::{Standing, StatusReason};
use crate::app::App;
use crate::parts::interaction::InteractionId;
use crate::parts::peer::At;

/// `OBReadConsentResponse1`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ConsentAnswer {
    data: ConsentData,
    risk: Risk,
    links: Links,
    meta: Meta,
}

/// `OBReadConsent1`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
struct ReadConsent {
    data: Asked,
    risk: Risk,
}

/// What an app asks for. Dates are read in every form of ISO 8601; one without a time zone is UTC.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
struct Asked {
    /// Names of permissions; ReadAccountsBasic or ReadAccountsDetail is always needed.
    #[schema(min_items = 1, max_items = 100, example = json!(["ReadAccountsDetail", "ReadBalances"]))]
    permissions: Vec<String>,
    /// Until when the consent shall hold; without it, until it is taken back.
    #[schema(format = DateTime)]
    expiration_date_time: Option<String>,
    /// The first moment whose transactions may be read.
    #[schema(format = DateTime)]
    transaction_from_date_time: Option<String>,
    /// The last moment whose transactions may be read.
    #[schema(format = DateTime)]
    transaction_to_date_time: Option<String>,
}

/// What is known of a consent.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
struct ConsentData {
    consent_id: String,
    creation_date_time: String,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_reason: Option<Vec<StatusReason>>,
    status_update_date_time: String,
    permissions: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expiration_date_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction_from_date_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction_to_date_time: Option<String>,
}

/// `OBRisk2`: an object without members.
#[derive(Serialize, ToSchema)]
struct Risk {}

/// Lodge a consent to account information, for a customer to authorise.
#[utoipa::path(post, path = "/open-banking/v4.0/aisp/account-access-consents", tag = "consents", operation_id = "lodgeAccountAccessConsent",
    request_body = ReadConsent,
    responses((status = 201, description = "The consent", body = ConsentAnswer), AppRefused),
    security(("app" = ["accounts"])))]
pub(super) async fn lodge(
    State(app): State<App>,
    id: InteractionId,
    At(door): At,
    Own(client, _): Own<AccountConsents>,
    request: Request,
) -> Result<(StatusCode, Json<ConsentAnswer>), Problem> {
    let named = |problem: Problem| problem.with_id(id.as_str());
    let bytes = input::body(request).await.map_err(named)?;
    let asked = input::read(&bytes, |body| lodging(body, app.auth.now())).map_err(|all| named(Problem::body(all)))?;
    let lodged = app.auth.lodge_account_access(id.call(), &client, asked).await;
    let lodged = lodged.map_err(|why| named(not_lodged(why)))?;
    Ok((StatusCode::CREATED, answer(&app, door, &lodged)))
}

/// A consent to account information, and where it stands.
#[utoipa::path(get, path = "/open-banking/v4.0/aisp/account-access-consents/{consent}", tag = "consents", operation_id = "getAccountAccessConsent",
    params(("consent" = String, Path, description = "ConsentId", max_length = 128)),
    responses((status = 200, description = "The consent", body = ConsentAnswer), AppRefused),
    security(("app" = ["accounts"])))]
pub(super) async fn show(
    State(app): State<App>,
    id: InteractionId,
    At(door): At,
    Own(client, _): Own<AccountConsents>,
    Named(consent): Named,
) -> Result<Json<ConsentAnswer>, Problem> {
    let named = |problem: Problem| problem.with_id(id.as_str());
    let found = app.auth.lodged(&client, Kind::AccountAccess, &consent).await.map_err(|error| named(error.into()))?;
    let found = found.ok_or_else(|| named(unknown()))?;
    Ok(answer(&app, door, &found))
}

/// Delete a consent to account information; its tokens stop working with the next call.
#[utoipa::path(delete, path = "/open-banking/v4.0/aisp/account-access-consents/{consent}", tag = "consents", operation_id = "deleteAccountAccessConsent",
    params(("consent" = String, Path, description = "ConsentId", max_length = 128)),
    responses((status = 204, description = "It is gone"), AppRefused),
    security(("app" = ["accounts"])))]
pub(super) async fn delete(
    State(app): State<App>,
    id: InteractionId,
    Own(client, _): Own<AccountConsents>,
    Named(consent): Named,
) -> Result<StatusCode, Problem> {
    let named = |problem: Problem| problem.with_id(id.as_str());
    let gone = app.auth.delete_lodged(id.call(), &client, Kind::AccountAccess, &consent).await;
    gone.map_err(|error| named(error.into()))?.ok_or_else(|| named(unknown()))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Reads `OBReadConsent1`. What is not closed in the standard may hold more than is read here.
pub(super) fn lodging(body: &Object<'_>, now: Instant) -> Option<Lodging> {
    if let Some(risk) = body.need("Risk").and_then(|field| field.object()) {
        risk.closed(&[]);
    }
    let data = body.need("Data")?.object()?;
    let permissions = data.need("Permissions").and_then(|field| permissions(&field));
    let instant = |name| data.may(name).and_then(|field| field.date_time());
    let window = Window { from: instant(FROM), to: instant(TO) };
    let expires_at = instant(EXPIRATION);
    let written = |name| data.may(name).and_then(|field| field.written());
    let wording = Wording { expires_at: written(EXPIRATION), from: written(FROM), to: written(TO) };
    let asked = Lodging { permissions: permissions?, window, expires_at, wording };
    for flaw in lodge_flaws(&asked, now) {
        let Fault { code, message, .. } = fault(flaw);
        data.refuse(member(flaw), code, message);
    }
    Some(asked)
}

/// The permissions of a list; that one is repeated is no error.
fn permissions(field: &Field<'_>) -> Option<PermissionSet> {
    let items = field.items(PERMISSIONS_MAX)?;
    items.iter().try_fold(PermissionSet::default(), |set, item| {
        let known = permission::of_code(item.text(PERMISSION_LENGTH_MAX)?);
        known
            .map(|permission| set.with(permission))
            .or_else(|| item.refuse("U002", "Holds a permission that is not known here"))
    })
}

/// What keeps a consent from being lodged, to the app.
pub(super) fn not_lodged(why: NotLodged) -> Problem {
    match why {
        NotLodged::Failed(error) => error.into(),
        NotLodged::Flawed(flaws) => Problem::body(flaws.into_iter().map(fault).collect()),
        NotLodged::TooMany => Problem::new(
            StatusCode::TOO_MANY_REQUESTS,
            "NARR",
            "Too many consents of this app wait for an answer; delete those that no customer will see",
        ),
    }
}

fn fault(flaw: Flaw) -> Fault {
    let (code, message) = match flaw {
        Flaw::Over => ("U003", "Must lie in the future"),
        Flaw::NoPermission => ("U002", "Must hold at least one permission"),
        Flaw::NoAccounts => ("U002", "ReadAccountsBasic or ReadAccountsDetail is needed"),
        Flaw::NoDirection => (
            "U002",
            "ReadTransactionsBasic and ReadTransactionsDetail need ReadTransactionsCredits or ReadTransactionsDebits",
        ),
        Flaw::NoTransactions => (
            "U002",
            "ReadTransactionsCredits and ReadTransactionsDebits need ReadTransactionsBasic or ReadTransactionsDetail",
        ),
        Flaw::WindowReversed => ("U003", "Must not be earlier than TransactionFromDateTime"),
    };
    Fault { code, message: message.into(), path: Some(format!("Data.{}", member(flaw))) }
}

fn member(flaw: Flaw) -> &'static str {
    match flaw {
        Flaw::Over => EXPIRATION,
        Flaw::NoPermission | Flaw::NoAccounts | Flaw::NoDirection | Flaw::NoTransactions => "Permissions",
        Flaw::WindowReversed => TO,
    }
}

fn answer(app: &App, door: Door, consent: &Consent) -> Json<ConsentAnswer> {
    let own = own::address(app, door, &format!("/aisp/account-access-consents/{}", consent.id()));
    let Standing { status, reasons, since } = Standing::of(consent, app.auth.now());
    let Times { expires_at, from, to } = consent.times();
    let data = ConsentData {
        consent_id: consent.id().to_string(),
        creation_date_time: consent.created_at().rfc3339(),
        status,
        status_reason: reasons,
        status_update_date_time: since.rfc3339(),
        permissions: permission::codes(consent.terms().permissions),
        expiration_date_time: expires_at,
        transaction_from_date_time: from,
        transaction_to_date_time: to,
    };
    Json(ConsentAnswer { data, risk: Risk {}, links: Links { own, ..Links::default() }, meta: Meta::default() })
}

/// Another app's, another kind, deleted, never there, unreadable: all look like this.
pub(super) fn unknown() -> Problem {
    Problem::unknown("There is no such consent of this app")
}

/// `ExpirationDateTime`, also of a consent to confirm funds.
pub(super) const EXPIRATION: &str = "ExpirationDateTime";
const FROM: &str = "TransactionFromDateTime";
const TO: &str = "TransactionToDateTime";
/// Items of a list of permissions; there are 21, and repetitions are no error.
const PERMISSIONS_MAX: usize = 100;
/// Characters of a permission's name.
const PERMISSION_LENGTH_MAX: usize = 64;
