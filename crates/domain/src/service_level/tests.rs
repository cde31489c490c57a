//! Tests of this module.

use super::*;

fn tally(calls: &[(Answer, i64)]) -> Tally {
    let mut tally = Tally::default();
    for (answer, millis) in calls {
        tally.count(*answer, Span::milliseconds(*millis));
    }
    tally
}

#[test]
fn counts_each_answer_once_and_only_the_time_of_good_ones() {
    use Answer::{Failed, Good, Limited, Refused, Unavailable};
    let all = tally(&[(Good, 10), (Good, 30), (Refused, 900), (Limited, 1), (Unavailable, 2), (Failed, 30_000)]);
    assert_eq!((all.calls, all.good, all.limited, all.unavailable, all.failed), (6, 2, 1, 1, 1));
    assert_eq!((all.errors(), all.average_micros()), (2, Some(20_000)));
    assert_eq!(all.times.iter().sum::<u64>(), 2);
}

#[test]
fn so_many_of_a_hundred_took_up_to_so_long() {
    let mut calls = vec![(Answer::Good, 4); 95];
    calls.extend([(Answer::Good, 100); 4]);
    calls.push((Answer::Good, 60_000));
    let all = tally(&calls);
    let within = [50, 95, 96, 99, 100].map(|percent| all.within_ms(percent));
    assert_eq!(within, [Some(5), Some(5), Some(100), Some(100), Some(30_000)]);
    assert_eq!((Tally::default().within_ms(50), Tally::default().average_micros()), (None, None));
    assert_eq!(all.times.last(), Some(&1), "longer than all that is told apart");
}

#[test]
fn what_two_nodes_counted_adds_up() {
    let one = tally(&[(Answer::Good, 4), (Answer::Failed, 4)]);
    let other = tally(&[(Answer::Good, 7), (Answer::Limited, 4)]);
    let mut sum = one;
    sum.add(&other);
    let all = [(Answer::Good, 4), (Answer::Failed, 4), (Answer::Good, 7), (Answer::Limited, 4)];
    assert_eq!(sum, tally(&all));
}

#[test]
fn an_interface_that_replied_to_somebody_was_there() {
    let funds = Interface::ConfirmationOfFunds;
    let mut marks = Marks::default();
    assert!(!marks.was_there(funds), "nobody served");
    marks.add(Marks::restore(true, 0, 0));
    assert!(marks.was_there(funds));
    marks.note_silence(funds);
    assert!(!marks.was_there(funds));
    assert!(marks.was_there(Interface::Customer), "the others were");
    let mut other_node = Marks::default();
    other_node.note_reply(funds);
    marks.add(other_node);
    assert!(marks.was_there(funds));
}

#[test]
fn percents_are_rounded_half_up() {
    for (part, whole, text) in
        [(0, 7, "0.00"), (7, 7, "100.00"), (1, 3, "33.33"), (2, 3, "66.67"), (1, 20_000, "0.01"), (1, 20_001, "0.00")]
    {
        assert_eq!(percent(part, whole).as_deref(), Some(text), "{part} of {whole}");
    }
    assert_eq!(percent(0, 0), None);
    assert_eq!(percent(u64::MAX, u64::MAX).as_deref(), Some("100.00"));
}

#[test]
fn every_interface_has_a_name_and_a_place_of_its_own() {
    for (place, interface) in Interface::ALL.into_iter().enumerate() {
        assert_eq!(interface.place(), place);
        assert_eq!(Interface::from_code(interface.code()), Some(interface));
    }
    assert_eq!(Interface::from_code("payments"), None);
}

#[test]
fn a_minute_begins_where_the_one_before_ends() {
    let day = Date::new(2026, 3, 2).unwrap();
    let first = Minute::first_of(day);
    assert_eq!(first.start(), day.start());
    assert_eq!(Minute::of(day.start().plus(Span::seconds(59))), first);
    assert_eq!(Minute::of(day.start().plus(Span::seconds(60))), Minute::new(first.number() + 1));
    assert_eq!(Minute::of(day.start().minus(Span::from_micros(1))), Minute::new(first.number() - 1));
}
