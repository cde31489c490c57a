//! Names that are the same to the eye have one skeleton, others have not.

use proptest::prelude::*;

use super::*;

fn same(one: &str, other: &str) -> bool {
    Look::of(one).skeleton() == Look::of(other).skeleton()
}

fn alike(one: &str, other: &str) -> bool {
    Look::of(one).is_like(Look::of(other).skeleton())
}

#[test]
fn what_looks_the_same_has_one_skeleton() {
    for (honest, twin) in [
        ("Acme Pay", "Acme-Pay™ Ltd"),
        ("Acme Pay", "АcmePay"),
        ("Acme Pay", "ΑϹΜΕ ΡΑΥ"),
        ("Acme Pay", "𝐀𝐜𝐦𝐞 𝗣𝗮𝘆"),
        ("Acme Pay", "Ａｃｍｅ　Ｐａｙ"),
        ("Acme Pay", "Âçmé Päy"),
        ("Acme Pay", "The Acme Pay App"),
        ("Acme Pay", "A.C.M.E. pay, Inc."),
        ("Acme Pay", "acrnepay"),
        ("PayPal", "PayPaI"),
        ("PayPal", "PayPa1"),
        ("PayPal", "PayPa|"),
        ("Invest", "lNVEST"),
        ("Cash Book", "Ca$h B00k"),
        ("Ⅼombard", "Lombard"),
        ("★★★", "★ ★★"),
    ] {
        assert!(same(honest, twin), "{honest} {twin}: {:?} {:?}", Look::of(honest), Look::of(twin));
    }
}

#[test]
fn other_names_are_other_names() {
    for (one, other) in [
        ("Acme Pay", "Acme Loans"),
        ("Mint", "Mind"),
        ("Monzo", "Bonzo"),
        ("Budget", "Gadget"),
        ("Tide", "Ride"),
        ("Pocket Ledger", "Rent Register"),
        ("Ltd", "Limited"),
        ("株式会社", "有限会社"),
        ("★", "☂"),
    ] {
        assert!(!alike(one, other), "{one} {other}: {:?} {:?}", Look::of(one), Look::of(other));
    }
    assert!(!Look::of("").is_like(""), "nothing is like nothing");
}

#[test]
fn a_slip_in_a_longer_name_is_forgiven() {
    for (one, other) in [
        ("Revolut", "Revolutt"),
        ("Revolut", "Revolt"),
        ("Revolut", "Revoult"),
        ("Revolut", "Rewolut"),
        ("Pocket Ledger", "Poket Ledger"),
        ("Open Budget Planner", "Open Budgit Planer"),
    ] {
        assert!(alike(one, other) && alike(other, one), "{one} {other}");
    }
    assert!(!alike("Revolut", "Revlot"), "two slips in a short one");
}

#[test]
fn whoever_bears_the_banks_name_speaks_for_it() {
    let lombard = Look::of("Lombard");
    for name in
        ["Lombard", "LOMBARD Security", "Lornbard", "Lombard-Support", "LombardPay", "My Lornbarcl", "Lоmbard Bank"]
    {
        assert!(Look::of(name).speaks_for(&lombard), "{name}: {:?}", Look::of(name));
    }
    for name in ["Lumber Yard", "Pocket Ledger", "Lomb", "Barbados Lemonade"] {
        assert!(!Look::of(name).speaks_for(&lombard), "{name}");
    }
    // A short name counts as a word of its own, and not as a part of one.
    let ing = Look::of("ING");
    assert!(Look::of("ING Security").speaks_for(&ing));
    assert!(!Look::of("Bookkeeping").speaks_for(&ing));
}

#[test]
fn alphabets_are_mixed_in_one_word_and_not_in_one_name() {
    for name in ["АcmePay", "PаyPal", "Αcme", "Acme Pаy"] {
        assert!(mixes_alphabets(name), "{name}");
    }
    for name in [
        "Acme Pay",
        "Касса",
        "Acme Касса",
        "東京App",
        "楽天カード",
        "Zoë",
        "3D-Bank 24",
        "µTorrent",
        "카카오뱅크",
        "€uro",
    ] {
        assert!(!mixes_alphabets(name), "{name}");
    }
}

#[test]
fn what_nobody_sees_is_found() {
    for name in [
        "Ac\u{200b}me",
        "Ac\u{ad}me",
        "Acme\u{a0}Pay",
        "Acme\u{3000}Pay",
        "\u{202e}emcA",
        "Acme\u{e0041}",
        "A\u{34f}cme",
        "Acme\u{feff}",
        "\u{3164}",
        "Ac\u{2060}me",
        "A\u{300}\u{301}\u{302}\u{303}cme",
        "Acme\u{2028}Pay",
        "A\tB",
    ] {
        assert!(hides_something(name), "{name:?}");
    }
    for name in ["Acme Pay", "Zoe\u{308}", "Nguyê\u{303}n", "株式会社", "Acme™ (UK)", "عربي", "हिन्दी"]
    {
        assert!(!hides_something(name), "{name}");
    }
}

proptest! {
    /// Nothing that an eye passes over makes another skeleton.
    #[test]
    fn case_and_decoration_change_nothing(name in "[a-zA-Z]{2,12}( [a-zA-Z]{2,12}){0,3}", sign in "[-_.·™ ]{1,3}") {
        prop_assert!(same(&name, &name.to_uppercase()), "{} {}", name, name.to_uppercase());
        let decorated = format!("{}{sign}", name.replace(' ', &sign));
        prop_assert_eq!(Look::of(&name), Look::of(&decorated));
    }

    /// Any text at all: the same answer each time, within its bounds, and every name is like itself unless nothing of it is seen.
    #[test]
    fn takes_any_text(name in "\\PC{0,80}", other in "\\PC{0,80}") {
        let (look, its) = (Look::of(&name), Look::of(&other));
        prop_assert!(look.skeleton().chars().count() <= SKELETON_MAX);
        prop_assert_eq!(look.is_like(look.skeleton()), !look.skeleton().is_empty());
        prop_assert_eq!(look.is_like(its.skeleton()), its.is_like(look.skeleton()));
        let _ = (mixes_alphabets(&name), hides_something(&name));
    }

    /// What is like a name has a skeleton of one of the lengths that are looked through.
    #[test]
    fn the_lengths_hold(name in "[a-z]{1,30}", other in "[a-z]{1,30}") {
        let (look, its) = (Look::of(&name), Look::of(&other));
        let (from, to) = look.lengths();
        if look.is_like(its.skeleton()) {
            let length = its.skeleton().chars().count();
            prop_assert!(from <= length && length <= to, "{} {}", look.skeleton(), its.skeleton());
        }
    }

    /// One slip anywhere in a name of six letters or more.
    #[test]
    fn one_slip_is_found(name in "[abd-hkln-uw-z]{6,30}", place in any::<prop::sample::Index>()) {
        let at = place.index(name.len());
        let less = format!("{}{}", &name[..at], &name[at + 1..]);
        let more = format!("{}q{}", &name[..at], &name[at..]);
        prop_assert!(alike(&name, &more), "{name} {more}");
        prop_assert!(less.len() < 6 || alike(&name, &less), "{name} {less}");
    }
}
