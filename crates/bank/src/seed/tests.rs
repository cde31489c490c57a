//! Tests of this module.

use std::collections::{BTreeMap, HashMap, HashSet};

use lombard_domain::account::{AccountKind, Scheme, Trust};
use lombard_domain::id::TransactionId;
use lombard_domain::party::HolderRole;

use super::*;

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

/// Days at which something is special: ordinary, the end of a month, a leap day, a weekend, far ahead, and before the story.
const DAYS: &[&str] =
    &["2026-11-21", "2026-12-31", "2028-02-29", "2025-06-01", "2035-05-23", "2022-01-01", "2020-01-02", "1999-09-09"];

fn by_id(story: &Story) -> HashMap<TransactionId, &Transaction> {
    story.transactions.iter().map(|transaction| (transaction.id, transaction)).collect()
}

#[test]
fn the_whole_plan_is_valid() {
    let people = people();
    assert_eq!(people.len(), 5);
    let names: Vec<_> = people.iter().map(|person| person.customer.username.as_str()).collect();
    assert_eq!(names, ["alice", "bob", "chandra", "dora", "erin"]);
    let accounts: Vec<_> = ACCOUNTS.iter().map(rows::account).collect();
    let ids: HashSet<_> = accounts.iter().map(|account| account.id).collect();
    let numbers: HashSet<_> = accounts.iter().map(|account| account.identification.number().to_owned()).collect();
    assert_eq!((ids.len(), numbers.len()), (ACCOUNTS.len(), ACCOUNTS.len()), "nothing appears twice");
    for account in accounts {
        let card = account.kind == AccountKind::CreditCard;
        assert_eq!(account.identification.scheme() == Scheme::Pan, card, "{}", account.source);
        assert!(account.opened_on < origin());
    }
    let orders: HashSet<_> = rows::standing_orders().iter().map(|order| order.id).collect();
    assert_eq!(orders.len(), rows::standing_orders().len());
}

#[test]
fn arrangements_are_of_accounts_and_named_once() {
    let today = day("2026-11-21");
    let story = Story::until(today);
    let accounts: HashSet<_> = ACCOUNTS.iter().map(|account| rows::account_id(account.key)).collect();
    let beneficiaries = rows::beneficiaries();
    let debits = rows::direct_debits(&story.taken);
    let payments = rows::scheduled_payments(today);
    let offers = rows::offers(today);
    let statements = rows::statements(story.start, today);
    let mut all = Vec::new();
    all.extend(beneficiaries.iter().map(|one| (one.account, one.source.as_str().to_owned())));
    all.extend(debits.iter().map(|one| (one.account, one.source.as_str().to_owned())));
    all.extend(payments.iter().map(|one| (one.account, one.source.as_str().to_owned())));
    all.extend(offers.iter().map(|one| (one.account, one.source.as_str().to_owned())));
    all.extend(statements.iter().map(|one| (one.account, one.source.as_str().to_owned())));
    assert!(all.iter().all(|(account, _)| accounts.contains(account)));
    assert_eq!(all.iter().map(|(_, source)| source).collect::<HashSet<_>>().len(), all.len());
    assert_eq!(statements.len(), 23 * ACCOUNTS.len());
    assert!(beneficiaries.iter().any(|one| one.trust == Trust::Trusted));
    assert!(beneficiaries.iter().all(|one| one.creditor.scheme() != Scheme::Pan));
    let contacts: HashSet<_> = PEOPLE.iter().map(|person| rows::contact(person).customer).collect();
    assert_eq!(contacts.len(), PEOPLE.len());
    for account in ACCOUNTS {
        assert_eq!(rows::product(account).account, rows::account_id(account.key));
    }
}

#[test]
fn every_direct_debit_of_the_story_has_a_mandate() {
    for today in DAYS {
        let story = Story::until(day(today));
        let debits = rows::direct_debits(&story.taken);
        let mut last: HashMap<_, _> = HashMap::new();
        let taken = story
            .transactions
            .iter()
            .filter(|transaction| transaction.code.as_ref().is_some_and(|code| code.sub_family.as_str() == "PMDD"));
        for transaction in taken {
            let name = transaction.description.as_ref().unwrap().as_str();
            last.insert((transaction.account, name), transaction);
        }
        for debit in &debits {
            let last = last.remove(&(debit.account, debit.name.as_str()));
            let expected = last.map(|last| (last.booked_at.date(), last.amount.negated().unwrap()));
            assert_eq!(debit.previous.map(|paid| (paid.on, paid.amount)), expected, "{}", debit.source);
        }
        assert!(last.is_empty(), "money was taken without leave, up to {today}");
    }
    let story = Story::until(day("2026-11-21"));
    assert!(rows::direct_debits(&story.taken).iter().all(|debit| debit.previous.is_some()));
}

