//! What is counted of every call: how often, how it ended, how long it took; by route, method and kind of caller.
//!
//! What counts is made once for each of them and found again without making any text. Labels are templates of routes and kinds of
//! callers, so that there are only so many, whatever callers send.

use std::collections::HashMap;
use std::sync::{OnceLock, PoisonError, RwLock};
use std::time::Duration;

use http::{Method, StatusCode};
use lombard_auth::limit::Meter;
use lombard_auth::{Auth, Caller};
use lombard_domain::service_level::{Answer, Interface};
use lombard_domain::time::Span;

use crate::class;
use crate::parts::guard::{Ended, METHODS, Refusal, UNMATCHED};

/// All counters.
pub(crate) struct Traffic {
    routes: HashMap<(&'static str, &'static str), Route>,
    /// What is no route.
    unmatched: HashMap<&'static str, Route>,
}

/// Those of one route and method.
struct Route {
    method: &'static str,
    route: &'static str,
    /// For whom it is, where callers do not prove anything.
    usual: Caller,
    interface: Option<Interface>,
    seconds: [OnceLock<metrics::Histogram>; Caller::ALL.len()],
    /// By kind of caller and status.
    calls: RwLock<HashMap<(Caller, u16), metrics::Counter>>,
}

impl Traffic {
    pub(crate) fn new() -> Self {
        let mut routes = HashMap::new();
        for (_, route) in crate::routes() {
            for method in METHODS {
                let parsed = method.parse().unwrap_or(Method::GET);
                routes.entry((method, route)).or_insert_with(|| Route {
                    usual: class::usual_caller(route),
                    interface: class::interface(&parsed, route),
                    ..Route::new(method, route)
                });
            }
        }
        let unmatched = METHODS.into_iter().map(|method| (method, Route::new(method, UNMATCHED))).collect();
        Self { routes, unmatched }
    }

    /// Who makes a call, as far as is known at its end.
    pub(crate) fn caller(&self, ended: &Ended<'_>, meter: &Meter) -> Caller {
        meter.caller().or_else(|| self.find(ended).map(|route| route.usual)).unwrap_or(Caller::Nobody)
    }

    /// Counts a call that has ended.
    pub(crate) fn note(&self, auth: &Auth, ended: &Ended<'_>, caller: Caller) {
        let Some(route) = self.find(ended) else { return };
        route.calls(caller, ended.status.as_u16()).increment(1);
        route.seconds(caller).record(ended.took.as_secs_f64());
        if let Some(interface) = route.interface {
            auth.count_answer(interface, answer(ended), span(ended.took));
        }
    }

    /// The template of a route, as it is known.
    pub(crate) fn template(&self, route: &str) -> &'static str {
        let [any, ..] = METHODS;
        self.routes.get(&(any, route)).map_or(UNMATCHED, |known| known.route)
    }

    fn find<'a>(&'a self, ended: &Ended<'a>) -> Option<&'a Route> {
        let known = ended.route.and_then(|route| self.routes.get(&(ended.method, route)));
        known.or_else(|| self.unmatched.get(ended.method))
    }
}

impl Route {
    fn new(method: &'static str, route: &'static str) -> Self {
        let seconds = std::array::from_fn(|_| OnceLock::new());
        Self { method, route, usual: Caller::Nobody, interface: None, seconds, calls: RwLock::default() }
    }

    fn seconds(&self, caller: Caller) -> metrics::Histogram {
        let make = || {
            metrics::histogram!("lombard_http_request_seconds",
                "method" => self.method, "route" => self.route, "client" => caller.name())
        };
        let place = Caller::ALL.into_iter().position(|one| one == caller).and_then(|place| self.seconds.get(place));
        place.map_or_else(make, |cell| cell.get_or_init(make).clone())
    }

    fn calls(&self, caller: Caller, status: u16) -> metrics::Counter {
        let known = self.calls.read().unwrap_or_else(PoisonError::into_inner).get(&(caller, status)).cloned();
        known.unwrap_or_else(|| {
            let made = metrics::counter!("lombard_http_requests_total",
                "method" => self.method, "route" => self.route, "client" => caller.name(), "status" => status.to_string());
            self.calls.write().unwrap_or_else(PoisonError::into_inner).insert((caller, status), made.clone());
            made
        })
    }
}

/// What an answer says of the service.
fn answer(ended: &Ended<'_>) -> Answer {
    match ended.status {
        _ if ended.refusal == Some(Refusal::TimedOut) => Answer::Failed,
        StatusCode::TOO_MANY_REQUESTS => Answer::Limited,
        StatusCode::SERVICE_UNAVAILABLE => Answer::Unavailable,
        status if status.is_server_error() => Answer::Failed,
        status if status.is_client_error() => Answer::Refused,
        _ => Answer::Good,
    }
}

fn span(took: Duration) -> Span {
    Span::from_micros(i64::try_from(took.as_micros()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(method: &'static str, route: Option<&'static str>, status: u16) -> Ended<'static> {
        let status = StatusCode::from_u16(status).unwrap();
        Ended { method, route, status, took: Duration::from_millis(3), refusal: None }
    }

    #[test]
    fn whatever_callers_send_there_are_only_so_many_labels() {
        let traffic = Traffic::new();
        for (route, label) in [
            (Some("/token"), "/token"),
            (Some("/no/such/{route}"), UNMATCHED),
            (None, UNMATCHED),
            (
                Some("/open-banking/v4.0/aisp/accounts/{account}/balances"),
                "/open-banking/v4.0/aisp/accounts/{account}/balances",
            ),
        ] {
            let found = traffic.find(&ended("GET", route, 200)).unwrap();
            assert_eq!((found.method, found.route), ("GET", label));
        }
        assert!(traffic.find(&ended("BREW", None, 200)).is_none(), "methods are known before");
    }

    #[test]
    fn an_answer_is_good_refused_limited_unavailable_or_failed() {
        for (status, expected) in [
            (200, Answer::Good),
            (204, Answer::Good),
            (303, Answer::Good),
            (400, Answer::Refused),
            (401, Answer::Refused),
            (404, Answer::Refused),
            (429, Answer::Limited),
            (500, Answer::Failed),
            (502, Answer::Failed),
            (503, Answer::Unavailable),
        ] {
            assert_eq!(answer(&ended("GET", None, status)), expected, "{status}");
        }
        assert_eq!(answer(&Ended { refusal: Some(Refusal::TimedOut), ..ended("GET", None, 503) }), Answer::Failed);
    }
}
