//! What the sandbox's people have and owe: plain data, in pence and cents.

use lombard_domain::account::{AccountKind, OfferKind, ProductKind, ScheduledFor, Trust};
use lombard_domain::currency::Currency;
use lombard_domain::time::Date;

/// A day by its numbers: year, month, day.
pub(super) type Day = (i16, i8, i8);

/// A person.
pub(super) struct Person {
    pub(super) username: &'static str,
    pub(super) full_name: &'static str,
    pub(super) born: Day,
    pub(super) phone: Option<&'static str>,
    pub(super) mobile: &'static str,
    pub(super) street: &'static str,
    pub(super) town: &'static str,
    pub(super) post_code: &'static str,
}

/// An account. Its key names it in this plan.
pub(super) struct Account {
    pub(super) key: &'static str,
    pub(super) kind: AccountKind,
    pub(super) product: &'static Product,
    pub(super) currency: Currency,
    pub(super) nickname: &'static str,
    pub(super) number: Number,
    pub(super) owners: &'static [&'static str],
    pub(super) authorised: &'static [&'static str],
    pub(super) opened: Day,
    pub(super) credit_line: Option<i64>,
    /// How much is in it when the story begins.
    pub(super) opening: i64,
}

/// What an account was sold as.
pub(super) struct Product {
    pub(super) code: &'static str,
    pub(super) name: &'static str,
    pub(super) kind: ProductKind,
    pub(super) description: &'static str,
}

/// How an account is known to others: all but the check digits.
pub(super) enum Number {
    /// The first fifteen digits of a card's number.
    Card(&'static str),
    /// Sort code and account number, shown as an IBAN.
    Iban(&'static str),
    /// Sort code and account number.
    SortCode(&'static str),
}

/// A firm that is paid, or pays.
pub(super) struct Firm {
    pub(super) name: &'static str,
    /// Sort code and account number.
    pub(super) number: &'static str,
}

/// What goes on around one account, day by day.
pub(super) struct Life {
    /// The account from which things are paid.
    pub(super) account: &'static str,
    /// Where money is put by and taken from.
    pub(super) savings: Option<&'static str>,
    /// A credit card, paid off from the account every month.
    pub(super) card: Option<&'static str>,
    pub(super) incomes: &'static [Income],
    pub(super) orders: &'static [Order],
    pub(super) bills: &'static [Bill],
    pub(super) habits: Habits,
}

/// Money that comes regularly.
pub(super) struct Income {
    pub(super) from: Firm,
    pub(super) what: &'static str,
    pub(super) minor: i64,
    pub(super) when: When,
}

/// When something comes regularly.
pub(super) enum When {
    /// On this day of every month, or the working day before.
    Monthly(i8),
    /// On this day of every week; Monday is 1.
    Weekly(i8),
}

/// A standing order: on a day of every month, or the working day after.
pub(super) struct Order {
    pub(super) to: Payee,
    pub(super) purpose: &'static str,
    pub(super) minor: i64,
    pub(super) day: i8,
}

/// Who is paid.
pub(super) enum Payee {
    /// An account of this bank.
    Account(&'static str),
    /// Somebody elsewhere.
    Firm(Firm),
}

/// A direct debit or a subscription: on a day of every month, or the working day after.
pub(super) struct Bill {
    pub(super) to: Firm,
    pub(super) minor: i64,
    /// How far the amount strays from that, up or down.
    pub(super) spread: i64,
    pub(super) day: i8,
    pub(super) by: By,
}

/// How a bill is paid.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    /// With the credit card, if there is one.
    Card,
    /// By direct debit.
    Debit,
}

/// Somebody whom an account's holder saved to pay again.
pub(super) struct Saved {
    pub(super) account: &'static str,
    pub(super) to: Payee,
    pub(super) reference: Option<&'static str>,
    pub(super) trust: Trust,
}

/// A payment that is planned a year before: on a day of every year, or the working day after.
pub(super) struct Planned {
    pub(super) account: &'static str,
    pub(super) to: Firm,
    pub(super) reference: &'static str,
    pub(super) minor: i64,
    /// Month and day.
    pub(super) on: (i8, i8),
    pub(super) what: ScheduledFor,
}

impl Planned {
    /// The day of a year on which it is paid.
    pub(super) fn due(&self, year: i16) -> Option<Date> {
        let (month, day) = self.on;
        let day = Date::new(year, month, day)?;
        (0..=2).map(|wait| day.plus_days(wait)).find(|day| day.weekday() <= 5)
    }
}

/// What the bank offers to the holder of an account.
pub(super) struct Offered {
    pub(super) account: &'static str,
    pub(super) kind: OfferKind,
    pub(super) description: &'static str,
    pub(super) minor: Option<i64>,
    pub(super) when: Season,
}

/// When an offer can be taken.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Season {
    /// Whenever.
    Always,
    /// Until the year is over; the next year brings it again.
    Year,
}

/// How often in a hundred days something is bought.
pub(super) struct Habits {
    pub(super) groceries: i64,
    /// The largest bill for groceries.
    pub(super) groceries_most: i64,
    pub(super) transport: i64,
    pub(super) coffee: i64,
    pub(super) dining: i64,
    pub(super) shopping: i64,
    pub(super) cash: i64,
}

/// Nothing is ever bought.
pub(super) const NO_HABITS: Habits =
    Habits { groceries: 0, groceries_most: 0, transport: 0, coffee: 0, dining: 0, shopping: 0, cash: 0 };

/// Where things are bought. None of these shops exists.
pub(super) struct Shops {
    pub(super) first: &'static str,
    pub(super) others: &'static [&'static str],
}

pub(super) const GROCERS: Shops = Shops {
    first: "Fennel & Finch",
    others: &["Cornhill Foods", "Green Lantern Market", "Dockside Grocers", "Penny Loaf Bakery"],
};
pub(super) const TRANSPORT: Shops =
    Shops { first: "Thames Tramways", others: &["Estuary Rail", "Capital Cycles", "Cab Collective"] };
pub(super) const CAFES: Shops = Shops { first: "Second Cup of Gold", others: &["Café Zoë", "The Bean Counter"] };
pub(super) const RESTAURANTS: Shops = Shops {
    first: "Trattoria Lombarda",
    others: &["The Gilded Noodle", "Saffron & Salt", "Old Exchange Tavern", "Pier Nine Fish Bar"],
};
pub(super) const STORES: Shops = Shops {
    first: "Hartwell Outfitters",
    others: &["Inkwell Books", "Copper Kettle Home", "Volt Electricals", "Bramble Garden Centre", "Paper Lion Cinema"],
};
pub(super) const BIG_DAYS: Shops =
    Shops { first: "Sunward Holidays", others: &["Ashgrove Kitchens", "Meridian Travel"] };