#[test]
fn what_is_planned_is_paid_on_its_day() {
    let first = day("2026-01-01");
    for ahead in 0..400 {
        let today = first.plus_days(ahead);
        for payment in rows::scheduled_payments(today) {
            assert!(payment.on >= today && payment.on <= today.plus_days(366), "{}", payment.source);
            assert!(payment.on.weekday() <= 5, "{}", payment.source);
        }
        assert_eq!(rows::scheduled_payments(today).len(), arrangements::PLANNED.len());
    }
    for payment in rows::scheduled_payments(first) {
        let paid = |story: &Story| {
            let paid = story.transactions.iter().find(|transaction| {
                transaction.account == payment.account
                    && transaction.booked_at.date() == payment.on
                    && transaction.amount.negated() == Some(payment.amount)
            });
            let other = paid.and_then(|paid| paid.counterparty.as_ref());
            other.is_some_and(|other| other.name == payment.name && other.account.as_ref() == Some(&payment.creditor))
        };
        assert!(!paid(&Story::until(payment.on)), "{} was paid before its day", payment.source);
        let next_day = payment.on.plus_days(1);
        assert!(paid(&Story::until(next_day)), "{} was not paid", payment.source);
        let ids: Vec<_> = rows::scheduled_payments(next_day).iter().map(|payment| payment.id).collect();
        assert!(!ids.contains(&payment.id), "{} is still planned", payment.source);
        assert!(rows::paid_payments(2026, next_day).contains(&payment.id));
        assert!(!rows::paid_payments(2026, payment.on).contains(&payment.id));
    }
}

#[test]
fn months_are_stated_when_they_are_over() {
    let start = day("2024-11-21");
    let last = |today: &str| rows::statements(start, day(today)).last().map(|last| last.to.to_string());
    assert_eq!(last("2024-12-31"), None);
    assert_eq!(last("2025-01-01"), None);
    assert_eq!(last("2025-01-02").as_deref(), Some("2024-12-31"));
    assert_eq!(last("2025-03-01").as_deref(), Some("2025-01-31"));
    assert_eq!(last("2025-03-02").as_deref(), Some("2025-02-28"));
    let from_the_first = rows::statements(day("2025-02-01"), day("2025-04-02"));
    assert_eq!(from_the_first.first().map(|first| first.from.to_string()).as_deref(), Some("2025-03-01"));
    // On the day on which a statement appears, nothing of its month is pending any more.
    for today in ["2026-10-02", "2026-11-02", "2027-03-02"] {
        let (today, story) = (day(today), Story::until(day(today)));
        let ends = rows::statements(story.start, today).last().unwrap().ends_at();
        let stated = story.transactions.iter().filter(|transaction| transaction.booked_at <= ends);
        assert!(stated.into_iter().all(|transaction| transaction.status == BookingStatus::Booked), "{today}");
    }
}

#[test]
fn everybody_has_several_accounts_and_one_is_joint() {
    let holdings: Vec<_> = ACCOUNTS.iter().flat_map(rows::holdings).collect();
    for person in people() {
        let held = holdings.iter().filter(|holding| holding.customer == person.customer.id);
        assert!(held.count() >= 2, "{}", person.customer.username.as_str());
    }
    let owners = |account: &plan::Account| {
        rows::holdings(account).iter().filter(|holding| holding.role == HolderRole::Owner).count()
    };
    assert_eq!(ACCOUNTS.iter().filter(|account| owners(account) == 2).count(), 1);
    assert!(ACCOUNTS.iter().all(|account| owners(account) >= 1));
    assert!(holdings.iter().any(|holding| holding.role == HolderRole::Authorised));
}

