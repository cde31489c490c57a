//! The rules of rates, for many rates and many times.

use proptest::prelude::*;

use super::*;

fn at(micros: i64) -> Instant {
    Instant::from_micros(START + micros)
}

fn rates() -> impl Strategy<Value = Rate> {
    let per = prop_oneof![Just(Per::Second), Just(Per::Minute), Just(Per::Hour)];
    (1..200_u32, per, 1..50_u32).prop_map(|(count, per, burst)| Rate::new(count, per, burst))
}

/// Calls at growing times; which of them were admitted.
fn run(rate: Rate, times: &[i64]) -> Vec<i64> {
    let mut full_at = None;
    let mut admitted = Vec::new();
    for time in times {
        let taken = take(&[(rate, full_at)], at(*time));
        full_at = taken.full_at.first().copied();
        if taken.admitted {
            admitted.push(*time);
        }
    }
    admitted
}

proptest! {
    #[test]
    fn no_window_holds_more_than_the_burst_and_what_came_back(
        rate in rates(), mut times in prop::collection::vec(0..20_000_000_i64, 1..300),
    ) {
        times.sort_unstable();
        let admitted = run(rate, &times);
        for (first, from) in admitted.iter().enumerate() {
            for (last, to) in admitted.iter().enumerate().skip(first) {
                let (calls, back) = (i64::try_from(last - first + 1).unwrap(), (to - from) / rate.interval());
                prop_assert!(calls <= i64::from(rate.burst()) + back, "{calls} within {} µs", to - from);
            }
        }
        prop_assert_eq!(admitted.first(), times.first(), "the first call is always admitted");
    }

    #[test]
    fn a_refused_call_costs_nothing(rate in rates(), refused in 1..100_usize, gap in 0..5_000_000_i64) {
        let burst = usize::try_from(rate.burst()).unwrap();
        let full = run(rate, &vec![0; burst]);
        prop_assert_eq!(full.len(), burst);
        let mut patient = vec![0; burst];
        let mut greedy = vec![0; burst + refused];
        patient.push(gap);
        greedy.push(gap);
        prop_assert_eq!(run(rate, &patient), run(rate, &greedy));
    }

    #[test]
    fn what_is_told_is_true(rate in rates(), calls in 1..80_usize, gap in 0..2_000_000_i64) {
        let mut full_at = None;
        for number in 0..calls {
            let now = at(gap * i64::try_from(number).unwrap() / 10);
            let taken = take(&[(rate, full_at)], now);
            full_at = taken.full_at.first().copied();
            let told = rate.standing(full_at.unwrap(), now);
            prop_assert!(told.left <= told.limit && told.reset <= told.window);
            prop_assert!(taken.admitted || told.left == 0);
            // So many more are admitted at once, and not one more.
            let more = |moment: Instant| {
                let mut after = full_at;
                let mut count = 0;
                loop {
                    let next = take(&[(rate, after)], moment);
                    if !next.admitted { return count; }
                    (after, count) = (next.full_at.first().copied(), count + 1);
                }
            };
            prop_assert_eq!(more(now), told.left);
            prop_assert!(more(now.plus(Span::seconds(told.wait))) > 0);
            prop_assert_eq!(more(now.plus(Span::seconds(told.reset))), told.limit);
        }
    }

    #[test]
    fn one_of_each_or_nothing_of_any(first in rates(), second in rates(), calls in 1..120_usize) {
        let (mut one, mut other) = (None, None);
        let mut admitted = 0;
        for _ in 0..calls {
            let taken = take(&[(first, one), (second, other)], at(0));
            let [next, following] = taken.full_at.as_slice() else { panic!("two") };
            if taken.admitted {
                admitted += 1;
            } else {
                prop_assert_eq!((*next, *following), (one.unwrap_or_else(|| at(0)), other.unwrap_or_else(|| at(0))));
            }
            (one, other) = (Some(*next), Some(*following));
        }
        prop_assert_eq!(admitted, calls.min(usize::try_from(first.burst().min(second.burst())).unwrap()));
    }

    #[test]
    fn parts_admit_together_no_more_than_the_whole(rate in rates(), nodes in 1..10_u32) {
        let part = rate.shared_among(nodes);
        prop_assert!(part.burst() * nodes <= rate.burst().max(nodes));
        prop_assert!(part.interval() >= rate.interval() * i64::from(nodes));
        prop_assert!(part.burst() >= 1);
    }

    #[test]
    fn a_clock_that_is_set_back_locks_nobody_out(rate in rates(), back in 0..i64::from(u32::MAX)) {
        let mut full_at = None;
        for _ in 0..rate.burst() {
            full_at = take(&[(rate, full_at)], at(0)).full_at.first().copied();
        }
        let now = at(-back);
        let later = now.plus(Span::seconds(rate.standing(full_at.unwrap().min(at(rate.refill() - back)), now).reset));
        let refused = take(&[(rate, full_at)], now);
        prop_assert!(!refused.admitted);
        prop_assert!(take(&[(rate, refused.full_at.first().copied())], later).admitted);
    }

    #[test]
    fn reads_what_it_writes(rate in rates()) {
        prop_assert_eq!(rate.to_string().parse(), Ok(rate));
    }
}

#[test]
fn reads_rates_and_refuses_other_texts() {
    assert_eq!("20/s".parse(), Ok(Rate::new(20, Per::Second, 20)));
    assert_eq!("30/m burst 60".parse(), Ok(Rate::new(30, Per::Minute, 60)));
    assert_eq!("1/d burst 30".parse(), Ok(Rate::new(1, Per::Day, 30)));
    for bad in [
        "",
        "/",
        "20",
        "20/",
        "/s",
        "0/s",
        "20/x",
        "20/s burst",
        "20/s burst 0",
        "20/s burst x",
        "-1/s",
        "+1/s",
        "1.5/s",
        "20 /s",
        "20/s  burst 3",
        "1000001/s",
        "1/s burst 1000001",
        "1/d burst 31",
        "20/s burst 3 ",
    ] {
        assert_eq!(bad.parse::<Rate>(), Err(BadRate), "{bad}");
    }
}

#[test]
fn nothing_is_beyond_what_the_script_can_count() {
    // 2^53, to which a floating point number counts in ones; today's moment and the longest wait stay far below.
    let latest = Instant::from_seconds(4_000_000_000).plus(REFILL_MAX).plus(REFILL_MAX);
    assert!(latest.micros() < 1 << 53);
}

/// A moment of today.
const START: i64 = 1_790_000_000_000_000;
