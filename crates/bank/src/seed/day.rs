//! One day in the lives of the sandbox's people. What happens depends on the day and on what is in the accounts, never on how far the
//! story is told, so that every sandbox tells the same one.

use lombard_domain::time::Date;

use super::arrangements::PLANNED;
use super::books::{
    Books, CARD_PAYMENT, CASH, CREDIT_CARD_PAYMENT, DIRECT_DEBIT, INTEREST, ORDER_IN, ORDER_OUT, Other, PLANNED_OUT,
    Posting, SALARY, TRANSFER_IN, TRANSFER_OUT, Transfer,
};
use super::dice::Dice;
use super::plan::{
    BIG_DAYS, Bill, By, CAFES, GROCERS, Income, Life, Order, Payee, Planned, RESTAURANTS, STORES, Shops, TRANSPORT,
    When,
};

/// Lives one day of one life.
pub(super) fn live(life: &'static Life, day: Date, books: &mut Books) {
    let mut dice = Dice::new(life.account, day);
    for income in life.incomes.iter().filter(|income| is_paid(income, day)) {
        earn(life, income, books);
    }
    for order in life.orders.iter().filter(|order| is_due(order.day, day)) {
        obey(life, order, books);
    }
    for bill in life.bills.iter().filter(|bill| is_due(bill.day, day)) {
        pay(life, bill, &mut dice, books);
    }
    settle_card(life, day, books);
    spend(life, day, &mut dice, books);
    save(life, day, &mut dice, books);
    // Last, so that the lines of a sandbox that was made before there were such payments keep their numbers.
    for planned in PLANNED.iter().filter(|planned| planned.account == life.account) {
        keep_to(planned, day, books);
    }
}

fn earn(life: &Life, income: &'static Income, books: &mut Books) {
    let other = Other::Firm(&income.from);
    books.post(life.account, Posting { minute: 190, minor: income.minor, code: SALARY, text: income.what, other });
}

fn obey(life: &Life, order: &'static Order, books: &mut Books) {
    let (minute, minor, text) = (300, order.minor, order.purpose);
    match &order.to {
        Payee::Account(to) => {
            books.transfer(&Transfer { from: life.account, to, minute, minor, codes: (ORDER_OUT, ORDER_IN), text });
        }
        Payee::Firm(firm) => {
            let other = Other::Firm(firm);
            books.post(life.account, Posting { minute, minor: -minor, code: ORDER_OUT, text, other });
        }
    }
}

fn pay(life: &Life, bill: &'static Bill, dice: &mut Dice, books: &mut Books) {
    let minor = -(bill.minor + dice.between(-bill.spread, bill.spread));
    let text = bill.to.name;
    match (bill.by, life.card) {
        (By::Card, Some(card)) => {
            let other = Other::Shop(text);
            books.post(card, Posting { minute: 365, minor, code: CREDIT_CARD_PAYMENT, text, other });
        }
        (By::Card, None) => {
            let other = Other::Shop(text);
            books.post(life.account, Posting { minute: 365, minor, code: CARD_PAYMENT, text, other });
        }
        (By::Debit, _) => {
            let other = Other::Firm(&bill.to);
            books.post(life.account, Posting { minute: 245, minor, code: DIRECT_DEBIT, text, other });
        }
    }
}

/// Pays what was planned for this day.
fn keep_to(planned: &'static Planned, day: Date, books: &mut Books) {
    if planned.due(day.year()) == Some(day) {
        let (minor, text, other) = (-planned.minor, planned.reference, Other::Firm(&planned.to));
        books.post(planned.account, Posting { minute: 330, minor, code: PLANNED_OUT, text, other });
    }
}

/// Pays off the credit card, once a month.
fn settle_card(life: &Life, day: Date, books: &mut Books) {
    let Some(card) = life.card else { return };
    let owed = -books.balance(card);
    if owed > 0 && is_due(CARD_DAY, day) {
        let codes = (DIRECT_DEBIT, TRANSFER_IN);
        let text = CARD_PAYMENT_TEXT;
        books.transfer(&Transfer { from: life.account, to: card, minute: 400, minor: owed, codes, text });
    }
}

/// Buys what people buy, while there is money.
fn spend(life: &Life, day: Date, dice: &mut Dice, books: &mut Books) {
    let habits = &life.habits;
    let working = day.weekday() <= 5;
    let going_out = if (5..=6).contains(&day.weekday()) { habits.dining * 2 } else { habits.dining };
    let shopping_day = if day.weekday() == 6 { habits.groceries * 2 } else { habits.groceries };
    let on_the_way = if working { habits.transport } else { habits.transport / 3 };
    let plan = [
        (on_the_way, &TRANSPORT, (280, 890), 480),
        (habits.coffee, &CAFES, (265, 540), 520),
        (shopping_day, &GROCERS, (480, habits.groceries_most.max(480)), 1050),
        (habits.shopping, &STORES, (1190, 9400), 940),
        (going_out, &RESTAURANTS, (980, 4900), 1190),
    ];
    for (percent, shops, (low, high), from_minute) in plan {
        if dice.chance(percent) {
            let minor = dice.between(low, high);
            let minute = from_minute + dice.between(0, 95);
            buy(life, shops, -minor, minute, dice, books);
        }
    }
    if dice.chance(habits.cash) && books.balance(life.account) > ENOUGH {
        let minor = -1000 * dice.between(2, 8);
        let text = "Cash withdrawal";
        let posting = Posting { minute: 760, minor, code: CASH, text, other: Other::Nobody };
        books.post(life.account, posting);
    }
}

