//! How an account's transactions have changed since last time.

use axum::Json;
use axum::extract::{FromRequestParts, State};
use http::Uri;
use http::request::Parts;
use lombard_auth::Door;
use lombard_bank::{SYNC_SIZE, SYNC_SIZE_MAX, SyncPage, SyncQuery};
use lombard_domain::id::TransactionId;
use lombard_domain::permission::ReadTransactions;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};

use super::allowed::Allowed;
use super::docs::Refused;
use super::problem::Problem;
use super::transaction::Transaction;
use crate::app::App;
use crate::parts::interaction::InteractionId;
use crate::parts::peer::At;
use crate::parts::{body, presence};

/// What has changed, or a part of it.
#[derive(Serialize, ToSchema)]
pub(super) struct Changes {
    /// What this cursor had not seen, in the order in which it came.
    added: Vec<Transaction>,
    /// What it had seen and has changed: what was pending is booked under the same identifier.
    changed: Vec<Transaction>,
    /// What it had seen and is not there any more, or has left what the consent gives.
    removed: Vec<Removed>,
    /// What to ask with the next time; it lives as long as the data.
    next_cursor: String,
    /// Whether there is more already.
    has_more: bool,
    /// Where it is, as long as there is more. To follow this address is no further access without the customer, but for what came
    /// after this one had begun.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct Removed {
    transaction_id: String,
}

/// Which changes a call asks for. In a handler it stands behind the right to read.
pub(super) struct Asked {
    query: SyncQuery,
    /// The number that was asked for.
    limit: Option<usize>,
    door: Door,
    id: InteractionId,
}

impl FromRequestParts<App> for Asked {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let Ok(id) = InteractionId::from_request_parts(parts, app).await;
        let At(door) = At::of(parts);
        match read(&parts.uri) {
            Ok((cursor, limit)) => {
                Ok(Self { query: SyncQuery { cursor, size: limit.unwrap_or(SYNC_SIZE) }, limit, door, id })
            }
            Err(problem) => Err(problem.with_id(id.as_str())),
        }
    }
}

fn read(uri: &Uri) -> Result<(Option<String>, Option<usize>), Problem> {
    let params = body::query(uri)
        .map_err(|_| Problem::parameter("query_invalid", "The query of the address cannot be read", "query"))?;
    let one = |name: &'static str| {
        params.get(name).map_err(|_| Problem::parameter("parameter_repeated", "It may be there once", name))
    };
    let limit = match one(LIMIT)? {
        None => None,
        Some(text) => Some(
            text.parse()
                .ok()
                .filter(|limit| (1..=SYNC_SIZE_MAX).contains(limit) && !text.starts_with('+'))
                .ok_or_else(|| {
                    Problem::parameter("limit_invalid", &format!("A number from 1 to {SYNC_SIZE_MAX}"), LIMIT)
                })?,
        ),
    };
    Ok((one(CURSOR)?.map(str::to_owned), limit))
}

/// How one account's transactions have changed since last time.
///
/// Without a cursor, all of them are new. Whoever applies what each answer says, in the order in which the answers came, has what the
/// account has, exactly once, however much happens meanwhile. Running balances are left out: they follow from other transactions.
#[utoipa::path(get, path = "/lombard/v1/accounts/{account}/transactions/sync", tag = "lombard",
    operation_id = "syncTransactions",
    params(("account" = String, Path, description = "AccountId", max_length = 40), Asked),
    responses((status = 200, description = "What has changed", body = Changes), Refused),
    security(("customer" = ["accounts"]), ("customer" = ["transactions:read"])))]
pub(super) async fn of_account(
    State(app): State<App>,
    Allowed(access): Allowed<ReadTransactions>,
    asked: Asked,
) -> Result<Json<Changes>, Problem> {
    let Asked { query, limit, door, id } = asked;
    let found = app.bank.changes(&access, query).await.map_err(|error| Problem::from(error).with_id(id.as_str()))?;
    let page = found.ok_or_else(|| unknown().with_id(id.as_str()))?;
    let next = page.more.then(|| {
        let base = app.auth.policy().base(door);
        let limit = limit.map(|limit| limit.to_string());
        let pairs = [(CURSOR, Some(page.next.as_str())), (LIMIT, limit.as_deref())];
        let given = pairs.into_iter().filter_map(|(name, value)| Some((name, value?)));
        // A walk tells the same whenever it goes on. The next one tells what is new then, which is another access.
        let query = presence::stamped(given, access.link_stamps().filter(|_| page.is_walking));
        format!("{base}/lombard/v1/accounts/{}/transactions/sync?{query}", access.account())
    });
    Ok(Json(Changes::of(page, next)))
}

/// Forged, another account's or another consent's: nobody can tell which.
fn unknown() -> Problem {
    let detail = "The cursor is none of this account under this consent; leave it out to begin anew";
    Problem::parameter("cursor_unknown", detail, CURSOR)
}

impl Changes {
    fn of(page: SyncPage, next: Option<String>) -> Self {
        let removed = |id: TransactionId| Removed { transaction_id: id.to_string() };
        Self {
            added: page.added.into_iter().map(Transaction::from).collect(),
            changed: page.changed.into_iter().map(Transaction::from).collect(),
            removed: page.removed.into_iter().map(removed).collect(),
            next_cursor: page.next,
            has_more: page.more,
            next,
        }
    }
}

impl utoipa::IntoParams for Asked {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let parameter = |name: &str, schema: ObjectBuilder, what: &str| {
            let parameter = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Query);
            parameter.schema(Some(schema.build())).description(Some(what)).build()
        };
        let text = ObjectBuilder::new().schema_type(Type::String).min_length(Some(64)).max_length(Some(64));
        let number = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).maximum(Some(SYNC_SIZE_MAX));
        vec![
            parameter(CURSOR, text, "What the last answer gave as next_cursor; without it, everything is new"),
            parameter(LIMIT, number, "How many changes at most; without it, 100"),
        ]
    }
}

const CURSOR: &str = "cursor";
const LIMIT: &str = "limit";
