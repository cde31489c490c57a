//! What handlers about statements take from a call: which one is named, or which are asked for.

use axum::extract::{FromRequestParts, RawPathParams};
use http::Uri;
use http::request::Parts;
use lombard_auth::Door;
use lombard_bank::{Page, Reach, StatementKey, StatementQuery};
use lombard_domain::id::StatementId;
use lombard_domain::permission::{Right, Window};
use lombard_domain::time::Instant;
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};

use super::envelope::Links;
use super::error::Problem;
use super::query::{self, Listing, PAGE};
use crate::app::App;
use crate::parts::interaction::InteractionId;
use crate::parts::peer::At;

/// The statement in a path. In a handler it stands behind the right to read.
pub(super) struct Named(Option<StatementId>);

impl FromRequestParts<App> for Named {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Self::Rejection> {
        let Ok(params) = RawPathParams::from_request_parts(parts, app).await else { return Ok(Self(None)) };
        let text = params.iter().find(|(name, _)| *name == "statement").map(|(_, text)| text);
        Ok(Self(text.and_then(|text| text.parse().ok())))
    }
}

impl Named {
    /// Its identifier; what cannot be read is a statement that does not exist.
    pub(super) fn id(&self, call: &InteractionId) -> Result<StatementId, Problem> {
        self.0.ok_or_else(|| unknown(call))
    }
}

/// The account has no statement under this name, or none that may be seen: nobody can tell which (digest, 14).
pub(super) fn unknown(call: &InteractionId) -> Problem {
    Problem::unknown("There is no such statement of this account").with_id(call.as_str())
}

/// Which statements a call asks for. In a handler it stands behind the right to read.
pub(super) struct Asked {
    window: Window,
    page: Option<StatementKey>,
    from: Option<String>,
    to: Option<String>,
    door: Door,
    id: InteractionId,
}

impl FromRequestParts<App> for Asked {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let Ok(id) = InteractionId::from_request_parts(parts, app).await;
        let At(door) = At::of(parts);
        match read(&parts.uri) {
            Ok(((from, from_text), (to, to_text), page)) => {
                Ok(Self { window: Window { from, to }, page, from: from_text, to: to_text, door, id })
            }
            Err(problem) => Err(problem.with_id(id.as_str())),
        }
    }
}

/// A moment, and the text for it in links.
type Moment = (Option<Instant>, Option<String>);

/// Reads `fromStatementDateTime`, `toStatementDateTime` and the page of a link of ours; others are ignored.
fn read(uri: &Uri) -> Result<(Moment, Moment, Option<StatementKey>), Problem> {
    let params = query::query(uri)?;
    Ok((query::date_time(&params, FROM)?, query::date_time(&params, TO)?, query::page(&params)?))
}

impl Asked {
    /// What the bank is asked for.
    pub(super) fn query(&self) -> StatementQuery {
        StatementQuery { page: self.page, window: self.window, ..StatementQuery::default() }
    }

    /// The list of one account or of all accounts of a consent.
    pub(super) fn list<R: Right>(&self, app: &App, reach: &Reach<'_, R>) -> Listing {
        Listing::of(app, self.door, reach, "statements")
    }

    /// What the bank could not answer.
    pub(super) fn failed(&self, error: lombard_bank::Error) -> Problem {
        Problem::from(error).with_id(self.id.as_str())
    }

    /// The links of the page that came.
    pub(super) fn links<T>(&self, list: &Listing, page: &Page<T, StatementKey>) -> Links {
        let given = [(FROM, &self.from), (TO, &self.to)];
        let filters: Vec<_> = given.iter().filter_map(|(name, text)| Some((*name, text.as_deref()?))).collect();
        let at = |key: StatementKey| list.address(&filters, Some(&key.to_string()));
        let first = list.address(&filters, None);
        Links {
            own: self.page.map_or_else(|| first.clone(), at),
            first: Some(first),
            prev: page.prev.map(at),
            next: page.next.map(at),
            last: Some(at(StatementKey::LAST)),
        }
    }
}

impl IntoParams for Asked {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let moment = |name: &str, what: &str| {
            let text = ObjectBuilder::new()
                .schema_type(Type::String)
                .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)));
            let moment = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Query).schema(Some(text.build()));
            moment.description(Some(what)).build()
        };
        let text = ObjectBuilder::new().schema_type(Type::String).min_length(Some(2)).max_length(Some(50));
        let page = ParameterBuilder::new().name(PAGE).parameter_in(ParameterIn::Query).schema(Some(text.build()));
        vec![
            moment(FROM, "Statements that begin then or later"),
            moment(TO, "Statements that end then or earlier"),
            page.description(Some("A page of this list, as a link of ours names it; without it, the first")).build(),
        ]
    }
}

const FROM: &str = "fromStatementDateTime";
const TO: &str = "toStatementDateTime";
