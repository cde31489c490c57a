//! What the sandbox's people earn, owe and like.

use super::plan::{Bill, By, Firm, Habits, Income, Life, NO_HABITS, Order, Payee, When};

const fn firm(name: &'static str, number: &'static str) -> Firm {
    Firm { name, number }
}

const fn debit(to: Firm, minor: i64, spread: i64, day: i8) -> Bill {
    Bill { to, minor, spread, day, by: By::Debit }
}

const fn subscription(to: Firm, minor: i64, day: i8) -> Bill {
    Bill { to, minor, spread: 0, day, by: By::Card }
}

const fn put_by(account: &'static str, minor: i64, day: i8) -> Order {
    Order { to: Payee::Account(account), purpose: "Savings", minor, day }
}

pub(super) const LIVES: &[Life] = &[
    Life {
        account: "alice-current",
        savings: Some("alice-savings"),
        card: Some("alice-card"),
        incomes: &[Income {
            from: firm("Northgate Hospital Trust", "09019910200031"),
            what: "Salary",
            minor: 231_045,
            when: When::Monthly(28),
        }],
        orders: &[
            Order { to: Payee::Account("marsh-joint"), purpose: "Household", minor: 100_000, day: 1 },
            put_by("alice-savings", 15_000, 2),
        ],
        bills: &[
            debit(firm("Swiftline Mobile", "09017710110098"), 1800, 0, 11),
            debit(firm("Ironworks Gym", "09017788112233"), 2950, 0, 5),
            subscription(firm("Tuneharbour", "09017788445500"), 1099, 7),
            subscription(firm("Lanternlight TV", "09017788445518"), 899, 19),
        ],
        habits: Habits {
            groceries: 12,
            groceries_most: 2400,
            transport: 50,
            coffee: 35,
            dining: 14,
            shopping: 7,
            cash: 2,
        },
    },
    Life {
        account: "bob-current",
        savings: Some("bob-savings"),
        card: Some("bob-card"),
        incomes: &[Income {
            from: firm("Tidewater Logistics", "09019910200049"),
            what: "Salary",
            minor: 218_470,
            when: When::Monthly(25),
        }],
        orders: &[
            Order { to: Payee::Account("marsh-joint"), purpose: "Household", minor: 100_000, day: 1 },
            put_by("bob-savings", 10_000, 2),
        ],
        bills: &[
            debit(firm("Keystone Insurance", "09017755660012"), 4620, 0, 9),
            debit(firm("Swiftline Mobile", "09017710110098"), 1500, 0, 11),
            subscription(firm("Pixel Arcade", "09017788445526"), 1299, 22),
        ],
        habits: Habits {
            groceries: 10,
            groceries_most: 2200,
            transport: 30,
            coffee: 20,
            dining: 18,
            shopping: 8,
            cash: 4,
        },
    },
    Life {
        account: "marsh-joint",
        savings: None,
        card: None,
        incomes: &[],
        orders: &[Order {
            to: Payee::Firm(firm("Harbour Lettings", "09017720016611")),
            purpose: "Rent",
            minor: 115_000,
            day: 3,
        }],
        bills: &[
            debit(firm("Beacon Energy", "09017733100456"), 14_200, 2600, 8),
            debit(firm("Borough Council", "09017744556677"), 16_800, 0, 15),
            debit(firm("Clearwell Water", "09017733200777"), 3800, 0, 18),
            debit(firm("Fibrehouse", "09017710220012"), 3200, 0, 21),
        ],
        habits: Habits { groceries: 48, groceries_most: 4800, ..NO_HABITS },
    },
    Life {
        account: "chandra-current",
        savings: Some("chandra-savings"),
        card: Some("chandra-card"),
        incomes: &[Income {
            from: firm("Brightwater Engineering", "09019910200057"),
            what: "Salary",
            minor: 345_220,
            when: When::Monthly(27),
        }],
        orders: &[
            Order {
                to: Payee::Firm(firm("Old Jewry Mortgages", "09017720027708")),
                purpose: "Mortgage",
                minor: 142_055,
                day: 1,
            },
            put_by("chandra-savings", 40_000, 2),
        ],
        bills: &[
            debit(firm("Beacon Energy", "09017733100456"), 12_100, 3000, 8),
            debit(firm("Borough Council", "09017744556677"), 18_900, 0, 15),
            debit(firm("Clearwell Water", "09017733200777"), 3100, 0, 18),
            debit(firm("Fibrehouse", "09017710220012"), 3500, 0, 21),
            debit(firm("Keystone Insurance", "09017755660012"), 2415, 0, 9),
            subscription(firm("Lanternlight TV", "09017788445518"), 1399, 3),
            subscription(firm("The Daily Ledger", "09017788445534"), 1200, 14),
        ],
        habits: Habits {
            groceries: 34,
            groceries_most: 5600,
            transport: 40,
            coffee: 25,
            dining: 20,
            shopping: 10,
            cash: 2,
        },
    },
    Life {
        account: "chandra-euro",
        savings: None,
        card: None,
        incomes: &[Income {
            from: firm("Atelier Lumière", "09019910200065"),
            what: "Facture",
            minor: 115_000,
            when: When::Monthly(10),
        }],
        orders: &[],
        bills: &[debit(firm("Nuage Hosting", "09017766001122"), 2900, 0, 4)],
        habits: NO_HABITS,
    },
    Life {
        account: "dora-current",
        savings: Some("dora-savings"),
        card: Some("dora-card"),
        incomes: &[
            Income {
                from: firm("State Pension", "09019910200073"),
                what: "Pension",
                minor: 92_140,
                when: When::Monthly(12),
            },
            Income {
                from: firm("Teachers' Pension Fund", "09019910200081"),
                what: "Pension",
                minor: 88_025,
                when: When::Monthly(1),
            },
        ],
        orders: &[
            Order { to: Payee::Account("erin-current"), purpose: "From Granny", minor: 5000, day: 14 },
            put_by("dora-savings", 10_000, 16),
        ],
        bills: &[
            debit(firm("Beacon Energy", "09017733100456"), 9800, 3100, 8),
            debit(firm("Borough Council", "09017744556677"), 13_200, 0, 15),
            debit(firm("Fibrehouse", "09017710220012"), 4100, 0, 21),
            subscription(firm("The Daily Ledger", "09017788445534"), 1200, 6),
        ],
        habits: Habits {
            groceries: 42,
            groceries_most: 3200,
            transport: 10,
            coffee: 14,
            dining: 8,
            shopping: 8,
            cash: 6,
        },
    },
    Life {
        account: "erin-current",
        savings: Some("erin-savings"),
        card: None,
        incomes: &[Income {
            from: firm("Inkwell Books", "09019910200099"),
            what: "Wages",
            minor: 30_780,
            when: When::Weekly(5),
        }],
        orders: &[
            Order {
                to: Payee::Firm(firm("Harbour Lettings", "09017720016611")),
                purpose: "Room 4",
                minor: 52_000,
                day: 5,
            },
            put_by("erin-savings", 3000, 9),
        ],
        bills: &[
            debit(firm("Swiftline Mobile", "09017710110098"), 1200, 0, 11),
            subscription(firm("Tuneharbour", "09017788445500"), 599, 7),
        ],
        habits: Habits {
            groceries: 36,
            groceries_most: 2100,
            transport: 40,
            coffee: 40,
            dining: 22,
            shopping: 8,
            cash: 3,
        },
    },
];
