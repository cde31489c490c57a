//! Another process of the same bank: on the same database, with a memory of its own, at a port of its own.
//!
//! It stands for the other node behind a load balancer and for the same node after a restart: what it knows, it has from the
//! database. Its public address is the bank's; the port is only how a test reaches this one rather than the other.

use std::sync::Arc;

use lombard_auth::{Auth, Door, Policy};

use crate::bank::{Rules, TestBank};
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
        let mailbox = &self.mailbox;
        let rules = Rules { db: &self.db, clock: &self.clock, authority: &self.authority, mailbox, policy };
        let (auth, router) = rules.process(Arc::new(SeededRandom::new(u64::from_be_bytes(seed)))).await;
        let (listener, _) = serve::bind().await;
        Node { auth, served: serve::serve(listener, Door::Public, router) }
    }
}
