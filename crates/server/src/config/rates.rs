//! `[limits]` and `[throttling]`: how often who may call what, where that is counted, and how many calls run at once.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use lombard_auth::limit::{Class, Kind, Limits, SharedCounter, Throttling};
use lombard_domain::limit::{BadRate, Rate};
use lombard_domain::secret::Secret;
use lombard_domain::time::Span;
use redis::IntoConnectionInfo as _;
use serde::Deserialize;

use crate::counter::RedisCounter;
use crate::files;

/// A rate such as `20/s burst 200`, or `off`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Often(Option<Rate>);

impl TryFrom<String> for Often {
    type Error = BadRate;

    fn try_from(text: String) -> Result<Self, BadRate> {
        Ok(Self(if text == OFF { None } else { Some(text.parse()?) }))
    }
}

impl fmt::Display for Often {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(rate) => rate.fmt(f),
            None => f.write_str(OFF),
        }
    }
}

#[cfg(test)]
impl serde::Serialize for Often {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Where the counter is that all nodes share: `redis://` or `rediss://`, which has TLS.
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct CounterUrl(Secret<String>);

impl CounterUrl {
    /// Whether a password is part of the address.
    pub(crate) fn has_password(&self) -> bool {
        self.0.expose().contains('@')
    }

    /// Whether what goes there can be read on the way: it leaves this machine without TLS.
    pub(crate) fn is_open(&self) -> bool {
        let info = self.0.expose().as_str().into_connection_info();
        let host = info.map(|info| info.addr().to_string()).unwrap_or_default();
        let is_local = ["127.", "localhost:", "[::1]:", "::1:", "/"].iter().any(|start| host.starts_with(start));
        !self.0.expose().starts_with("rediss://") && !is_local
    }
}

impl TryFrom<String> for CounterUrl {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let known = ["redis://", "rediss://"].iter().any(|scheme| text.starts_with(scheme));
        let good = known && text.as_str().into_connection_info().is_ok();
        let secret = Secret::new(text);
        good.then_some(Self(secret)).ok_or("expected rediss://user:password@host:port/number, or redis:// without TLS")
    }
}

impl fmt::Debug for CounterUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("redis://…")
    }
}

#[cfg(test)]
impl serde::Serialize for CounterUrl {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.expose())
    }
}

