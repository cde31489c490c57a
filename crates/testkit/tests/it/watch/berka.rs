//! Real customers and accounts, read by honest apps: no alarm.
//!
//! A month of all of them goes through the rules alone; a few dozen sign in and are read through the front door.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lombard_auth::watch::Response;
use lombard_domain::audit::Event;
use lombard_domain::id::{AccountId, ClientId, ConsentId, CustomerId};
use lombard_domain::time::{Date, Instant, Span};
use lombard_domain::watch::{Alarm, Fact, Network, Watcher};
use lombard_testkit::{App, Engine};

fn folder() -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/berka");
    if folder.join("customers.csv").is_file() {
        return Some(folder);
    }
    eprintln!("LEFT OUT: {} is not here, so no honest app reads the Berka set", folder.display());
    None
}

/// The numbers of all customers, each with those of their accounts.
fn customers(folder: &Path) -> Vec<(u128, Vec<u128>)> {
    let text = std::fs::read_to_string(folder.join("account_holders.csv")).unwrap();
    let mut held: BTreeMap<u128, Vec<u128>> = BTreeMap::new();
    let number = |text: &str| text.trim_start_matches(|c: char| !c.is_ascii_digit()).parse::<u128>().unwrap();
    for line in text.lines().skip(1) {
        let mut fields = line.split(',');
        let (account, customer) = (fields.next().unwrap(), fields.next().unwrap());
        held.entry(number(customer)).or_default().push(number(account));
    }
    held.into_iter().collect()
}

/// Numbers that look like chance and are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }
}

/// What happens in the month, in order of time.
struct Month {
    watcher: Watcher,
    raised: Vec<Alarm>,
    position: i64,
    dice: Dice,
}

/// A customer as the month knows them.
struct Person<'a> {
    number: u128,
    accounts: &'a [u128],
    app: u128,
    network: Network,
    /// On which day they allow the app something.
    joins: u64,
}

impl Month {
    fn see(&mut self, at: Instant, event: Event, person: &Person<'_>, reason: Option<&str>, account: Option<u128>) {
        self.position += 1;
        let of_app =
            matches!(event, Event::DataRead | Event::TokenIssued | Event::DataRefused | Event::ConsentAuthorised);
        let network = if matches!(event, Event::DataRead | Event::TokenIssued | Event::DataRefused) {
            Network::V4([10, 0, u8::try_from(person.app).unwrap()])
        } else {
            person.network
        };
        let fact = Fact {
            position: self.position,
            at,
            event,
            client: of_app.then(|| ClientId::from_bits(person.app)),
            customer: Some(CustomerId::from_bits(person.number)),
            consent: of_app.then(|| ConsentId::from_bits(person.number << 8 | person.app)),
            account: account.map(AccountId::from_bits),
            reason,
            network: Some(network),
        };
        self.watcher.see(&fact, &mut self.raised);
    }

    /// One sign-in, which one in eight mistype, and one in two hundred until the name is locked.
    fn sign_in(&mut self, at: Instant, person: &Person<'_>) {
        let wrong = match self.dice.below(200) {
            0 => 5,
            1..25 => 1,
            _ => 0,
        };
        for second in 0..wrong {
            self.see(at.plus(Span::seconds(second)), Event::SignInFailed, person, Some("password"), None);
        }
        let late = if wrong == 5 { Span::minutes(6) } else { Span::seconds(20) };
        self.see(at.plus(late), Event::SignedIn, person, None, None);
    }

    /// An app reads all accounts of a customer, as it does every six hours.
    fn read(&mut self, at: Instant, person: &Person<'_>) {
        self.see(at, Event::TokenIssued, person, None, None);
        for account in person.accounts {
            for right in ["accounts:read", "balances:read", "transactions:read"] {
                self.see(at, Event::DataRead, person, Some(right), Some(*account));
            }
        }
        if self.dice.below(50) == 0 {
            // A token that ran out, or an account that was closed.
            self.see(
                at,
                Event::DataRefused,
                person,
                Some(["token-expired", "account"][usize::from(person.number.is_multiple_of(2))]),
                None,
            );
        }
    }
}

