//! Tests of all rules: each attack, and an honest pattern beside it that looks alike.

use proptest::prelude::*;

use super::window::SUBJECTS_MAX;
use super::*;
use crate::time::Span;

/// A record that is made up, and what the rules say of it.
struct Played {
    watcher: Watcher,
    raised: Vec<Alarm>,
    position: i64,
    at: Instant,
}

/// What happened, without when.
#[derive(Clone, Copy, Debug)]
struct What<'a> {
    event: Event,
    reason: Option<&'a str>,
    client: u128,
    customer: u128,
    network: u8,
}

impl Played {
    fn new() -> Self {
        let at = Instant::from_seconds(1_772_452_800);
        Self { watcher: Watcher::new(Rules::usual()), raised: Vec::new(), position: 0, at }
    }

    fn wait(&mut self, span: Span) {
        self.at = self.at.plus(span);
    }

    fn see(&mut self, what: What<'_>) {
        self.position += 1;
        let fact = Fact {
            position: self.position,
            at: self.at,
            event: what.event,
            client: (what.client > 0).then(|| ClientId::from_bits(what.client)),
            customer: (what.customer > 0).then(|| CustomerId::from_bits(what.customer)),
            consent: (what.customer > 0).then(|| ConsentId::from_bits(what.customer * 1_000 + what.client)),
            account: (what.customer > 0 && what.event == Event::DataRead)
                .then(|| AccountId::from_bits(what.customer * 7_919)),
            reason: what.reason,
            network: (what.network > 0).then_some(Network::V4([192, 0, what.network])),
        };
        self.watcher.see(&fact, &mut self.raised);
    }

    fn times(&mut self, many: usize, every: Span, what: What<'_>) {
        for _ in 0..many {
            self.see(what);
            self.wait(every);
        }
    }

    fn names(&self) -> Vec<&'static str> {
        self.raised.iter().map(|alarm| alarm.rule.name()).collect()
    }

    fn read(&mut self, client: u128, customer: u128) {
        self.see(What { event: Event::DataRead, reason: Some("balances:read"), client, customer, network: 9 });
    }
}

fn wrong(customer: u128, network: u8) -> What<'static> {
    What { event: Event::SignInFailed, reason: Some("password"), client: 0, customer, network }
}

fn right(customer: u128, network: u8) -> What<'static> {
    What { event: Event::SignedIn, reason: None, client: 0, customer, network }
}

fn of_client(event: Event, reason: Option<&str>) -> What<'_> {
    What { event, reason, client: 1, customer: 0, network: 9 }
}

const MINUTE: Span = Span::minutes(1);
const SECOND: Span = Span::seconds(1);

#[test]
fn password_guessing_and_a_customer_who_mistypes() {
    let mut attack = Played::new();
    attack.times(12, MINUTE, wrong(7, 1));
    assert_eq!(attack.names(), ["password-guessing"], "once, not with every further one");
    let alarm = attack.raised[0];
    assert_eq!(
        (alarm.accused, alarm.count, alarm.first, alarm.last),
        (Accused::Customer(CustomerId::from_bits(7)), 10, 1, 10)
    );

    let mut honest = Played::new();
    for _ in 0..5 {
        honest.times(5, MINUTE, wrong(7, 1));
        honest.wait(Span::minutes(5));
        honest.see(right(7, 1));
    }
    assert_eq!(honest.names(), Vec::<&str>::new(), "a right one ends the run");
}

#[test]
fn code_guessing_and_a_clock_that_is_wrong() {
    let wrong_code =
        What { event: Event::SignInFailed, reason: Some("second-factor"), client: 0, customer: 7, network: 1 };
    let mut attack = Played::new();
    attack.times(6, MINUTE, wrong_code);
    assert_eq!(attack.names(), ["code-guessing"]);
    let mut honest = Played::new();
    honest.times(4, MINUTE, wrong_code);
    honest.see(right(7, 1));
    honest.times(4, MINUTE, wrong_code);
    assert!(honest.raised.is_empty());
}

