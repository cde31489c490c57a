//! What handlers of lists of transactions take from a call.

use axum::extract::FromRequestParts;
use http::Uri;
use http::request::Parts;
use lombard_auth::Door;
use lombard_bank::{PageKey, Reach, TransactionPage, TransactionQuery};
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

/// Which transactions a call asks for. In a handler it stands behind the right to read.
pub(super) struct Asked {
    window: Window,
    page: Option<PageKey>,
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

/// Reads `fromBookingDateTime`, `toBookingDateTime` (both inclusive) and the page of a link of ours; others are ignored.
fn read(uri: &Uri) -> Result<(Moment, Moment, Option<PageKey>), Problem> {
    let params = query::query(uri)?;
    Ok((query::date_time(&params, FROM)?, query::date_time(&params, TO)?, query::page(&params)?))
}

impl Asked {
    /// What the bank is asked for.
    pub(super) fn query(&self) -> TransactionQuery {
        TransactionQuery { page: self.page, window: self.window, ..TransactionQuery::default() }
    }

    /// The list whose name ends the path.
    pub(super) fn list<R: Right>(&self, app: &App, reach: &Reach<'_, R>, name: &str) -> Listing {
        Listing::of(app, self.door, reach, name)
    }

    /// The call.
    pub(super) fn call(&self) -> &InteractionId {
        &self.id
    }

    /// What the bank could not answer.
    pub(super) fn failed(&self, error: lombard_bank::Error) -> Problem {
        Problem::from(error).with_id(self.id.as_str())
    }

    /// The links of the page that came.
    pub(super) fn links(&self, list: &Listing, page: &TransactionPage) -> Links {
        let given = [(FROM, &self.from), (TO, &self.to)];
        let filters: Vec<_> = given.iter().filter_map(|(name, text)| Some((*name, text.as_deref()?))).collect();
        let at = |key: PageKey| list.address(&filters, Some(&key.to_string()));
        let first = list.address(&filters, None);
        Links {
            own: self.page.map_or_else(|| first.clone(), at),
            first: Some(first),
            prev: page.newer.map(at),
            next: page.older.map(at),
            last: Some(at(PageKey::LAST)),
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
        let text = ObjectBuilder::new().schema_type(Type::String).min_length(Some(2)).max_length(Some(44));
        let page = ParameterBuilder::new().name(PAGE).parameter_in(ParameterIn::Query).schema(Some(text.build()));
        vec![
            moment(FROM, "Transactions that were booked then or later"),
            moment(TO, "Transactions that were booked then or earlier"),
            page.description(Some("A page of this list, as a link of ours names it; without it, the first")).build(),
        ]
    }
}

const FROM: &str = "fromBookingDateTime";
const TO: &str = "toBookingDateTime";
