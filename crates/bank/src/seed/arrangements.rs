//! Whom the sandbox's people saved to pay again, what they will pay later, and what the bank offers them.

use lombard_domain::account::OfferKind;
use lombard_domain::account::ScheduledFor::{Arrival, Execution};
use lombard_domain::account::Trust::{Ordinary, Trusted};

use super::plan::{Firm, Offered, Payee, Planned, Saved, Season};

const BOROUGH_REVENUE: Firm = Firm { name: "Borough Revenue Office", number: "09017744990011" };
const HARBOUR_LETTINGS: Firm = Firm { name: "Harbour Lettings", number: "09017720016611" };
const NURSES: Firm = Firm { name: "Register of Nurses", number: "09017761030077" };
const ROWING_CLUB: Firm = Firm { name: "Harbour Rowing Club", number: "09018830045120" };

/// Whom the holders of accounts saved to pay again.
pub(super) const SAVED: &[Saved] = &[
    Saved {
        account: "alice-current",
        to: Payee::Account("bob-current"),
        reference: Some("From Alice"),
        trust: Trusted,
    },
    Saved { account: "alice-current", to: Payee::Firm(NURSES), reference: Some("NR 4410078"), trust: Ordinary },
    Saved {
        account: "alice-current",
        to: Payee::Firm(Firm { name: "Clara Winterbourne", number: "09018844100725" }),
        reference: None,
        trust: Ordinary,
    },
    Saved { account: "bob-current", to: Payee::Account("alice-current"), reference: Some("From Bob"), trust: Trusted },
    Saved { account: "bob-current", to: Payee::Firm(ROWING_CLUB), reference: Some("B Marsh"), trust: Ordinary },
    Saved { account: "marsh-joint", to: Payee::Firm(HARBOUR_LETTINGS), reference: Some("Rent"), trust: Trusted },
    Saved {
        account: "marsh-joint",
        to: Payee::Firm(Firm { name: "Oakleaf Plumbing", number: "09018850071348" }),
        reference: None,
        trust: Ordinary,
    },
    Saved {
        account: "chandra-current",
        to: Payee::Firm(Firm { name: "Ravi Patel", number: "09013110099012" }),
        reference: Some("From Chandra"),
        trust: Trusted,
    },
    Saved { account: "chandra-current", to: Payee::Firm(BOROUGH_REVENUE), reference: None, trust: Ordinary },
    Saved {
        account: "chandra-euro",
        to: Payee::Firm(Firm { name: "Nuage Hosting", number: "09017766001122" }),
        reference: Some("Client 20817"),
        trust: Ordinary,
    },
    Saved {
        account: "dora-current",
        to: Payee::Account("erin-current"),
        reference: Some("From Granny"),
        trust: Trusted,
    },
    Saved {
        account: "dora-current",
        to: Payee::Firm(Firm { name: "Orchard Row Garden Society", number: "09018860015507" }),
        reference: Some("D Evans"),
        trust: Ordinary,
    },
    Saved { account: "erin-current", to: Payee::Account("dora-current"), reference: Some("Erin"), trust: Trusted },
    Saved { account: "erin-current", to: Payee::Firm(HARBOUR_LETTINGS), reference: Some("Room 4"), trust: Ordinary },
];

/// What will be paid once a year.
pub(super) const PLANNED: &[Planned] = &[
    Planned {
        account: "alice-current",
        to: NURSES,
        reference: "NR 4410078",
        minor: 12_000,
        on: (3, 31),
        what: Arrival,
    },
    Planned {
        account: "alice-current",
        to: Firm { name: "Saltmarsh Library Friends", number: "09018870022894" },
        reference: "Alice Marsh",
        minor: 2500,
        on: (9, 14),
        what: Execution,
    },
    Planned {
        account: "bob-current",
        to: ROWING_CLUB,
        reference: "B Marsh",
        minor: 18_000,
        on: (5, 2),
        what: Execution,
    },
    Planned {
        account: "marsh-joint",
        to: Firm { name: "Hearth & Flue Service", number: "09018880036412" },
        reference: "Boiler service",
        minor: 9500,
        on: (10, 12),
        what: Execution,
    },
    Planned {
        account: "chandra-current",
        to: BOROUGH_REVENUE,
        reference: "Tax 2308 2305",
        minor: 48_260,
        on: (1, 29),
        what: Arrival,
    },
    Planned {
        account: "chandra-euro",
        to: Firm { name: "Chambre des Traducteurs", number: "09018890048803" },
        reference: "Cotisation",
        minor: 13_500,
        on: (2, 15),
        what: Execution,
    },
    Planned {
        account: "dora-current",
        to: Firm { name: "Orchard Row Garden Society", number: "09018860015507" },
        reference: "D Evans",
        minor: 4500,
        on: (2, 20),
        what: Execution,
    },
    Planned {
        account: "erin-current",
        to: Firm { name: "Kiln Street College", number: "09018895050127" },
        reference: "Exam fee 98815",
        minor: 8500,
        on: (6, 5),
        what: Arrival,
    },
];

/// What the bank offers.
pub(super) const OFFERED: &[Offered] = &[
    Offered {
        account: "alice-card",
        kind: OfferKind::LimitIncrease,
        description: "Your card's limit can be raised to 4,500.00.",
        minor: Some(450_000),
        when: Season::Year,
    },
    Offered {
        account: "bob-card",
        kind: OfferKind::BalanceTransfer,
        description: "Bring the balance of another card here: no interest for twelve months, for a fee of 2.9 %.",
        minor: Some(100_000),
        when: Season::Year,
    },
    Offered {
        account: "chandra-savings",
        kind: OfferKind::PromotionalRate,
        description: "3.1 % a year on what you put by this year beyond 10,000.00.",
        minor: Some(1_000_000),
        when: Season::Year,
    },
    Offered {
        account: "chandra-card",
        kind: OfferKind::MoneyTransfer,
        description: "Have up to 2,000.00 of your card's limit paid to your current account.",
        minor: Some(200_000),
        when: Season::Always,
    },
    Offered {
        account: "dora-savings",
        kind: OfferKind::PromotionalRate,
        description: "3.4 % a year on money that you leave untouched for a year.",
        minor: None,
        when: Season::Always,
    },
    Offered {
        account: "erin-current",
        kind: OfferKind::Other,
        description: "A railcard for students, free of charge for as long as you study.",
        minor: None,
        when: Season::Year,
    },
];