#[test]
fn password_spraying_and_an_office_behind_one_address() {
    let mut attack = Played::new();
    for customer in 1..=20 {
        attack.times(1, MINUTE, wrong(customer, 1));
    }
    assert_eq!(attack.names(), ["password-spraying"]);
    assert_eq!(attack.raised[0].accused, Accused::Network(Network::V4([192, 0, 1])));

    let mut honest = Played::new();
    for customer in 1..=40 {
        if customer % 2 == 0 {
            honest.times(1, SECOND, wrong(customer, 1));
        }
        honest.times(1, MINUTE, right(customer, 1));
    }
    assert!(honest.raised.is_empty(), "{:?}", honest.raised);
}

#[test]
fn a_password_that_is_found_by_trying_many_and_one_that_is_right_elsewhere() {
    let mut attack = Played::new();
    for customer in 1..=15 {
        attack.times(1, SECOND, wrong(customer, 1));
    }
    attack.see(What { event: Event::SignInFailed, reason: Some("second-factor"), client: 0, customer: 99, network: 1 });
    assert_eq!(attack.names(), ["password-spraying", "account-takeover"]);
    attack.see(right(98, 2));
    assert_eq!(attack.raised.len(), 2, "who signs in from another network has nothing to do with it");
}

#[test]
fn credential_stuffing_from_everywhere_and_a_busy_monday() {
    let mut attack = Played::new();
    for n in 0..120_u8 {
        attack.times(1, SECOND, wrong(0, 1 + n % 60));
    }
    assert_eq!(attack.names(), ["credential-stuffing"]);
    assert_eq!(attack.raised[0].accused, Accused::Bank);

    let mut honest = Played::new();
    for n in 0..400_u16 {
        let network = u8::try_from(1 + n % 200).unwrap();
        if n % 3 == 0 {
            honest.times(1, SECOND, wrong(0, network));
        }
        honest.times(1, SECOND, right(u128::from(n) + 1, network));
    }
    assert!(honest.raised.is_empty(), "{:?}", honest.raised);
}

#[test]
fn codes_tokens_and_proofs_in_the_wrong_hands_and_answers_that_were_lost() {
    for (event, reason, name, honest) in [
        (Event::CodeReplayed, None, "code-replay", 2),
        (Event::TokenReplayed, Some("foreign"), "foreign-token", 0),
        (Event::DataRefused, Some("proof-replayed"), "proof-replay", 4),
        (Event::ClientAuthenticationFailed, Some("replayed"), "proof-replay", 4),
        (Event::DataRefused, Some("other-key"), "token-other-key", 2),
    ] {
        let mut attack = Played::new();
        attack.times(honest + 3, SECOND, of_client(event, reason));
        assert_eq!(attack.names(), [name]);
        let mut lost = Played::new();
        for _ in 0..24 {
            lost.times(honest, SECOND, of_client(event, reason));
            lost.wait(Span::hours(1));
        }
        assert!(lost.raised.is_empty(), "{name}: {:?}", lost.raised);
    }
}

#[test]
fn old_refresh_tokens_and_customers_who_left() {
    let ended = |customer| What { event: Event::TokenReplayed, reason: Some("ended"), client: 1, customer, network: 9 };
    let issued = of_client(Event::TokenIssued, None);
    let mut attack = Played::new();
    for customer in 1..=25 {
        attack.times(1, SECOND, ended(customer));
    }
    assert_eq!(attack.names(), ["refresh-replay"]);
    let mut honest = Played::new();
    for customer in 1..=40 {
        honest.times(1, SECOND, ended(customer % 30));
        honest.times(2, SECOND, issued);
    }
    let mut stubborn = Played::new();
    stubborn.times(500, SECOND, ended(1));
    assert!(honest.raised.is_empty() && stubborn.raised.is_empty(), "{:?}", stubborn.raised);
}

