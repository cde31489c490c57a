//! The rule before a server that is simulated: it answers so many at once without being slow, and the rest waits.

use proptest::prelude::*;

use super::*;

const BOUNDS: Bounds = Bounds { least: 4, most: 256 };

/// A server with some processors: an answer takes its time, and so many times more as more run than there are processors.
struct Server {
    processors: u32,
    answer: i64,
    /// For how long each waits before it runs.
    waits: Span,
    /// How many are refused for each that is answered.
    refuses: u32,
    now: i64,
    kind: &'static str,
    rule: Adaptive,
}

impl Server {
    fn new(processors: u32, answer: i64) -> Self {
        let (waits, rule) = (Span::milliseconds(0), Adaptive::new(BOUNDS));
        Self { processors, answer, waits, refuses: 0, now: 0, kind: "page", rule }
    }

    fn took(&self, running: u32) -> i64 {
        self.answer * i64::from(running.max(self.processors)) / i64::from(self.processors)
    }

    /// Runs for some seconds with so many who want an answer all the time.
    fn run(&mut self, callers: u32, seconds: i64) {
        let end = self.now + seconds * 1_000_000;
        while self.now < end {
            let running = callers.min(self.rule.limit());
            let took = self.took(running);
            self.now += (took / i64::from(running.max(1))).max(1);
            (0..self.refuses).for_each(|_| self.rule.refused());
            let (kind, waited, ran) = (self.kind, self.waits, Span::from_micros(took));
            self.rule.observe(Instant::from_micros(self.now), Answered { kind, waited, ran, running });
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn many_callers_do_not_make_it_slow_and_afterwards_all_run_again(
        processors in 1..16_u32, answer in 300..40_000_i64, callers in 100..2_000_u32, refuses in 0..4_u32,
    ) {
        let mut server = Server::new(processors, answer);
        server.run(1, 30);
        prop_assert_eq!(server.rule.limit(), AT_REST, "one caller changes nothing");
        prop_assert_eq!(server.rule.usual().map(Span::micros), Some(answer));
        server.refuses = refuses;
        server.run(callers, 60);
        let took = server.took(server.rule.limit());
        prop_assert_eq!(server.rule.is_flood(), refuses > 1);
        let slower = if refuses > 1 { SLOWER_IN_FLOOD } else { SLOWER };
        let slow = (answer * slower + SLACK.micros()).max(server.took(BOUNDS.least));
        prop_assert!(took <= slow * 5 / 4, "{took} µs with {} at once", server.rule.limit());
        prop_assert!(server.rule.limit() >= processors.min(BOUNDS.most), "no processor rests");
        prop_assert_eq!(server.rule.usual().map(Span::micros), Some(answer), "what is usual is not forgotten");
        server.refuses = 0;
        server.run(1, 120);
        prop_assert_eq!(server.rule.limit(), AT_REST);
        prop_assert!(!server.rule.is_flood());
    }

    #[test]
    fn stays_within_its_bounds(
        took in prop::collection::vec((0..2_000_000_i64, 0..300_u32, 0..20_000_i64), 1..2_000),
    ) {
        let mut rule = Adaptive::new(BOUNDS);
        let mut now = 0;
        for (micros, running, gap) in took {
            now += gap;
            let kind = if micros % 2 == 0 { "even" } else { "odd" };
            (0..running % 3).for_each(|_| rule.refused());
            let (waited, ran) = (Span::from_micros(micros / 3), Span::from_micros(micros));
            rule.observe(Instant::from_micros(now), Answered { kind, waited, ran, running });
            prop_assert!((BOUNDS.least..=BOUNDS.most).contains(&rule.limit()));
        }
    }
}

#[test]
fn learns_when_answers_take_longer_for_good() {
    let mut server = Server::new(4, 1_000);
    server.run(1, 10);
    server.answer = 8_000;
    server.run(2, 60);
    assert!(server.rule.usual().unwrap().micros() > 7_500, "{:?}", server.rule.usual());
    server.run(16, 20);
    assert!(server.rule.limit() >= 4);
}

#[test]
fn what_few_take_while_many_are_refused_never_becomes_usual() {
    for refuses in [1, 2] {
        let mut server = Server::new(4, 1_000);
        server.run(1, 10);
        // The first window tells that there is a flood.
        server.refuses = refuses;
        server.run(1, 1);
        server.answer = 3_000;
        server.run(2, 60);
        assert_eq!(server.rule.usual() == Some(Span::milliseconds(1)), refuses > 1, "{:?}", server.rule.usual());
    }
}

#[test]
fn to_wait_for_the_processor_is_slow_and_never_becomes_usual() {
    let mut server = Server::new(64, 1_000);
    server.run(1, 10);
    server.waits = Span::milliseconds(40);
    server.run(2, 60);
    assert_eq!(server.rule.usual(), Some(Span::milliseconds(1)));
    // Also what they take then is no sign of what they take by themselves.
    server.answer = 30_000;
    server.run(2, 60);
    assert_eq!(server.rule.usual(), Some(Span::milliseconds(1)));
    server.run(16, 10);
    assert_eq!(server.rule.limit(), BOUNDS.least);
}

#[test]
fn one_slow_window_costs_a_fifth_and_a_crowd_is_felt_in_a_moment() {
    let mut rule = Adaptive { limit: BOUNDS.most, ..Adaptive::new(BOUNDS) };
    let mut windows = |means: &[i64]| {
        for mean in means {
            rule.decide(&Seen { answers: 100, ran: mean * 100, waited: 0, running: 256 }, 1_000);
        }
        rule.limit()
    };
    assert_eq!(windows(&[50_000]), 204, "a busy disk");
    assert_eq!(windows(&[1_000, 50_000]), 173, "and another time");
    assert_eq!(windows(&[50_000, 50_000, 50_000, 50_000]), BOUNDS.least);
}

#[test]
fn what_takes_long_by_its_nature_is_not_slow() {
    let mut server = Server::new(64, 300);
    for (kind, answer) in [("introspection", 300), ("statement", 30_000)].repeat(50) {
        (server.kind, server.answer) = (kind, answer);
        server.run(16, 1);
    }
    assert_eq!(server.rule.limit(), AT_REST);
    // Both are slow now.
    server.answer = 300_000;
    server.run(64, 20);
    assert_eq!(server.rule.limit(), BOUNDS.least);
}

#[test]
fn a_server_that_can_has_soon_places_for_all() {
    let mut server = Server::new(1_000, 20_000);
    server.run(1, 10);
    assert_eq!(server.rule.limit(), AT_REST);
    server.run(1_000, 1);
    assert_eq!(server.rule.limit(), BOUNDS.most, "within a second");
    server.run(1, 60);
    assert_eq!(server.rule.limit(), AT_REST, "a crowd that comes later is felt before it is too much");
}

#[test]
fn soon_after_a_crowd_there_are_places_for_a_few_that_come_together() {
    let mut rule = Adaptive { limit: BOUNDS.least, ..Adaptive::new(BOUNDS) };
    // With a hundred answers a second, that is one second.
    for _ in 0..5 {
        rule.decide(&Seen { answers: ANSWERS_LEAST, ran: ANSWERS_LEAST * 1_000, waited: 0, running: 1 }, 1_000);
    }
    assert!(rule.limit() >= AT_REST - 2, "{}", rule.limit());
}

#[test]
fn odd_bounds_are_put_right() {
    let rule = Adaptive::new(Bounds { least: 0, most: 0 });
    assert_eq!(rule.limit(), 1);
}
