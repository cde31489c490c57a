//! What handlers can reach: the use cases, the bank, and how the site presents itself.

use std::ops::Deref;
use std::sync::Arc;

use lombard_auth::Auth;
use lombard_auth::access::Gate;
use lombard_bank::Bank;

use crate::parts::throttle::Throttle;
use crate::parts::trace::Traces;
use crate::traffic::Traffic;

/// Everything that handlers need. Cheap to clone: every layer does it for every call.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// What an [`App`] is made of.
pub struct Parts {
    pub(crate) auth: Auth,
    pub(crate) gate: Gate,
    pub(crate) bank: Arc<dyn Bank>,
    pub(crate) site: Site,
    pub(crate) throttle: Option<Throttle>,
    pub(crate) traffic: Traffic,
    pub(crate) traces: Option<Traces>,
}

impl App {
    /// Puts an app together; without a way to trace calls, none is traced.
    #[must_use]
    pub fn new(auth: Auth, bank: Arc<dyn Bank>, site: Site, traces: Option<Traces>) -> Self {
        let throttle = auth.policy().throttling.as_ref().map(Throttle::new);
        let gate = Gate::new(auth.clone());
        Self(Arc::new(Parts { throttle, traffic: Traffic::new(), traces, gate, auth, bank, site }))
    }

    pub(crate) fn frame(&self) -> crate::web::pages::Frame<'_> {
        crate::web::pages::Frame { bank_name: &self.site.bank_name, sandbox: self.site.sandbox.is_some() }
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// How the site presents itself.
pub struct Site {
    /// The bank's name as customers know it.
    pub bank_name: String,
    /// What a sandbox tells everybody; `None` in production.
    pub sandbox: Option<SandboxSite>,
}

/// What a sandbox tells everybody.
pub struct SandboxSite {
    /// Whom one can sign in as.
    pub customers: Vec<SandboxCustomer>,
    /// The code that always works.
    pub second_factor: String,
}

/// A customer of a sandbox.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct SandboxCustomer {
    /// What they sign in with.
    pub username: String,
    /// Their password.
    pub password: String,
    /// What they are called.
    pub name: String,
}
