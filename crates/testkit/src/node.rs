//! Another process of the same bank: on the same database, with a memory of its own, at a port of its own.
//!
//! It stands for the other node behind a load balancer and for the same node after a restart: what it knows, it has from the
//! database. Its public address is the bank's; the port is only how a test reaches this one rather than the other.

use std::sync::Arc;

use lombard_auth::keys::KeyRing;
use lombard_auth::login::password::PasswordHasher;
use lombard_auth::login::second_factor::SecondFactor;
use lombard_auth::possession::Authorities;
use lombard_auth::{Auth, Door, Parts, Policy, Recorder};
use lombard_bank::EmbeddedBank;
use lombard_domain::secret::Secret;
use lombard_domain::time::Clock as _;
use lombard_http::Site;

use crate::bank::TestBank;
use crate::fetch::WebFetch;
use crate::random::SeededRandom;
use crate::serve::{self, Served};

/// Another process of the same bank.
pub struct Node {
    /// Its rules, for what operators do.
    pub auth: Auth,
    served: Served,
}

impl Node {
    /// The address of a path at this process.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.served.port)
    }
}

impl TestBank {
    /// Another process of this bank, with the same policy.
    pub async fn another_node(&self) -> Node {
        self.another_node_with(|_| {}).await
    }

    /// Another process of this bank, with a changed policy.
    pub async fn another_node_with(&self, change: impl FnOnce(&mut Policy)) -> Node {
        let mut policy = self.auth.policy().clone();
        change(&mut policy);
        let mut seed = [0; 8];
        aws_lc_rs::rand::fill(&mut seed).expect("random numbers");
        let bank = Arc::new(EmbeddedBank::new(self.db.clone(), Arc::new(self.clock.clone())));
        let auth = Auth::new(Parts {
            db: self.db.clone(),
            clock: Arc::new(self.clock.clone()),
            random: Arc::new(SeededRandom::new(u64::from_be_bytes(seed))),
            policy,
            keys: KeyRing::load(&self.db, self.clock.now()).await.expect("signing keys"),
            passwords: PasswordHasher::new(2, 64).expect("a password hasher"),
            second_factor: SecondFactor::fixed_for_sandbox_only(Secret::new(Self::CODE.to_owned()))
                .expect("six digits"),
            directory: bank.clone(),
            recorder: Recorder::start(self.db.clone()),
            fetch: Arc::new(WebFetch::new()),
            client_authorities: Authorities::new(&[self.authority.der().to_vec()]).expect("an authority"),
        });
        let site = Site { bank_name: "Test bank".to_owned(), sandbox: None };
        let router = lombard_http::router(lombard_http::App::new(auth.clone(), bank, site));
        let (listener, _) = serve::bind().await;
        Node { auth, served: serve::serve(listener, Door::Public, router) }
    }
}