#[test]
fn a_month_of_honest_sign_ins_and_reads_raises_no_alarm() {
    let Some(folder) = folder() else { return };
    let customers = customers(&folder);
    assert!(customers.len() > 1_000, "{}", customers.len());
    let mut month =
        Month { watcher: Watcher::new(Response::usual().rules), raised: Vec::new(), position: 0, dice: Dice(7) };
    let people: Vec<Person<'_>> = customers
        .iter()
        .map(|(number, accounts)| {
            // One in ten is at work behind one of three addresses, the others at home.
            let network = match month.dice.below(10) {
                0 => Network::V4([203, 0, u8::try_from(month.dice.below(3)).unwrap()]),
                _ => Network::of(std::net::Ipv6Addr::from(number << 72).into()),
            };
            let (app, joins) = (1 + u128::from(month.dice.below(3)), month.dice.below(30));
            Person { number: *number, accounts, app, network, joins }
        })
        .collect();
    let first = Date::new(2026, 3, 1).unwrap().start();
    for day in 0..30 {
        let midnight = first.plus(Span::days(day));
        let mut events: Vec<(i64, usize, u8)> = Vec::new();
        for (at, person) in people.iter().enumerate() {
            let waking = |month: &mut Month| 25_200 + i64::try_from(month.dice.below(57_600)).unwrap();
            match u64::try_from(day).unwrap().cmp(&person.joins) {
                std::cmp::Ordering::Less => {}
                std::cmp::Ordering::Equal => events.push((waking(&mut month), at, 0)),
                std::cmp::Ordering::Greater => {
                    let minute = i64::try_from(person.number % 60).unwrap() * 60;
                    events.extend((0..4).map(|round| (round * 21_600 + minute, at, 2)));
                    if month.dice.below(4) == 0 {
                        events.push((waking(&mut month), at, 1));
                    }
                }
            }
        }
        events.sort_unstable();
        for (second, at, what) in events {
            let (at, person) = (midnight.plus(Span::seconds(second)), &people[at]);
            match what {
                0 => {
                    month.sign_in(at, person);
                    month.see(at.plus(Span::minutes(7)), Event::ConsentAuthorised, person, None, None);
                }
                1 => month.sign_in(at, person),
                _ => month.read(at, person),
            }
        }
        assert!(month.raised.is_empty(), "day {day}: {:?}", month.raised);
    }
    assert!(month.position > 200_000, "{} facts", month.position);
    eprintln!("{} facts of {} customers, no alarm", month.position, people.len());
}

#[tokio::test]
async fn some_dozens_sign_in_and_are_read_through_the_front_door_without_an_alarm() {
    let Some(folder) = folder() else { return };
    let text = std::fs::read_to_string(folder.join("customers.csv")).unwrap();
    let names: Vec<&str> = text.lines().skip(1).step_by(30).filter_map(|line| line.split(',').nth(1)).collect();
    assert!(names.len() > 36, "{}", names.len());
    let bank = super::with(Engine::Sqlite, &folder, |_| {}).await;
    let apps = [App::register(&bank).await, App::register(&bank).await];
    let mut tokens = Vec::new();
    // All of them behind one address, as in an office; one in four mistypes first.
    for (n, name) in names.iter().take(40).enumerate() {
        if n % 4 == 0 {
            let browser = bank.browser();
            let page = super::login_page(&browser).await;
            super::try_password(&browser, &page, name, "mistyped").await;
        }
        let app = &apps[n % 2];
        tokens.push((app, app.connect(&bank, name, "accounts:read balances:read transactions:read").await.refresh));
        bank.clock.advance(Span::minutes(10));
    }
    for _ in 0..4 {
        for (app, refresh) in &tokens {
            let app = app.by_itself();
            let token = app.narrowed(refresh, "accounts:read balances:read transactions:read").await;
            for account in app.accounts(&token).await {
                app.read(&format!("/accounts/{account}/balances"), &token).await;
            }
        }
        bank.clock.advance(Span::hours(6));
    }
    let watched = bank.watch().await;
    assert!(watched.raised.is_empty() && watched.entries > 600, "{watched:?}");
}
