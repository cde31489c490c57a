//! Before any handler: is this call one too many for its address or its app, and is there a place for it to run?

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{MatchedPath, Request};
use lombard_auth::limit::{Class, Limited, Meter, Subject};

use crate::app::App;
use crate::class;
use crate::parts::arrived::Arrived;
use crate::parts::body;
use crate::parts::guard::{Admitted, Refusal};
use crate::parts::interaction::InteractionId;
use crate::parts::peer::Peer;
use crate::parts::throttle::Comer;

/// What will be known of a call's limits; made before anything looks at it.
pub(crate) fn meter(request: &Request) -> Arc<Meter> {
    Arc::new(Meter::new(class::of(request.method(), route(request))))
}

/// Lets a call in, or says why not.
pub(crate) async fn admit(app: &App, class: Class, request: Request) -> Result<Admitted, Refusal> {
    let unseen = Arrived::since(request.extensions());
    let outcome = |outcome: &'static str| {
        metrics::counter!("lombard_admission_total", "class" => class.name(), "outcome" => outcome).increment(1);
    };
    let share = match ask(app, Caller::of(&request)).await {
        Ok(share) => share,
        Err(Limited { .. }) => {
            outcome("limited");
            return Err(Refusal::Limited);
        }
    };
    let Some(throttle) = &app.throttle else {
        outcome("admitted");
        return Ok(Admitted { request, place: None });
    };
    let kind = app.traffic.template(route(&request));
    let request = body::gathered(request).await;
    let Some(place) = throttle.enter(Comer { class, share, kind, unseen }).await else {
        outcome("shed");
        return Err(Refusal::Shed);
    };
    outcome("admitted");
    Ok(Admitted { request, place: Some(place) })
}

/// Counts a call by its address, and by its app where a token of ours names it. In whose turn it runs is what it returns.
async fn ask(app: &App, caller: Caller) -> Result<Option<Subject>, Limited> {
    let Caller { id, address, token } = caller;
    let address = address.map(Subject::at);
    if let Some(address) = address {
        app.auth.ask(id.call(), &[address]).await?;
    }
    // Only a signature of ours says who calls: with a name that anybody can write, anybody could use up what its owner may do.
    let Some(client) = token.and_then(|token| app.auth.client_of(&token)) else { return Ok(address) };
    let client = Subject::Client(client);
    app.auth.ask(id.call(), &[client]).await?;
    Ok(Some(client))
}

/// What a request says of who calls; a body cannot be waited with.
struct Caller {
    id: InteractionId,
    address: Option<IpAddr>,
    token: Option<String>,
}

impl Caller {
    fn of(request: &Request) -> Self {
        let token = class::takes_token(route(request)).then(|| body::access_token(request.headers())).flatten();
        Self {
            id: InteractionId::known_or_new(request.headers(), request.extensions()),
            address: address(request),
            token: token.map(str::to_owned),
        }
    }
}

/// From where a call comes.
fn address(request: &Request) -> Option<IpAddr> {
    request.extensions().get::<Peer>().map(|peer| peer.addr.ip())
}

fn route(request: &Request) -> &str {
    request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str)
}
