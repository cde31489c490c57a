//! A whole bank for one test: a fresh database, the small example bank in it, and a server in front.

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use lombard_auth::audit::{ListQuery, Recorded, Whose};
use lombard_auth::client::AppRules;
use lombard_auth::keys::KeyRing;
use lombard_auth::limit::Limits;
use lombard_auth::login::password::PasswordHasher;
use lombard_auth::login::second_factor::SecondFactor;
use lombard_auth::possession::Authorities;
use lombard_auth::receipt::Postman;
use lombard_auth::{Auth, Call, Door, Parts, Policy, Recorder, Recording, Registration};
use lombard_bank::EmbeddedBank;
use lombard_bank::import::{self, Files};
use lombard_domain::audit::{Entry, Event, Subject};
use lombard_domain::id::{AccountId, ClientId, ConsentId, CustomerId};
use lombard_domain::random::Random;
use lombard_domain::secret::Secret;
use lombard_domain::time::{Clock as _, Date};
use lombard_http::Site;
use lombard_store::crypt::MasterKey;
use lombard_store::{Db, Options, migrate};
use tokio::net::TcpListener;

use crate::clock::ManualClock;
use crate::fetch::WebFetch;
use crate::mailbox::{Mail, Mailbox};
use crate::outside::https_client;
use crate::pki::{Authority, ServerCertificate};
use crate::random::SeededRandom;
use crate::receiver::WebDeliver;
use crate::serve::{self, Served};
use crate::{Browser, lent_key, postgres};

/// A database engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// A server of its own.
    Postgres,
    /// A file.
    Sqlite,
}

impl Engine {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Sqlite, Self::Postgres];
}

/// A whole bank for one test.
pub struct TestBank {
    /// Its public address.
    pub issuer: String,
    /// The address of its listener that asks for client certificates.
    pub mtls: String,
    /// Whose signature under an app's certificate it believes.
    pub authority: Authority,
    /// Its clock.
    pub clock: ManualClock,
    /// Its database, for looking at what is on record and for changing data behind the API's back.
    pub db: Db,
    /// Its rules, for what operators do.
    pub auth: Auth,
    /// Where its letters to customers arrive.
    pub mailbox: Mailbox,
    http: reqwest::Client,
    served: Served,
    mutual: Served,
    options: Options,
    home: Home,
}

/// What a bank's server is made of.
struct Plan {
    db: Db,
    clock: ManualClock,
    authority: Authority,
    policy: Policy,
    public: TcpListener,
    mutual: TcpListener,
}

/// What one process of a bank is made of.
pub(crate) struct Rules<'a> {
    pub(crate) db: &'a Db,
    pub(crate) clock: &'a ManualClock,
    pub(crate) authority: &'a Authority,
    pub(crate) mailbox: &'a Mailbox,
    pub(crate) policy: Policy,
}

impl Rules<'_> {
    /// Puts a process together: its rules, and the routes that it serves.
    pub(crate) async fn process(self, random: Arc<dyn Random>) -> (Auth, Router) {
        let Self { db, clock, authority, mailbox, policy } = self;
        let bank = Arc::new(EmbeddedBank::new(db.clone(), Arc::new(clock.clone())));
        let code = Secret::new(TestBank::CODE.to_owned());
        let auth = Auth::new(Parts {
            db: db.clone(),
            clock: Arc::new(clock.clone()),
            random,
            policy,
            keys: KeyRing::load(db, clock.now()).await.expect("signing keys"),
            passwords: PasswordHasher::new(2, 64).expect("a password hasher"),
            second_factor: SecondFactor::fixed_for_sandbox_only(code).expect("six digits"),
            directory: bank.clone(),
            recorder: Recorder::start(db.clone(), Recording::Kept),
            fetch: Arc::new(WebFetch::new()),
            deliver: Arc::new(WebDeliver::new()),
            shared_counter: None,
            post: Some(Arc::new(mailbox.clone())),
            client_authorities: Authorities::new(&[authority.der().to_vec()]).expect("an authority"),
        });
        let site = Site { bank_name: NAME.to_owned(), sandbox: None };
        let router = lombard_http::router(lombard_http::App::new(auth.clone(), bank, site, None));
        (auth, router)
    }
}

/// What must outlive the database.
enum Home {
    Postgres { _database: postgres::TestDatabase },
    Sqlite { folder: tempfile::TempDir },
}