#[test]
fn tokens_from_a_new_network_and_an_app_that_moves_often() {
    let read = |network| What { event: Event::DataRead, reason: None, client: 1, customer: 1, network };
    let mut attack = Played::new();
    for _ in 0..8 {
        attack.times(6, SECOND, read(1));
        attack.wait(Span::days(1));
    }
    attack.times(20, SECOND, read(2));
    assert_eq!(attack.names(), ["token-other-network"]);
    attack.times(20, SECOND, read(2));
    assert_eq!(attack.raised.len(), 1, "from now on it is known");

    let mut young = Played::new();
    young.times(6, SECOND, read(1));
    young.wait(Span::days(2));
    young.times(6, SECOND, read(2));
    let mut roaming = Played::new();
    for day in 0..30_u8 {
        roaming.times(6, SECOND, read(1 + day % 6));
        roaming.wait(Span::hours(20));
    }
    assert!(young.raised.is_empty() && roaming.raised.is_empty(), "{:?}", roaming.raised);
}

#[test]
fn sudden_breadth_and_an_app_that_grows() {
    let mut attack = Played::new();
    for _ in 0..5 {
        (1..=30).for_each(|customer| attack.read(1, customer));
        attack.wait(Span::days(1));
    }
    (1..=300).for_each(|customer| attack.read(1, customer));
    assert_eq!(attack.names(), ["sudden-customers", "sudden-accounts"]);

    let mut honest = Played::new();
    let mut many = 20.0_f64;
    for _ in 0..30 {
        let customers = (1..).take_while(|n| f64::from(*n) <= many).map(|n| u128::try_from(n).unwrap());
        customers.for_each(|customer: u128| honest.read(1, customer));
        many *= 1.25;
        honest.wait(Span::days(1));
    }
    assert!(many > 10_000.0 && honest.raised.is_empty(), "{:?}", honest.raised);
}

#[test]
fn a_flood_of_consents_and_an_app_that_is_liked() {
    let yes = |customer| What { event: Event::ConsentAuthorised, reason: None, client: 1, customer, network: 0 };
    let no = |customer| What { event: Event::ConsentRejected, reason: None, client: 1, customer, network: 0 };
    let mut attack = Played::new();
    for customer in 1..=25 {
        attack.times(1, MINUTE, yes(customer));
    }
    assert_eq!(attack.names(), ["consent-flood"]);
    let mut unwanted = Played::new();
    for customer in 1..=12 {
        unwanted.times(1, MINUTE, no(customer));
    }
    assert_eq!(unwanted.names(), ["consent-refused"]);

    let mut honest = Played::new();
    for customer in 1..=1_500 {
        honest.times(1, Span::minutes(5), yes(customer));
        if customer % 4 == 0 {
            honest.see(no(customer));
        }
    }
    assert!(honest.raised.is_empty(), "{:?}", honest.raised);
}

#[test]
fn probing_of_scopes_and_an_app_that_lacks_one_right() {
    let refused = |reason| of_client(Event::DataRefused, Some(reason));
    let mut attack = Played::new();
    for reason in ["accounts:read", "balances:read", "offers:read", "parties:read", "products:read"] {
        attack.times(5, SECOND, refused(reason));
    }
    assert_eq!(attack.names(), ["scope-probing"]);
    let mut honest = Played::new();
    for customer in 1..=60 {
        honest.times(1, MINUTE, refused("offers:read"));
        honest.read(1, customer);
    }
    assert!(honest.raised.is_empty());
}

#[test]
fn enumeration_of_ids_and_an_app_whose_list_is_old() {
    let refused = of_client(Event::DataRefused, Some("account"));
    let mut attack = Played::new();
    attack.times(40, SECOND, refused);
    assert_eq!(attack.names(), ["id-enumeration"]);
    let mut honest = Played::new();
    for customer in 1..=300 {
        (0..10).for_each(|_| honest.read(1, customer));
        honest.times(1, SECOND, refused);
    }
    assert!(honest.raised.is_empty());
}

