//! Posts security event tokens to apps (RFC 8935; UK Open Banking, `/event-notifications`), by the same rules as a fetch.

use anyhow::ensure;
use http::Request;
use http::header::{ACCEPT, CONNECTION, CONTENT_TYPE, HOST, USER_AGENT};
use http_body_util::Full;
use hyper::body::Bytes;
use lombard_auth::{Deliver, DeliverError, Delivering, Parcel};
use tokio::time::timeout;

use super::target::Target;
use super::{HttpsFetch, send};

impl HttpsFetch {
    async fn hand_over(&self, parcel: Parcel<'_>) -> anyhow::Result<()> {
        let target = Target::parse(parcel.url)?;
        let stream = self.open(&target, &self.known).await?;
        let request = Request::post(target.path)
            .header(HOST, target.authority)
            .header(CONTENT_TYPE, "application/jwt")
            .header(ACCEPT, "application/json")
            .header("x-fapi-interaction-id", parcel.interaction)
            .header(USER_AGENT, "lombard")
            .header(CONNECTION, "close")
            .body(Full::new(Bytes::copy_from_slice(parcel.token.as_bytes())))?;
        // Nothing of the answer is of use but its status; the connection ends with this call, whatever is still to come on it.
        let (response, _driver) = send(stream, request).await?;
        let status = response.status();
        ensure!(status.is_success(), "the answer has status {}", status.as_u16());
        Ok(())
    }
}

impl Deliver for HttpsFetch {
    fn post<'a>(&'a self, parcel: Parcel<'a>) -> Delivering<'a> {
        Box::pin(async move {
            match timeout(self.limits.whole, self.hand_over(parcel)).await {
                Ok(Ok(())) => Ok(()),
                Ok(Err(error)) => Err(DeliverError(format!("{error:#}"))),
                Err(_) => Err(DeliverError(format!("no answer within {:?}", self.limits.whole))),
            }
        })
    }
}