fn buy(life: &Life, shops: &Shops, minor: i64, minute: i64, dice: &mut Dice, books: &mut Books) {
    let text = dice.pick(shops.first, shops.others);
    let with_card = life.card.filter(|_| dice.chance(45));
    let other = Other::Shop(text);
    match with_card {
        Some(card) if books.balance(card) > -CARD_MOST => {
            books.post(card, Posting { minute, minor, code: CREDIT_CARD_PAYMENT, text, other });
        }
        _ if books.balance(life.account) > ENOUGH => {
            books.post(life.account, Posting { minute, minor, code: CARD_PAYMENT, text, other });
        }
        _ => {}
    }
}

/// Earns interest, helps out, puts by what is left, and has a big day when there is enough.
fn save(life: &Life, day: Date, dice: &mut Dice, books: &mut Books) {
    let Some(savings) = life.savings else { return };
    let codes = (TRANSFER_OUT, TRANSFER_IN);
    if day.plus_days(1).day() == 1 {
        // 2.4 % a year, paid monthly.
        let minor = books.balance(savings) / 500;
        if minor > 0 {
            let posting = Posting { minute: 1430, minor, code: INTEREST, text: "Interest", other: Other::Nobody };
            books.post(savings, posting);
        }
    }
    let account = life.account;
    if day.day() == 22 && books.balance(account) > PLENTY {
        let minor = (books.balance(account) - PLENTY / 2) / 1000 * 1000;
        let text = "To savings";
        books.transfer(&Transfer { from: account, to: savings, minute: 1270, minor, codes, text });
    }
    if matches!((day.month(), day.day()), (4 | 8 | 12, 9)) && books.balance(savings) > BIG_DAY {
        let minor = books.balance(savings) / 500 * 100 + 100 * dice.between(0, 400);
        let text = "From savings";
        books.transfer(&Transfer { from: savings, to: account, minute: 600, minor, codes, text });
        let text = dice.pick(BIG_DAYS.first, BIG_DAYS.others);
        let posting = Posting { minute: 640, minor: -minor, code: CARD_PAYMENT, text, other: Other::Shop(text) };
        books.post(account, posting);
    }
    if books.balance(account) < ENOUGH {
        let minor = (books.balance(savings) / 1000 * 1000).min((2 * HELP - books.balance(account)) / 1000 * 1000);
        if minor > 0 {
            let text = "From savings";
            books.transfer(&Transfer { from: savings, to: account, minute: 1300, minor, codes, text });
        }
    }
}

/// What happens between several lives: help for the household, furniture, and euros that are sold.
pub(super) fn together(day: Date, books: &mut Books) {
    let codes = (TRANSFER_OUT, TRANSFER_IN);
    if books.balance("marsh-joint") < ENOUGH {
        for from in ["alice-current", "bob-current"] {
            let text = "Household top-up";
            books.transfer(&Transfer { from, to: "marsh-joint", minute: 1310, minor: HELP / 2, codes, text });
        }
    }
    if day.day() == 20 && books.balance("marsh-joint") > PLENTY {
        let (minor, text) = (PLENTY / 2 - books.balance("marsh-joint"), "Copper Kettle Home");
        let posting = Posting { minute: 990, minor, code: CARD_PAYMENT, text, other: Other::Shop(text) };
        books.post("marsh-joint", posting);
    }
    if day.day() == 20 && books.balance("chandra-euro") > 2 * PLENTY {
        sell_euros(books);
    }
}

fn sell_euros(books: &mut Books) {
    let text = "Sale of EUR 2,500.00 at 0.86";
    let (code, other) = (TRANSFER_OUT, Other::Nobody);
    books.post("chandra-euro", Posting { minute: 700, minor: -250_000, code, text, other });
    books.post("chandra-current", Posting { minute: 700, minor: 215_000, code: TRANSFER_IN, text, other });
}

/// Whether a payment of some day of the month is made today: that day, or the working day after.
fn is_due(day_of_month: i8, today: Date) -> bool {
    match today.weekday() {
        1 => (0..=2).any(|back| today.plus_days(-back).day() == day_of_month),
        2..=5 => today.day() == day_of_month,
        _ => false,
    }
}

/// Whether an income is paid today: on its day, or the working day before.
fn is_paid(income: &Income, today: Date) -> bool {
    match (&income.when, today.weekday()) {
        (When::Weekly(weekday), today) => *weekday == today,
        (When::Monthly(day), 5) => (0..=2).any(|ahead| today.plus_days(ahead).day() == *day),
        (When::Monthly(day), 1..=4) => today.day() == *day,
        (When::Monthly(_), _) => false,
    }
}

/// What the statement says of a credit card that is paid off.
pub(super) const CARD_PAYMENT_TEXT: &str = "Credit card payment";
/// The day of the month on which credit cards are paid off.
const CARD_DAY: i8 = 23;
/// Nobody spends more with a card in a month, in pence.
const CARD_MOST: i64 = 120_000;
/// Below this, nobody spends, and savings help; in pence.
const ENOUGH: i64 = 12_000;
/// How much help it is, in pence.
const HELP: i64 = 30_000;
/// More than this in a current account is put by, in pence.
const PLENTY: i64 = 240_000;
/// With more than this in savings people spend a fifth of it on a journey, or on their kitchen; in pence.
const BIG_DAY: i64 = 500_000;