#[test]
fn guessing_of_apps_and_an_app_with_an_old_secret() {
    let failed = |reason| of_client(Event::ClientAuthenticationFailed, Some(reason));
    let mut attack = Played::new();
    for client in 1..=25 {
        attack.times(1, SECOND, What { client, ..failed(["unknown", "secret"][usize::from(client % 2 == 0)]) });
    }
    assert_eq!(attack.names(), ["client-guessing"]);
    assert_eq!(attack.raised[0].accused.kind(), "network", "whoever knows an app's name can write it");
    let mut honest = Played::new();
    // Two that went on with their old secrets, one that was deleted, and one that never had a name of ours.
    for _ in 0..300 {
        for (client, reason) in [(1, "secret"), (2, "secret"), (3, "unknown"), (0, "unknown")] {
            honest.times(1, SECOND, What { client, ..failed(reason) });
        }
    }
    assert!(honest.raised.is_empty());
}

#[test]
fn a_burst_of_errors_and_tokens_that_expire() {
    let mut attack = Played::new();
    attack.times(120, SECOND, of_client(Event::DataRefused, Some("token-invalid")));
    assert_eq!(attack.names(), ["error-burst"]);
    let mut honest = Played::new();
    honest.times(500, SECOND, of_client(Event::DataRefused, Some("token-expired")));
    for customer in 1..=300 {
        honest.times(1, SECOND, of_client(Event::TokenRefused, Some("invalid_grant")));
        (0..2).for_each(|_| honest.read(1, customer));
    }
    assert!(honest.raised.is_empty(), "{:?}", honest.raised);
}

#[test]
fn a_name_that_imitates() {
    let mut attack = Played::new();
    attack.see(of_client(Event::ClientLookAlike, Some("bank")));
    assert_eq!(attack.names(), ["look-alike"]);
    let mut honest = Played::new();
    honest.see(of_client(Event::ClientRegistered, None));
    assert!(honest.raised.is_empty());
}

#[test]
fn an_aggregator_reads_all_its_customers_every_six_hours() {
    let mut honest = Played::new();
    for round in 0..40 {
        (1..=2_000).for_each(|customer| honest.read(1, customer));
        assert!(honest.raised.is_empty(), "round {round}: {:?}", honest.raised);
        honest.wait(Span::hours(6));
    }
}

#[test]
fn a_rule_that_is_off_says_nothing() {
    let mut rules = Rules::usual();
    rules.set(Rule::PasswordGuessing, Setting { threshold: 2, score: 0 });
    let mut played = Played { watcher: Watcher::new(rules), ..Played::new() };
    played.times(30, SECOND, wrong(7, 0));
    assert!(played.raised.is_empty());
}

#[test]
fn what_is_remembered_of_an_app_outlives_the_rules() {
    let mut before = Played::new();
    for _ in 0..9 {
        (1..=30).for_each(|customer| before.read(1, customer));
        before.wait(Span::days(1));
    }
    let id = ClientId::from_bits(1);
    assert_eq!(before.watcher.changed(), [id]);
    assert!(before.watcher.changed().is_empty(), "told once");
    let kept = serde_json::to_string(&before.watcher.history(id).unwrap()).unwrap();
    let mut after = Played { at: before.at, ..Played::new() };
    after.watcher.remember(id, serde_json::from_str(&kept).unwrap());
    (1..=300).for_each(|customer| after.read(1, customer));
    assert_eq!(after.names(), ["sudden-customers", "sudden-accounts"]);
    (0..6).for_each(|_| after.see(What { event: Event::DataRead, reason: None, client: 1, customer: 1, network: 2 }));
    assert_eq!(after.names().last(), Some(&"token-other-network"));
}