impl TestBank {
    /// The example bank of `examples/bank`, on SQLite.
    pub async fn new() -> Self {
        Self::on(Engine::Sqlite).await
    }

    /// The example bank of `examples/bank`, on one of the engines.
    pub async fn on(engine: Engine) -> Self {
        Self::with(engine, &example_folder(), |_| {}).await
    }

    /// The bank in a folder, with a changed policy. Every customer has the password [`Self::PASSWORD`].
    pub async fn with(engine: Engine, folder: &std::path::Path, change: impl FnOnce(&mut Policy)) -> Self {
        let (options, home) = match engine {
            Engine::Sqlite => {
                let folder = tempfile::tempdir().expect("a temporary folder");
                (Options::file(folder.path().join("bank.db")), Home::Sqlite { folder })
            }
            Engine::Postgres => {
                let database = postgres::fresh_database().await;
                let options = Options::parse(database.url()).expect("a database address").connections(8);
                (options, Home::Postgres { _database: database })
            }
        };
        migrate::run(&options).await.expect("migrations");
        let db = Self::database(&options).await;
        let clock = Self::clock_of_a_new_bank();
        lent_key::lend(&db, clock.now()).await;
        let (public, port) = serve::bind().await;
        let (mutual, mutual_port) = serve::bind().await;
        let issuer = format!("https://localhost:{port}");
        let mtls_base = Some(format!("https://localhost:{mutual_port}"));
        let mut policy = Policy {
            registration: Registration::Open,
            mtls_base,
            limits: Limits::off(),
            throttling: None,
            apps: AppRules { bank_names: vec![NAME.to_owned()], ..AppRules::usual() },
            ..Policy::for_issuer(&issuer)
        };
        change(&mut policy);
        let plan = Plan { db, clock, authority: Authority::new("Authority of this test"), policy, public, mutual };
        let bank = Self::started(options, home, plan).await;
        let files = Files::read(folder).expect("the bank's files");
        let record = bank.auth.operator_entry(Event::Imported);
        import::run(&bank.db, &files, &record, &mut |_| {}).await.expect("an importable bank");
        bank.auth.set_missing_passwords(Secret::new(Self::PASSWORD.to_owned())).await.expect("passwords");
        bank
    }

    /// The same bank after its server has stopped and another has started, on the same database and at the same addresses.
    /// Apps and browsers need new connections: those that they have still lead to the old one.
    pub async fn restarted(self) -> Self {
        let Self { authority, clock, db, auth, served, mutual, options, home, .. } = self;
        let policy = auth.policy().clone();
        let (port, mutual_port) = (served.port, mutual.port);
        drop((db, auth, served, mutual));
        let (public, mutual) = (serve::bind_to(port).await, serve::bind_to(mutual_port).await);
        let db = Self::database(&options).await;
        Self::started(options, home, Plan { db, clock, authority, policy, public, mutual }).await
    }

    async fn database(options: &Options) -> Db {
        let random: fn() -> Box<dyn Random> = || Box::new(SystemRandom);
        Db::open(options, &[MasterKey::new([7; 32])], random).await.expect("a database")
    }

    /// A server on a database that is up to date.
    async fn started(options: Options, home: Home, plan: Plan) -> Self {
        let Plan { db, clock, authority, policy, public, mutual } = plan;
        let mailbox = Mailbox::new(&policy.issuer);
        let rules = Rules { db: &db, clock: &clock, authority: &authority, mailbox: &mailbox, policy };
        let (auth, router) = rules.process(Arc::new(SystemRandom)).await;
        let mutual = serve::serve(mutual, Door::Mutual, router.clone());
        let served = serve::serve(public, Door::Public, router);
        let http = https_client(&ServerCertificate::of_this_process().pem).build().expect("an HTTPS client");
        let issuer = format!("https://localhost:{}", served.port);
        let mtls = format!("https://localhost:{}", mutual.port);
        Self { issuer, mtls, authority, clock, db, auth, mailbox, http, served, mutual, options, home }
    }

    /// Every customer's password.
    pub const PASSWORD: &'static str = "correct horse battery staple";
    /// Every customer's second factor.
    pub const CODE: &'static str = "123456";
    /// How operators' calls are named.
    pub const OPERATOR: Call<'static> = Call::local("test");

    /// The time that every bank's clock shows at first.
    #[must_use]
    pub fn clock_of_a_new_bank() -> ManualClock {
        ManualClock::at_noon(Date::new(2026, 3, 2).expect("a day"))
    }

