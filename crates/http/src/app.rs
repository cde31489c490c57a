//! What handlers can reach: the use cases, the bank, and how the site presents itself.

use std::sync::Arc;

use lombard_auth::Auth;
use lombard_auth::access::Gate;
use lombard_bank::Bank;

use crate::parts::throttle::Throttle;
use crate::parts::trace::Traces;
use crate::traffic::Traffic;

/// Everything that handlers need. Cheap to clone.
#[derive(Clone)]
pub struct App {
    pub(crate) auth: Auth,
    pub(crate) gate: Gate,
    pub(crate) bank: Arc<dyn Bank>,
    pub(crate) site: Arc<Site>,
    pub(crate) throttle: Option<Arc<Throttle>>,
    pub(crate) traffic: Arc<Traffic>,
    pub(crate) traces: Option<Traces>,
}

impl App {
    /// Puts an app together.
    #[must_use]
    pub fn new(auth: Auth, bank: Arc<dyn Bank>, site: Site) -> Self {
        let throttle = auth.policy().throttling.as_ref().map(|throttling| Arc::new(Throttle::new(throttling)));
        let traffic = Arc::new(Traffic::new());
        Self { throttle, traffic, traces: None, gate: Gate::new(auth.clone()), auth, bank, site: Arc::new(site) }
    }

    /// Traces calls in this way; without it, none is traced.
    #[must_use]
    pub fn traced(self, traces: Option<Traces>) -> Self {
        Self { traces, ..self }
    }

    pub(crate) fn frame(&self) -> crate::web::pages::Frame<'_> {
        crate::web::pages::Frame { bank_name: &self.site.bank_name, sandbox: self.site.sandbox.is_some() }
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
