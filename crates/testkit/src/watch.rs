//! Watching: the record is chained and read when a test asks for it, because tests count statements; and places to call from.

use std::net::IpAddr;

use lombard_auth::watch::Watched;

use crate::app::App;
use crate::bank::TestBank;
use crate::browser::Browser;
use crate::outside::https_client;

impl TestBank {
    /// Lets the bank read what came on record, as the server's jobs do every second; what it raised and did.
    pub async fn watch(&self) -> Watched {
        self.seal().await;
        self.auth.watch().await.expect("a record that can be watched")
    }

    /// The names of the alarms that come of what was done since the last time.
    pub async fn alarms(&self) -> Vec<&'static str> {
        self.watch().await.raised.iter().map(|rule| rule.name()).collect()
    }

    /// A browser in another network of this machine: `127.0.<network>.1`.
    ///
    /// # Panics
    /// If there is no such network.
    #[must_use]
    pub fn browser_in(&self, network: u8) -> Browser {
        let client = https_client(self.certificate_pem()).local_address(IpAddr::from([127, 0, network, 1]));
        Browser::new(client.cookie_store(true).build().expect("an HTTPS client"), &self.issuer)
    }
}

impl App {
    /// The same app on a machine in another network.
    ///
    /// # Panics
    /// If there is no such network.
    #[must_use]
    pub fn in_network(&self, bank: &TestBank, network: u8) -> Self {
        let client = https_client(bank.certificate_pem()).local_address(IpAddr::from([127, 0, network, 1]));
        Self { http: client.build().expect("an HTTPS client"), ..self.clone() }
    }
}