    /// The address of a path.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.issuer)
    }

    /// The port on which it listens.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.served.port
    }

    /// Its certificate, in PEM.
    #[must_use]
    pub fn certificate_pem(&self) -> &'static str {
        &ServerCertificate::of_this_process().pem
    }

    /// An HTTPS client that trusts the bank, keeps no cookies and follows no redirects. All of a test share its connections.
    #[must_use]
    pub fn http(&self) -> reqwest::Client {
        self.http.clone()
    }

    /// A customer's browser: it keeps cookies and follows no redirects unless asked.
    #[must_use]
    pub fn browser(&self) -> Browser {
        Browser::at(&self.issuer, self.certificate_pem())
    }

    /// Everything that the database has in files, byte for byte.
    ///
    /// # Panics
    /// On PostgreSQL, whose files are not ours.
    #[must_use]
    pub fn stored(&self) -> Vec<u8> {
        let Home::Sqlite { folder } = &self.home else { panic!("no files of PostgreSQL's") };
        let files = std::fs::read_dir(folder.path()).expect("the bank's folder");
        files.flat_map(|file| std::fs::read(file.expect("a file").path()).expect("its bytes")).collect()
    }

    /// The newest entries of the record, newest first.
    pub async fn record(&self, limit: i64) -> Vec<Recorded> {
        let query = ListQuery { whose: Whose::Anybody, since: None, until: None, before: None, limit };
        self.auth.list_record(&query).await.expect("the record")
    }

    /// Chains what is on record, as the server's job does every second. It is done when a test asks for it, because tests count
    /// statements.
    pub async fn seal(&self) {
        self.auth.seal_record().await.expect("a chain");
    }

    /// Sends customers what they are to be told, as the server's job does every few seconds; all letters that ever arrived.
    pub async fn deliver(&self) -> Vec<Mail> {
        let mut postman = Postman::new(self.auth.clone()).expect("a way to tell customers");
        while postman.round().await.expect("a round") > 0 {
            postman.settle().await;
        }
        self.mailbox.mail()
    }

    /// Puts so many reads on record, in groups as the server writes them, by many apps, customers and consents.
    pub async fn fill_record(&self, count: u64) {
        let mut left = count;
        while left > 0 {
            let group: Vec<Entry> =
                (0..left.min(GROUP)).map(|n| self.made_up_read(left.wrapping_mul(31) + n)).collect();
            let mut tx = self.db.begin("fill").await.expect("a transaction");
            lombard_store::audit::append(&mut tx, &group).await.expect("entries");
            tx.commit().await.expect("entries that last");
            left = left.saturating_sub(GROUP);
        }
    }

    fn made_up_read(&self, number: u64) -> Entry {
        let bits = |many: u64| u128::from(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) % many);
        let subject = Subject {
            client: Some(ClientId::from_bits(bits(50))),
            customer: Some(CustomerId::from_bits(bits(100_000))),
            consent: Some(ConsentId::from_bits(bits(100_000))),
            account: Some(AccountId::from_bits(bits(200_000))),
        };
        let address = Some(std::net::IpAddr::from([192, 0, 2, 1]));
        let interaction = Some(format!("00000000-0000-4000-8000-{number:012}"));
        let entry = self.auth.operator_entry(Event::DataRead);
        Entry { subject, address, interaction, reason: Some("balances"), ..entry }
    }

    /// The file of its database, for looking into it and for breaking it.
    ///
    /// # Panics
    /// On PostgreSQL, whose files are not ours.
    #[must_use]
    pub fn file(&self) -> PathBuf {
        let Home::Sqlite { folder } = &self.home else { panic!("no files of PostgreSQL's") };
        folder.path().join("bank.db")
    }
}

/// What the bank is called.
const NAME: &str = "Test bank";
/// Entries of a made-up record that are written together.
const GROUP: u64 = 256;

/// The small example bank of this project.
#[must_use]
pub fn example_folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples/bank")
}

struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, bytes: &mut [u8]) {
        aws_lc_rs::rand::fill(bytes).expect("random numbers");
    }
}

impl TestBank {
    /// Random numbers that can be repeated, for tests of what depends on them.
    #[must_use]
    pub fn seeded(seed: u64) -> SeededRandom {
        SeededRandom::new(seed)
    }
}