/// Makes the section: the settings that are its own, and a rate for each pair of a class and what is counted by.
macro_rules! limits {
    ($($(#[$doc:meta])* $key:ident: $class:ident by $kind:ident;)+) => {
        /// `[limits]`: how often who may call what, and where that is counted.
        #[derive(Clone, Debug, Deserialize)]
        #[cfg_attr(test, derive(serde::Serialize))]
        #[serde(default, deny_unknown_fields)]
        pub(crate) struct LimitRates {
            /// Whether anything is limited.
            pub(crate) enabled: bool,
            /// The counter that all nodes share; none: each counts for itself.
            pub(crate) shared: Option<CounterUrl>,
            /// Authority in PEM that signed the counter's certificate; none: those of the system.
            pub(crate) shared_ca_file: Option<PathBuf>,
            /// Among how many nodes the rates are divided while the shared counter is away.
            pub(crate) nodes: u32,
            $($(#[$doc])* pub(crate) $key: Often,)+
        }

        impl Default for LimitRates {
            fn default() -> Self {
                let usual = Limits::usual();
                Self {
                    enabled: true,
                    shared: None,
                    shared_ca_file: None,
                    nodes: usual.nodes,
                    $($key: Often(usual.rate(Class::$class, Kind::$kind)),)+
                }
            }
        }

        impl LimitRates {
            /// The limits that these settings mean.
            pub(crate) fn limits(&self) -> Limits {
                let mut limits = Limits::off();
                limits.nodes = self.nodes;
                if self.enabled {
                    $(limits.set(Class::$class, Kind::$kind, self.$key.0);)+
                }
                limits
            }
        }
    };
}

limits! {
    /// Passwords and codes from one address.
    sign_in_address: SignIn by Address;
    /// Passwords and codes for one customer.
    sign_in_customer: SignIn by Customer;
    /// Requests for tokens, from one address.
    token_address: Token by Address;
    /// Requests for tokens, of one app.
    token_client: Token by Client;
    /// Registrations from one address.
    registration_address: Registration by Address;
    /// Consents lodged and looked at, and subscriptions, from one address.
    consent_address: Consent by Address;
    /// The same of one app.
    consent_client: Consent by Client;
    /// Reads from one address.
    read_address: Read by Address;
    /// Reads of one app.
    read_client: Read by Client;
    /// Reads of one app for one customer.
    read_customer: Read by Customer;
    /// Questions about funds from one address.
    funds_address: Funds by Address;
    /// Questions about funds of one app.
    funds_client: Funds by Client;
    /// Questions about funds under one consent.
    funds_consent: Funds by Consent;
    /// Polls for events from one address.
    events_address: Events by Address;
    /// Polls for events of one app.
    events_client: Events by Client;
    /// Pages from one address.
    page_address: Page by Address;
    /// What everybody may see, from one address.
    public_address: Public by Address;
    /// What ends something, from one address.
    revocation_address: Revocation by Address;
    /// What ends something, of one app.
    revocation_client: Revocation by Client;
}

impl LimitRates {
    /// The counter that all nodes share, if there is one.
    ///
    /// # Errors
    /// The address, or the file with its authority, cannot be used. A server that is away is no error.
    pub(crate) async fn shared_counter(&self) -> anyhow::Result<Option<Arc<dyn SharedCounter>>> {
        let Some(url) = self.shared.as_ref().filter(|_| self.enabled) else { return Ok(None) };
        let authority = match &self.shared_ca_file {
            Some(file) => Some(files::read_limited(file, AUTHORITY_BYTES_MAX)?),
            None => None,
        };
        Ok(Some(Arc::new(RedisCounter::connect(url.0.expose(), authority).await?)))
    }
}

/// `[throttling]`: how many calls of each class run at once and wait.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Places {
    /// Whether calls are refused when there are too many at once.
    pub(crate) enabled: bool,
    /// Calls of one class that run at once, at most.
    pub(crate) running_max: u32,
    /// Calls of one class that wait, at most.
    pub(crate) waiting_max: u32,
    /// How long a call waits, at most.
    pub(crate) wait_ms: u32,
}

impl Default for Places {
    fn default() -> Self {
        let Throttling { most, waiting, wait } = Throttling::usual();
        let wait_ms = u32::try_from(wait.micros() / MICROS_OF_A_MILLISECOND).unwrap_or(u32::MAX);
        Self { enabled: true, running_max: most, waiting_max: waiting, wait_ms }
    }
}

impl Places {
    /// The rule that these settings mean.
    pub(crate) fn throttling(&self) -> Option<Throttling> {
        let wait = Span::milliseconds(i64::from(self.wait_ms));
        self.enabled.then_some(Throttling { most: self.running_max, waiting: self.waiting_max, wait })
    }
}

const OFF: &str = "off";
const MICROS_OF_A_MILLISECOND: i64 = 1_000;
/// Bytes of the file with an authority.
const AUTHORITY_BYTES_MAX: u64 = 256 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_usual_limit_has_its_setting() {
        assert_eq!(LimitRates::default().limits(), Limits::usual());
        assert_eq!(LimitRates { enabled: false, ..LimitRates::default() }.limits(), Limits::off());
        assert_eq!(Places::default().throttling(), Some(Throttling::usual()));
        assert_eq!(Places { enabled: false, ..Places::default() }.throttling(), None);
    }

    #[test]
    fn each_limit_can_be_changed_and_switched_off() {
        let rates: LimitRates = toml::from_str("read_client = \"7/m burst 9\"\npublic_address = \"off\"\n").unwrap();
        let limits = rates.limits();
        assert_eq!(limits.rate(Class::Read, Kind::Client).unwrap().to_string(), "7/m burst 9");
        assert_eq!(limits.rate(Class::Public, Kind::Address), None);
        assert_eq!(limits.rate(Class::Page, Kind::Address), Limits::usual().rate(Class::Page, Kind::Address));
        for bad in ["read_client = \"7\"", "read_client = 7", "read_consent = \"7/s\"", "shared = \"http://h\""] {
            assert!(toml::from_str::<LimitRates>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn knows_what_can_be_read_on_the_way_and_shows_no_password() {
        for (url, open, password) in [
            ("redis://127.0.0.1:6379/", false, false),
            ("redis://localhost/1", false, false),
            ("rediss://:secret@counter.example:6380/0", false, true),
            ("redis://:secret@counter.example", true, true),
            ("redis://192.0.2.1:6379", true, false),
        ] {
            let url = CounterUrl::try_from(url.to_owned()).unwrap();
            assert_eq!((url.is_open(), url.has_password()), (open, password), "{}", url.0.expose());
            assert!(!format!("{url:?}").contains("secret"));
        }
    }
}
