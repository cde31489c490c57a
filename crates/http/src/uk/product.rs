//! Products: `OBReadProduct2`.

use axum::Json;
use axum::extract::State;
use lombard_bank::Reach;
use lombard_domain::account::{Product, ProductKind};
use lombard_domain::permission::ReadProducts;
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

/// `Data` of an answer about products.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Products {
    product: Vec<ProductOfAccount>,
}

/// What an account was sold as.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
struct ProductOfAccount {
    account_id: String,
    #[schema(max_length = 40)]
    product_id: String,
    #[schema(max_length = 350)]
    product_name: String,
    product_type: &'static str,
    /// Where `ProductType` is `Other`.
    #[serde(skip_serializing_if = "Option::is_none")]
    other_product_type: Option<OtherProductType>,
}

/// What sort of product it is, where the standard has no word for it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
struct OtherProductType {
    #[schema(max_length = 350)]
    name: String,
    #[schema(max_length = 350)]
    description: String,
}

/// The product that an account is.
#[utoipa::path(get, path = "/open-banking/v4.0/aisp/accounts/{account}/product", tag = "accounts",
    operation_id = "getProductOfAccount",
    params(("account" = String, Path, description = "AccountId", max_length = 40)),
    responses((status = 200, description = "The product, if the bank knows it", body = Envelope<Products>), DataRefused),
    security(("customer" = ["accounts"]), ("customer" = ["products:read"])))]
pub(super) async fn of_account(
    State(app): State<App>,
    id: InteractionId,
    At(door): At,
    Allowed(access): Allowed<ReadProducts>,
) -> Result<Json<Envelope<Products>>, Problem> {
    let found = app.bank.products(Reach::Account(&access)).await;
    let found = found.map_err(|error| Problem::from(error).with_id(id.as_str()))?;
    let own = query::address(&app, door, &format!("/accounts/{}/product", access.account()));
    Ok(Envelope::whole(found.into(), own))
}

/// The products that the accounts of the consent are.
#[utoipa::path(get, path = "/open-banking/v4.0/aisp/products", tag = "accounts", operation_id = "listProducts",
    responses((status = 200, description = "Those that the bank knows", body = Envelope<Products>), DataRefused),
    security(("customer" = ["accounts"]), ("customer" = ["products:read"])))]
pub(super) async fn all(
    State(app): State<App>,
    id: InteractionId,
    At(door): At,
    AllowedAll(access): AllowedAll<ReadProducts>,
) -> Result<Json<Envelope<Products>>, Problem> {
    let found = app.bank.products(Reach::Consent(&access)).await;
    let found = found.map_err(|error| Problem::from(error).with_id(id.as_str()))?;
    Ok(Envelope::whole(found.into(), query::address(&app, door, "/products")))
}

impl From<Vec<Product>> for Products {
    fn from(products: Vec<Product>) -> Self {
        Self { product: products.into_iter().map(ProductOfAccount::from).collect() }
    }
}

impl From<Product> for ProductOfAccount {
    fn from(product: Product) -> Self {
        let name = product.name.into_string();
        let other_product_type = (product.kind == ProductKind::Other).then(|| OtherProductType {
            description: product.description.map_or_else(|| name.clone(), |text| text.into_string()),
            name: name.clone(),
        });
        Self {
            account_id: product.account.to_string(),
            product_id: product.code.into_string(),
            product_name: name,
            product_type: kind(product.kind),
            other_product_type,
        }
    }
}

fn kind(kind: ProductKind) -> &'static str {
    match kind {
        ProductKind::BusinessCurrentAccount => "BusinessCurrentAccount",
        ProductKind::CommercialCreditCard => "CommercialCreditCard",
        ProductKind::Other => "Other",
        ProductKind::PersonalCurrentAccount => "PersonalCurrentAccount",
        ProductKind::SmeLoan => "SMELoan",
    }
}