#[test]
fn the_past_is_the_same_whenever_it_is_told() {
    let later = Story::until(day("2026-11-21"));
    let known = by_id(&later);
    for days_before in [0, 1, 2, 3, 40, 365] {
        let today = day("2026-11-21").plus_days(-days_before);
        let earlier = Story::until(today);
        let start = day("2026-11-21").plus_days(-TOLD_DAYS).start();
        let mut shared = 0;
        for transaction in earlier.transactions.iter().filter(|transaction| transaction.booked_at >= start) {
            let same = known.get(&transaction.id).expect("it is known later");
            let booked = Transaction { status: same.status, ..transaction.clone() };
            assert!(booked == **same, "{} told on {today}", transaction.source);
            assert!(transaction.status == same.status || transaction.status == BookingStatus::Pending);
            shared += 1;
        }
        assert!(shared > 2000, "{shared} are shared with {today}");
    }
}

#[test]
fn every_identifier_is_used_once() {
    for today in DAYS {
        let story = Story::until(day(today));
        let all = || story.openings.iter().chain(&story.transactions);
        assert_eq!(all().map(|one| one.id).collect::<HashSet<_>>().len(), all().count(), "{today}");
        assert!(all().all(|one| one.amount.minor() != 0));
    }
}

#[test]
fn two_years_are_told_and_only_card_payments_of_two_days_are_pending() {
    for today in DAYS.iter().take(5) {
        let today = day(today);
        let story = Story::until(today);
        assert!((4000..9000).contains(&story.transactions.len()), "{} on {today}", story.transactions.len());
        let first = story.transactions.first().unwrap().booked_at.date();
        assert!(first >= today.plus_days(-TOLD_DAYS) && first <= today.plus_days(3 - TOLD_DAYS));
        for transaction in &story.transactions {
            let on = transaction.booked_at.date();
            let waits =
                on >= today.plus_days(-1) && transaction.counterparty.as_ref().is_some_and(|c| c.account.is_none());
            assert_eq!(transaction.status == BookingStatus::Pending, waits, "{}", transaction.source);
            assert!(on <= today);
        }
        assert!(story.transactions.iter().any(|transaction| transaction.status == BookingStatus::Pending));
    }
}

#[test]
fn nobody_is_ruined_and_nobody_grows_rich_without_end() {
    let plans: HashMap<_, _> = ACCOUNTS.iter().map(|account| (rows::account_id(account.key), account)).collect();
    for today in DAYS.iter().take(5) {
        let story = Story::until(day(today));
        let mut balances: BTreeMap<_, i64> = BTreeMap::new();
        for transaction in story.openings.iter().chain(&story.transactions) {
            let plan = plans[&transaction.account];
            let balance = balances.entry(transaction.account).or_default();
            *balance += transaction.amount.minor();
            let (least, most) = match plan.kind {
                AccountKind::CreditCard => (-plan.credit_line.unwrap(), 0),
                AccountKind::Savings => (0, 5_000_000),
                _ => (-25_000, 1_500_000),
            };
            assert!(
                (least..=most).contains(balance),
                "{} has {balance} at {}",
                plan.key,
                transaction.booked_at.rfc3339()
            );
        }
    }
}

#[test]
fn a_transfer_appears_on_both_accounts() {
    let story = Story::until(day("2026-11-21"));
    let numbers: HashMap<_, _> = ACCOUNTS
        .iter()
        .map(rows::account)
        .map(|account| (account.identification.number().to_owned(), account.id))
        .collect();
    let mut legs: HashMap<_, Vec<i64>> = HashMap::new();
    for transaction in &story.transactions {
        let account = transaction.counterparty.as_ref().and_then(|counterparty| counterparty.account.as_ref());
        let Some(other) = account.and_then(|account| numbers.get(account.number())) else { continue };
        let (one, two) = (transaction.account.min(*other), transaction.account.max(*other));
        let day = transaction.booked_at.date().start().micros();
        legs.entry((one, two, day)).or_default().push(transaction.amount.minor());
    }
    assert!(legs.len() > 200, "{}", legs.len());
    assert!(legs.values().all(|amounts| amounts.len() % 2 == 0 && amounts.iter().sum::<i64>() == 0));
}

#[test]
fn standing_orders_are_obeyed() {
    let story = Story::until(day("2026-11-21"));
    for order in rows::standing_orders() {
        let obeyed = story.transactions.iter().filter(|transaction| {
            let counterparty = transaction.counterparty.as_ref().and_then(|counterparty| counterparty.account.as_ref());
            transaction.account == order.account
                && transaction.amount.negated() == Some(order.amount)
                && counterparty == Some(&order.creditor)
        });
        assert!((22..=25).contains(&obeyed.count()), "{}", order.source);
    }
}
