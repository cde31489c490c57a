//! Who holds accounts, and who the customer is: `OBReadParty2` and `OBReadParty3`.

use axum::Json;
use axum::extract::State;
use lombard_bank::{PartyRole, PartyView};
use lombard_domain::id::AccountId;
use lombard_domain::party::{Address, Contact, Phone};
use lombard_domain::permission::{ReadParties, ReadPartyCustomer};
use lombard_domain::text::Text;
use serde::Serialize;
use utoipa::ToSchema;

use super::allowed::{Allowed, AllowedAll};
use super::docs::DataRefused;
use super::envelope::Envelope;
use super::error::Problem;
use super::query;
use crate::app::App;
use crate::parts::interaction::InteractionId;
use crate::parts::peer::At;

/// `Data` of an answer about one person.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(super) struct OneParty {
    party: Party,
}

/// `Data` of an answer about the holders of an account.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Parties {
    party: Vec<Party>,
}

/// A person.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
struct Party {
    party_id: String,
    /// Their part in the account, where one is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    party_type: Option<&'static str>,
    #[schema(max_length = 350)]
    name: String,
    #[schema(max_length = 350)]
    full_legal_name: String,
    legal_structure: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_role: Option<&'static str>,
    /// Of the customer who gave the consent; not of others.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 256)]
    email_address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mobile: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    relationships: Option<Relationships>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<[PostalAddress; 1]>,
}

/// What a person has to do with other resources.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
struct Relationships {
    account: Relationship,
}

/// A resource.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
struct Relationship {
    /// Its address.
    related: String,
    #[schema(max_length = 40)]
    id: String,
}

/// `OBPostalAddress7`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
struct PostalAddress {
    address_type: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 7)]
    address_line: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    post_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    town_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<String>,
}

/// The customer's own part in an account.
#[utoipa::path(get, path = "/open-banking/v4.0/aisp/accounts/{account}/party", tag = "accounts",
    operation_id = "getPartyOfAccount",
    params(("account" = String, Path, description = "AccountId", max_length = 40)),
    responses((status = 200, description = "The customer", body = Envelope<OneParty>), DataRefused),
    security(("customer" = ["accounts"]), ("customer" = ["parties:read"])))]
pub(super) async fn of_account(
    State(app): State<App>,
    id: InteractionId,
    At(door): At,
    Allowed(access): Allowed<ReadParties>,
) -> Result<Json<Envelope<OneParty>>, Problem> {
    let found = app.bank.party(&access).await.map_err(|error| Problem::from(error).with_id(id.as_str()))?;
    let account = Related::of(&app, door, access.account());
    Ok(Envelope::whole(OneParty { party: account.party(found) }, format!("{}/party", account.address)))
}

/// Who holds an account.
#[utoipa::path(get, path = "/open-banking/v4.0/aisp/accounts/{account}/parties", tag = "accounts",
    operation_id = "listPartiesOfAccount",
    params(("account" = String, Path, description = "AccountId", max_length = 40)),
    responses((status = 200, description = "All holders", body = Envelope<Parties>), DataRefused),
    security(("customer" = ["accounts"]), ("customer" = ["parties:read"])))]
pub(super) async fn all_of_account(
    State(app): State<App>,
    id: InteractionId,
    At(door): At,
    Allowed(access): Allowed<ReadParties>,
) -> Result<Json<Envelope<Parties>>, Problem> {
    let found = app.bank.parties(&access).await.map_err(|error| Problem::from(error).with_id(id.as_str()))?;
    let account = Related::of(&app, door, access.account());
    let party = found.into_iter().map(|party| account.party(party)).collect();
    Ok(Envelope::whole(Parties { party }, format!("{}/parties", account.address)))
}

/// Who the customer is.
#[utoipa::path(get, path = "/open-banking/v4.0/aisp/party", tag = "accounts", operation_id = "getParty",
    responses((status = 200, description = "The customer", body = Envelope<OneParty>), DataRefused),
    security(("customer" = ["accounts"]), ("customer" = ["parties:read"])))]
pub(super) async fn customer(
    State(app): State<App>,
    id: InteractionId,
    At(door): At,
    AllowedAll(access): AllowedAll<ReadPartyCustomer>,
) -> Result<Json<Envelope<OneParty>>, Problem> {
    let found = app.bank.customer(&access).await.map_err(|error| Problem::from(error).with_id(id.as_str()))?;
    Ok(Envelope::whole(OneParty { party: found.into() }, query::address(&app, door, "/party")))
}

/// The account that is meant, and where it is found.
struct Related {
    account: AccountId,
    address: String,
}

impl Related {
    fn of(app: &App, door: lombard_auth::Door, account: AccountId) -> Self {
        Self { account, address: query::address(app, door, &format!("/accounts/{account}")) }
    }

    /// A holder of it.
    fn party(&self, view: PartyView) -> Party {
        let account = Relationship { related: self.address.clone(), id: self.account.to_string() };
        Party { relationships: Some(Relationships { account }), ..view.into() }
    }
}

impl From<PartyView> for Party {
    fn from(view: PartyView) -> Self {
        let name = view.name.into_string();
        let (phone, mobile, address) = match view.contact {
            Some(Contact { phone, mobile, address, .. }) => (phone, mobile, address),
            None => (None, None, None),
        };
        let number = |phone: Phone| phone.as_str().to_owned();
        Self {
            party_id: view.id.to_string(),
            party_type: view.role.map(party_type),
            full_legal_name: name.clone(),
            name,
            // Whoever signs in is a person, also where the account is a firm's.
            legal_structure: "UK.OBIE.Individual",
            account_role: view.role.map(account_role),
            email_address: view.email.map(Text::into_string),
            phone: phone.map(number),
            mobile: mobile.map(number),
            relationships: None,
            address: address.map(|address| [address.into()]),
        }
    }
}

impl From<Address> for PostalAddress {
    fn from(address: Address) -> Self {
        Self {
            address_type: "HOME",
            address_line: address.lines.into_iter().take(LINES_MAX).map(Text::into_string).collect(),
            post_code: address.post_code.map(Text::into_string),
            town_name: address.town.map(Text::into_string),
            country: address.country.map(Text::into_string),
        }
    }
}

/// `OBInternalPartyType1Code`.
fn party_type(role: PartyRole) -> &'static str {
    match role {
        PartyRole::Delegate => "Delegate",
        PartyRole::Joint => "Joint",
        PartyRole::Sole => "Sole",
    }
}

/// `OBInternalAccountRole1Code`. Owners of a joint account are equals: the bank knows no first and second among them.
fn account_role(role: PartyRole) -> &'static str {
    match role {
        PartyRole::Delegate => "UK.OBIE.OtherParty",
        PartyRole::Joint | PartyRole::Sole => "UK.OBIE.Principal",
    }
}

/// Lines of an address, in the standard.
const LINES_MAX: usize = 7;
