//! What handlers of lists that can be narrowed to a span of time take from a call: transactions by booking, statements by their days.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use axum::extract::FromRequestParts;
use http::Uri;
use http::request::Parts;
use lombard_auth::Door;
use lombard_bank::Reach;
use lombard_domain::permission::{Right, Window};
use lombard_domain::time::Instant;
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};

use super::envelope::Links;
use super::error::Problem;
use super::query::{self, Listing, Places};
use crate::app::App;
use crate::parts::interaction::InteractionId;
use crate::parts::peer::At;

/// How a list is narrowed to a span of time, and how its pages are named.
pub(super) trait Dated {
    /// The place of a page.
    type Key: Copy + FromStr + fmt::Display + Send + Sync;
    /// The last page.
    const LAST: Self::Key;
    /// The parameter for the first moment (inclusive), and what it keeps.
    const FROM: (&'static str, &'static str);
    /// The parameter for the last moment (inclusive), and what it keeps.
    const TO: (&'static str, &'static str);
    /// Characters of the longest name of a page.
    const PAGE_MAX: usize;
}

/// What a call asks of such a list. In a handler it stands behind the right to read.
pub(super) struct Asked<D: Dated> {
    /// Between which moments.
    pub(super) window: Window,
    /// Which page; `None` for the first.
    pub(super) page: Option<D::Key>,
    from: Option<String>,
    to: Option<String>,
    door: Door,
    id: InteractionId,
    dated: PhantomData<fn() -> D>,
}

impl<D: Dated> FromRequestParts<App> for Asked<D> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let Ok(id) = InteractionId::from_request_parts(parts, app).await;
        let At(door) = At::of(parts);
        match read::<D>(&parts.uri) {
            Ok(((from, from_text), (to, to_text), page)) => {
                let window = Window { from, to };
                Ok(Self { window, page, from: from_text, to: to_text, door, id, dated: PhantomData })
            }
            Err(problem) => Err(problem.with_id(id.as_str())),
        }
    }
}

/// A moment, and the text for it in links.
type Moment = (Option<Instant>, Option<String>);

/// Reads both moments and the page of a link of ours; other parameters are ignored.
fn read<D: Dated>(uri: &Uri) -> Result<(Moment, Moment, Option<D::Key>), Problem> {
    let params = query::query(uri)?;
    let moment = |(name, _): (&'static str, &str)| query::date_time(&params, name);
    Ok((moment(D::FROM)?, moment(D::TO)?, query::page(&params)?))
}

impl<D: Dated> Asked<D> {
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

    /// The links of the page that came, which lies between these two.
    pub(super) fn links(&self, list: &Listing, prev: Option<D::Key>, next: Option<D::Key>) -> Links {
        let given = [(D::FROM.0, &self.from), (D::TO.0, &self.to)];
        let filters: Vec<_> = given.iter().filter_map(|(name, text)| Some((*name, text.as_deref()?))).collect();
        list.links(&filters, Places { own: self.page, prev, next, last: D::LAST })
    }
}

impl<D: Dated> IntoParams for Asked<D> {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let moment = |(name, what): (&str, &str)| {
            let text = ObjectBuilder::new()
                .schema_type(Type::String)
                .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)));
            let moment = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Query).schema(Some(text.build()));
            moment.description(Some(what)).build()
        };
        vec![moment(D::FROM), moment(D::TO), query::page_parameter(D::PAGE_MAX)]
    }
}
