//! The cache over a fetch that counts, fails and waits as it is told.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use super::*;
use crate::Fetching;
use crate::jose::{Alg, SigningKey};

/// What the network does.
struct Network {
    answer: Mutex<Result<Vec<u8>, FetchError>>,
    asked: Mutex<Vec<String>>,
    /// Fetches that run now, and the most that ever ran.
    running: AtomicUsize,
    most: AtomicUsize,
    /// One permit for each fetch that may end.
    gate: Semaphore,
}

impl Fetch for Network {
    fn get<'a>(&'a self, url: &'a str) -> Fetching<'a> {
        Box::pin(async move {
            self.asked.lock().unwrap().push(url.to_owned());
            let running = Running::begin(self);
            self.gate.acquire().await.unwrap().forget();
            drop(running);
            let answer = self.answer.lock().unwrap().clone();
            assert_ne!(answer, Ok(b"panic".to_vec()));
            answer
        })
    }
}

struct Running<'a>(&'a Network);

impl<'a> Running<'a> {
    fn begin(network: &'a Network) -> Self {
        let now = network.running.fetch_add(1, Ordering::SeqCst) + 1;
        network.most.fetch_max(now, Ordering::SeqCst);
        Self(network)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Network {
    /// Answers at once, with one key of this name.
    fn open(kid: &str) -> Arc<Self> {
        let network = Self::closed(kid);
        network.gate.add_permits(100_000);
        network
    }

    /// Answers when the gate opens.
    fn closed(kid: &str) -> Arc<Self> {
        Arc::new(Self {
            answer: Mutex::new(Ok(set(kid))),
            asked: Mutex::default(),
            running: AtomicUsize::default(),
            most: AtomicUsize::default(),
            gate: Semaphore::new(0),
        })
    }

    fn serves(&self, kid: &str) {
        *self.answer.lock().unwrap() = Ok(set(kid));
    }

    fn sends(&self, body: &str) {
        *self.answer.lock().unwrap() = Ok(body.as_bytes().to_vec());
    }

    fn fails(&self) {
        *self.answer.lock().unwrap() = Err(down());
    }

    fn fetches(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

fn set(kid: &str) -> Vec<u8> {
    let mut key = SigningKey::generate(Alg::EdDsa).unwrap().public().to_json();
    key.as_object_mut().unwrap().insert("kid".to_owned(), kid.into());
    json!({ "keys": [key] }).to_string().into_bytes()
}

fn down() -> FetchError {
    FetchError("down".to_owned())
}

fn at(seconds: i64) -> Instant {
    Instant::from_seconds(1_800_000_000 + seconds)
}

/// The name of the one key in an outcome.
fn kid(outcome: Outcome) -> Result<String, FetchError> {
    outcome.map(|keys| keys.keys()[0].kid().unwrap().to_owned())
}

fn named(name: &str) -> Result<String, FetchError> {
    Ok(name.to_owned())
}

/// Lets every task run until it waits for something that does not come.
async fn settle() {
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
}

const URI: &str = "https://app.example/jwks";

#[tokio::test]
async fn reads_once_and_again_when_the_set_is_five_minutes_old() {
    let network = Network::open("one");
    let cache = KeyCache::new(network.clone());
    assert_eq!(kid(cache.at(URI, at(0)).await), named("one"));
    network.serves("two");
    assert_eq!(kid(cache.at(URI, at(299)).await), named("one"));
    assert_eq!(network.fetches(), 1);
    assert_eq!(kid(cache.at(URI, at(300)).await), named("two"));
    assert_eq!(kid(cache.at(URI, at(599)).await), named("two"));
    assert_eq!(network.fetches(), 2);
    assert_eq!(*network.asked.lock().unwrap(), [URI, URI]);
}

#[tokio::test]
async fn each_address_has_its_own_keys() {
    let network = Network::open("one");
    let cache = KeyCache::new(network.clone());
    cache.at("https://a.example/", at(0)).await.unwrap();
    network.serves("two");
    assert_eq!(kid(cache.at("https://b.example/", at(0)).await), named("two"));
    assert_eq!(kid(cache.at("https://a.example/", at(0)).await), named("one"));
}

#[tokio::test]
async fn picks_up_an_exchanged_key_at_once_but_not_twice_in_thirty_seconds() {
    let network = Network::open("one");
    let cache = KeyCache::new(network.clone());
    cache.at(URI, at(0)).await.unwrap();
    network.serves("two");
    assert_eq!(kid(cache.at(URI, at(60)).await), named("one"));
    assert_eq!(kid(cache.newer(URI, at(60)).await), named("two"));
    assert_eq!(kid(cache.at(URI, at(60)).await), named("two"));
    network.serves("three");
    for second in 60..90 {
        assert_eq!(kid(cache.newer(URI, at(second)).await), named("two"));
    }
    assert_eq!(network.fetches(), 2);
    assert_eq!(kid(cache.newer(URI, at(90)).await), named("three"));
    assert_eq!(network.fetches(), 3);
    // The reading begins a new five minutes.
    assert_eq!(kid(cache.at(URI, at(389)).await), named("three"));
    assert_eq!(network.fetches(), 3);
}

#[tokio::test]
async fn nobody_makes_us_fetch_without_end() {
    let network = Network::open("one");
    let cache = KeyCache::new(network.clone());
    for second in 0..300 {
        cache.newer(URI, at(second)).await.unwrap();
        cache.at(URI, at(second)).await.unwrap();
    }
    assert_eq!(network.fetches(), 10, "one each 30 s");
    network.fails();
    for second in 4_000..4_100 {
        assert_eq!(cache.newer(URI, at(second)).await.err(), Some(down()));
        assert_eq!(cache.at(URI, at(second)).await.err(), Some(down()));
    }
    assert_eq!(network.fetches(), 20, "one each 10 s");
}

#[tokio::test]
async fn fifty_callers_share_one_fetch() {
    let network = Network::closed("one");
    let cache = Arc::new(KeyCache::new(network.clone()));
    let ask = |number: i64| {
        let cache = Arc::clone(&cache);
        async move {
            let now = at(number % 3);
            kid(if number % 2 == 0 { cache.at(URI, now).await } else { cache.newer(URI, now).await })
        }
    };
    let callers: Vec<_> = (0..50).map(|number| tokio::spawn(ask(number))).collect();
    settle().await;
    assert_eq!(network.fetches(), 1);
    network.gate.add_permits(1);
    for caller in callers {
        assert_eq!(caller.await.unwrap(), named("one"));
    }
    assert_eq!(network.fetches(), 1);
}

#[tokio::test]
async fn a_known_set_is_served_while_it_is_read_anew() {
    let network = Network::closed("one");
    let cache = Arc::new(KeyCache::new(network.clone()));
    network.gate.add_permits(1);
    cache.at(URI, at(0)).await.unwrap();
    let slow = tokio::spawn({
        let cache = Arc::clone(&cache);
        async move { kid(cache.newer(URI, at(60)).await) }
    });
    settle().await;
    network.serves("two");
    assert_eq!(kid(cache.at(URI, at(60)).await), named("one"), "does not wait");
    network.gate.add_permits(1);
    assert_eq!(slow.await.unwrap(), named("two"));
}

#[tokio::test]
async fn a_caller_that_hangs_up_does_not_end_the_fetch() {
    let network = Network::closed("one");
    let cache = Arc::new(KeyCache::new(network.clone()));
    for _ in 0..5 {
        let cache = Arc::clone(&cache);
        let caller = tokio::spawn(async move { cache.at(URI, at(0)).await.is_ok() });
        settle().await;
        caller.abort();
        assert!(caller.await.unwrap_err().is_cancelled());
    }
    network.gate.add_permits(1);
    assert_eq!(kid(cache.at(URI, at(0)).await), named("one"));
    assert_eq!(network.fetches(), 1);
}

#[tokio::test]
async fn remembers_a_failure_for_ten_seconds() {
    let network = Network::open("one");
    network.fails();
    let cache = KeyCache::new(network.clone());
    assert_eq!(cache.at(URI, at(0)).await.err(), Some(down()));
    network.serves("one");
    assert_eq!(cache.at(URI, at(9)).await.err(), Some(down()));
    assert_eq!(cache.newer(URI, at(9)).await.err(), Some(down()));
    assert_eq!(network.fetches(), 1);
    assert_eq!(kid(cache.newer(URI, at(10)).await), named("one"));
    assert_eq!(kid(cache.at(URI, at(10)).await), named("one"));
    assert_eq!(network.fetches(), 2);
}

#[tokio::test]
async fn former_keys_serve_for_an_hour_while_the_address_fails() {
    let network = Network::open("one");
    let cache = KeyCache::new(network.clone());
    cache.at(URI, at(0)).await.unwrap();
    network.fails();
    for second in [300, 305, 310, 3_599] {
        assert_eq!(kid(cache.at(URI, at(second)).await), named("one"), "{second}");
    }
    assert_eq!(network.fetches(), 4, "305 was within ten seconds of a failure");
    // The failure at 3,599 is remembered, but the keys are too old now.
    assert_eq!(cache.at(URI, at(3_600)).await.err(), Some(down()));
    assert_eq!(cache.at(URI, at(3_700)).await.err(), Some(down()));
    network.serves("two");
    assert_eq!(kid(cache.at(URI, at(3_710)).await), named("two"));
}

#[tokio::test]
async fn a_body_that_is_no_key_set_is_a_failure() {
    let network = Network::open("one");
    let cache = KeyCache::new(network.clone());
    cache.at(URI, at(0)).await.unwrap();
    let leaked = r#"{"keys":[{"kty":"RSA","n":"AQ","e":"AQAB","d":"SECRET"}]}"#;
    for (number, body) in ["", "<html>", "{}", "[]", r#"{"keys":1}"#, leaked].into_iter().enumerate() {
        network.sends(body);
        let uri = format!("https://app.example/{number}");
        let error = cache.at(&uri, at(0)).await.err().unwrap().to_string();
        assert!(error.starts_with("not a key set: ") && !error.contains("SECRET"), "{body}: {error}");
    }
    // The former keys serve on here as well.
    assert_eq!(kid(cache.newer(URI, at(60)).await), named("one"));
    network.sends(r#"{"keys":[]}"#);
    assert!(cache.newer(URI, at(100)).await.unwrap().keys().is_empty(), "an app may withdraw all of its keys");
}

#[tokio::test]
async fn remembers_a_thousand_addresses_and_forgets_the_least_recently_used() {
    let network = Network::open("one");
    let cache = KeyCache::new(network.clone());
    let uri = |number: usize| format!("https://app.example/{number}");
    for number in 0..MAX_ADDRESSES {
        cache.at(&uri(number), at(i64::try_from(number).unwrap() / 100)).await.unwrap();
    }
    for number in 0..99 {
        cache.at(&uri(number), at(20)).await.unwrap();
    }
    assert_eq!(network.fetches(), MAX_ADDRESSES);
    // The only one of the first second that was not asked for again is number 99.
    cache.at(&uri(MAX_ADDRESSES), at(21)).await.unwrap();
    assert_eq!(cache.shared.entries().len(), MAX_ADDRESSES);
    assert_eq!(network.fetches(), MAX_ADDRESSES + 1);
    for number in (0..99).chain(100..MAX_ADDRESSES) {
        assert!(cache.shared.entries().contains_key(&uri(number)), "{number}");
    }
    cache.at(&uri(99), at(22)).await.unwrap();
    assert_eq!(network.fetches(), MAX_ADDRESSES + 2);
    assert_eq!(cache.shared.entries().len(), MAX_ADDRESSES);
}

#[tokio::test]
async fn a_few_fetches_run_some_wait_and_the_rest_is_refused() {
    let network = Network::closed("one");
    let cache = Arc::new(KeyCache::new(network.clone()));
    let known = "https://known.example/";
    network.gate.add_permits(1);
    cache.at(known, at(0)).await.unwrap();

    let ask = |number: usize| {
        let cache = Arc::clone(&cache);
        tokio::spawn(async move { cache.at(&format!("https://app.example/{number}"), at(300)).await.map(|_| ()) })
    };
    let callers: Vec<_> = (0..MAX_FETCHES + MAX_WAITING).map(ask).collect();
    settle().await;
    assert_eq!(network.fetches(), 1 + MAX_FETCHES);
    let busy = FetchError("too many fetches are waiting".to_owned());
    assert_eq!(ask(1_000).await.unwrap(), Err(busy.clone()));
    // No failure of that address, so nothing of it is remembered; and keys that were read before serve on.
    assert!(!cache.shared.entries().contains_key("https://app.example/1000"));
    assert_eq!(kid(cache.at(known, at(300)).await), named("one"));
    assert_eq!(kid(cache.at(known, at(3_600)).await), Err(busy));

    network.gate.add_permits(1_000);
    for caller in callers {
        assert_eq!(caller.await.unwrap(), Ok(()));
    }
    assert_eq!(network.fetches(), 1 + MAX_FETCHES + MAX_WAITING);
    assert_eq!(network.most.load(Ordering::SeqCst), MAX_FETCHES);
    assert_eq!(ask(1_000).await.unwrap(), Ok(()));
    let asked: HashSet<String> = network.asked.lock().unwrap().iter().cloned().collect();
    assert_eq!(asked.len(), network.fetches());
}

#[tokio::test(start_paused = true)]
async fn waits_for_its_turn_only_so_long() {
    let network = Network::closed("one");
    let cache = Arc::new(KeyCache::new(network.clone()));
    let ask = |number: usize| {
        let cache = Arc::clone(&cache);
        tokio::spawn(async move { cache.at(&format!("https://app.example/{number}"), at(0)).await.map(|_| ()) })
    };
    let slow: Vec<_> = (0..MAX_FETCHES).map(ask).collect();
    settle().await;
    let start = tokio::time::Instant::now();
    let waited = ask(100).await.unwrap();
    assert_eq!(waited, Err(FetchError("other fetches left no room for this one".to_owned())));
    assert!((MAX_WAIT..MAX_WAIT * 2).contains(&start.elapsed()), "{:?}", start.elapsed());
    network.gate.add_permits(MAX_FETCHES);
    for caller in slow {
        assert_eq!(caller.await.unwrap(), Ok(()));
    }
}

#[tokio::test]
async fn a_fetch_that_breaks_blocks_nobody() {
    let network = Network::open("one");
    let cache = KeyCache::new(network.clone());
    network.sends("panic");
    for _ in 0..MAX_FETCHES + MAX_WAITING + 1 {
        let error = cache.at(URI, at(0)).await.err();
        assert_eq!(error, Some(FetchError("the fetch ended without an answer".to_owned())));
    }
    network.serves("one");
    assert_eq!(kid(cache.at(URI, at(0)).await), named("one"));
}

#[tokio::test]
async fn a_clock_that_is_set_back_makes_nothing_last() {
    let network = Network::open("one");
    let cache = KeyCache::new(network.clone());
    cache.at(URI, at(10_000)).await.unwrap();
    network.serves("two");
    assert_eq!(kid(cache.at(URI, at(9_999)).await), named("one"), "callers do not read the clock in order");
    assert_eq!(kid(cache.at(URI, at(0)).await), named("two"));
}