#[test]
fn scores_add_up_and_fade_and_no_rule_alone_suspends() {
    let response = Response::usual();
    let now = Instant::from_seconds(1_772_452_800);
    let past = |rule, score, hours| Past { rule, score, at: now.minus(Span::hours(hours)) };
    let one = [past(Rule::ForeignToken, 90, 0), past(Rule::ForeignToken, 90, 0)];
    let client = Accused::Client(ClientId::from_bits(1));
    let standing = response.standing(&one, now);
    assert_eq!(standing, Standing { score: 180, rules: 1 });
    assert_eq!(response.due(client, standing), [Measure::StepUp, Measure::Throttle]);
    let two = [past(Rule::ForeignToken, 50, 0), past(Rule::ProofReplay, 50, 0)];
    assert_eq!(response.due(client, response.standing(&two, now)).last(), Some(&Measure::Suspend));
    let old = [past(Rule::ForeignToken, 50, 12), past(Rule::ProofReplay, 50, 24)];
    assert_eq!(response.standing(&old, now), Standing { score: 25, rules: 1 });
    let noticed = now.plus(Span::seconds(2));
    assert_eq!(
        response.standing(&[past(Rule::LookAlike, 30, 0)], noticed).score,
        30,
        "a step is not missed by a moment"
    );
    assert!(response.due(Accused::Bank, standing).is_empty());
    let customer = Accused::Customer(CustomerId::from_bits(1));
    assert_eq!(response.due(customer, Standing { score: 30, rules: 1 }), [Measure::StepUp]);
    assert_eq!(response.until(Measure::Suspend, now), None);
}

#[test]
fn by_default_no_single_alarm_suspends_or_signs_out() {
    let response = Response::usual();
    for rule in Rule::ALL {
        let standing = Standing { score: rule.usual().score, rules: 1 };
        for accused in [Accused::Client(ClientId::from_bits(1)), Accused::Customer(CustomerId::from_bits(1))] {
            let due = response.due(accused, standing);
            assert!(!due.contains(&Measure::Suspend) && !due.contains(&Measure::SignOut), "{}", rule.name());
        }
    }
}

fn what() -> impl Strategy<Value = (u8, u8, u128, u128, u8, i64)> {
    (0..9_u8, 0..6_u8, 0..4_u128, 0..40_u128, 0..5_u8, 0..900_i64)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// However facts come, nothing panics, every alarm has its reasons, and none is raised twice for one window.
    #[test]
    fn alarms_have_their_reasons(facts in prop::collection::vec(what(), 0..600)) {
        let mut played = Played::new();
        for (event, reason, client, customer, network, wait) in facts {
            let event = [
                Event::SignInFailed, Event::SignedIn, Event::DataRead, Event::DataRefused, Event::TokenReplayed,
                Event::CodeReplayed, Event::ConsentAuthorised, Event::ConsentRejected, Event::ClientAuthenticationFailed,
            ][usize::from(event)];
            let reason = ["password", "second-factor", "account", "offers:read", "other-key", "unknown"][usize::from(reason)];
            played.see(What { event, reason: Some(reason), client, customer, network });
            played.wait(Span::seconds(wait / 30));
        }
        let mut keys = std::collections::BTreeSet::new();
        for alarm in &played.raised {
            let Setting { threshold, score } = alarm.rule.usual();
            prop_assert!(alarm.count >= threshold && alarm.score == score);
            prop_assert!(0 < alarm.first && alarm.first <= alarm.last && alarm.window <= alarm.at);
            prop_assert!(keys.insert((alarm.rule, alarm.accused, alarm.window)), "twice: {:?}", alarm);
        }
    }

    /// What is only counted does not depend on the order within half a window.
    #[test]
    fn counting_rules_do_not_mind_the_order(customers in prop::collection::vec(1..6_u128, 0..80), by in 0..80_usize) {
        let mut turned = customers.clone();
        if !turned.is_empty() {
            let by = by % turned.len();
            turned.rotate_left(by);
        }
        let accused = |customers: &[u128]| {
            let mut played = Played::new();
            customers.iter().for_each(|customer| played.see(wrong(*customer, 0)));
            played.raised.iter().map(|alarm| alarm.accused).collect::<std::collections::BTreeSet<_>>()
        };
        prop_assert_eq!(accused(&customers), accused(&turned));
    }
}

#[test]
fn memory_is_bounded_whoever_comes() {
    let mut played = Played::new();
    let many = u128::try_from(SUBJECTS_MAX).unwrap() + 5_000;
    for n in 1..=many {
        played.see(What { event: Event::SignInFailed, reason: Some("password"), client: n, customer: n, network: 1 });
        played.read(n, n);
    }
    // Customers of one file of rules, apps of three, and one network.
    assert!(played.watcher.remembered() <= 4 * SUBJECTS_MAX + 1, "{}", played.watcher.remembered());
}
