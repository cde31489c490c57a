//! Tests of this module. Documents are read by a library that knows nothing of the one that writes them.

use lombard_domain::account::{AccountKind, AccountStatus, Category, Identification, Scheme, StatementKind};
use lombard_domain::currency::Currency;
use lombard_domain::id::{AccountId, StatementId};
use lombard_domain::text::Text;
use proptest::prelude::*;

use super::*;

fn account() -> Account {
    Account {
        id: AccountId::from_bits(1),
        source: Text::new("a1").unwrap(),
        currency: Currency::GBP,
        category: Category::Personal,
        kind: AccountKind::Current,
        status: AccountStatus::Enabled,
        nickname: Some(Text::new("Household").unwrap()),
        identification: Identification::new(Scheme::SortCodeAccountNumber, "20000012345678").unwrap(),
        opened_on: Date::new(2020, 1, 31).unwrap(),
        credit_line: None,
        switched_at: None,
    }
}

fn statement() -> Statement {
    Statement {
        id: StatementId::from_bits(1),
        account: AccountId::from_bits(1),
        source: Text::new("s1").unwrap(),
        kind: StatementKind::RegularPeriodic,
        reference: Some(Text::new("2026-03").unwrap()),
        from: Date::new(2026, 3, 1).unwrap(),
        to: Date::new(2026, 3, 31).unwrap(),
        made_on: Date::new(2026, 4, 1).unwrap(),
    }
}

fn pounds(minor: i64) -> Money {
    Money::new(minor, Currency::GBP)
}

fn entry(day: i8, text: &str, minor: i64) -> Entry {
    Entry { on: Date::new(2026, 3, day).unwrap(), text: text.to_owned(), amount: pounds(minor) }
}

/// What these entries sum up to, after an opening balance.
fn figures(opening: i64, entries: &[Entry]) -> Figures {
    let sum = |way| entries.iter().map(|entry| entry.amount).filter(move |amount| amount.direction() == way);
    let came: i64 = sum(Direction::Credit).map(Money::minor).sum();
    let went: i64 = sum(Direction::Debit).map(Money::minor).sum();
    Figures {
        opening: pounds(opening),
        closing: pounds(opening + came + went),
        money_in: pounds(came),
        money_out: pounds(went),
    }
}

/// The pages of a document, as somebody else's program reads them, without white space: lines are broken where they must be.
fn read(pdf: &[u8]) -> Vec<String> {
    let document = lopdf::Document::load_mem(pdf).unwrap();
    let pages = document.get_pages();
    pages.keys().map(|number| squeezed(&document.extract_text(&[*number]).unwrap())).collect()
}

fn squeezed(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_whitespace()).collect()
}

fn document(owners: &[&str], figures: Figures, entries: Vec<Entry>) -> Vec<u8> {
    let owners = owners.iter().map(|owner| (*owner).to_owned()).collect();
    sheet(owners, figures, entries).pdf()
}

fn sheet(owners: Vec<String>, figures: Figures, entries: Vec<Entry>) -> Sheet {
    let (account, statement) = (account(), statement());
    Sheet { bank_name: "Test bank".to_owned(), owners, account, statement, figures, entries, is_cut: false }
}

/// What takes a while to be laid out.
pub(super) fn long_sheet() -> Sheet {
    sheet(Vec::new(), figures(0, &[]), (0..5000).map(|_| entry(1, "A long walk", -100)).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn every_entry_is_there_with_the_balance_after_it(
        opening in -1_000_000..1_000_000_i64,
        rows in proptest::collection::vec((1..=31_i8, "[A-Za-z0-9£é&'.,-]{1,60}( [A-Za-z0-9é]{1,40}){0,9}", -9_999_999..9_999_999_i64), 0..120),
    ) {
        let mut rows = rows;
        rows.sort_by_key(|(day, _, _)| *day);
        let entries: Vec<_> = rows.iter().map(|(day, text, minor)| entry(*day, text, *minor)).collect();
        let figures = figures(opening, &entries);
        let text = read(&document(&["Ann Other"], figures, entries)).concat();
        let mut balance = opening;
        for (day, said, minor) in &rows {
            balance += minor;
            let day = words::short_day(Date::new(2026, 3, *day).unwrap());
            let row = format!("{day}{said}{}{}", words::amount(pounds(*minor)), words::balance(pounds(balance)));
            prop_assert!(text.contains(&squeezed(&row)), "{row} is not in {text}");
        }
        for (label, figure) in [("Openingbalance", figures.opening), ("Closingbalance", figures.closing)] {
            let figure = words::balance(figure);
            prop_assert_eq!(text.matches(&format!("{label}{figure}")).count(), 2, "{}", text);
        }
        prop_assert!(!text.contains("afterthisstatement"));
    }
}

#[test]
fn says_who_which_account_and_which_days_on_every_page() {
    let days = (1..=31).flat_map(|day| [day; 7]);
    let entries: Vec<_> = days.map(|day| entry(day, "A long walk along the shops of the town", -100)).collect();
    let pages = read(&document(&["Ann Other", "Ben Other"], figures(30_000, &entries), entries));
    assert!(pages.len() > 3, "{}", pages.len());
    for (place, page) in pages.iter().enumerate() {
        for said in ["Testbank", "20-00-0012345678", "1March2026to31March2026", "DateDescriptionMoneyinMoneyoutBalance"]
        {
            assert!(page.contains(said), "{said}: {page}");
        }
        assert!(page.contains(&format!("Page{}of{}", place + 1, pages.len())), "{page}");
    }
    for said in ["AnnOther", "BenOther", "Household", "GBP", "2026-03", "1April2026"] {
        assert!(pages[0].contains(said), "{said}: {}", pages[0]);
    }
}

#[test]
fn says_when_nothing_was_booked_and_when_the_rows_are_not_the_figures() {
    let empty = read(&document(&["Ann"], figures(5, &[]), vec![])).concat();
    assert!(empty.contains("Nothingwasbooked"), "{empty}");
    let entries = vec![entry(1, "Late", -5)];
    let late = read(&document(&["Ann"], figures(5, &[]), entries)).concat();
    assert!(late.contains("Transactionsthatreachedthebankafterthisstatement"), "{late}");
}

#[test]
fn nothing_in_it_acts_and_nothing_leads_out_of_it() {
    let entries = vec![entry(1, "https://evil.example/ /JS (app.alert) << /URI >> ) Tj", -5)];
    let pdf = document(&["Ann"], figures(5, &entries), entries);
    let document = lopdf::Document::load_mem(&pdf).unwrap();
    let known: [&[u8]; 6] = [b"Catalog", b"Pages", b"Page", b"Font", b"ViewerPreferences", b"Stream"];
    for object in document.objects.values() {
        let dictionary = match object {
            lopdf::Object::Dictionary(dictionary) => dictionary,
            lopdf::Object::Stream(stream) => &stream.dict,
            other => panic!("{other:?}"),
        };
        for word in
            ["Annots", "A", "AA", "OpenAction", "JS", "JavaScript", "URI", "Names", "AcroForm", "EF", "Launch", "F"]
        {
            assert!(!dictionary.has(word.as_bytes()), "{word}: {dictionary:?}");
        }
        let kind = dictionary.get(b"Type").and_then(lopdf::Object::as_name).unwrap_or(b"Stream");
        assert!(known.contains(&kind), "{dictionary:?}");
    }
    assert!(document.extract_text(&[1]).unwrap().contains("<< /URI >> ) Tj"), "what it says is only said");
}

#[test]
fn the_longest_document_has_a_bearable_size() {
    let text = "W".repeat(500);
    let entries: Vec<_> = (0..5000).map(|_| entry(1, &text, i64::MAX / 10_000)).collect();
    let figures = Figures { closing: pounds(i64::MAX), ..figures(0, &[]) };
    let names = vec!["W".repeat(140); 40];
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let pdf = document(&names, figures, entries);
    assert!(pdf.len() < 20_000_000, "{} bytes", pdf.len());
    assert_eq!(lopdf::Document::load_mem(&pdf).unwrap().get_pages().len(), 2500);
}

#[test]
fn the_same_statement_is_the_same_file() {
    let make = || document(&["Ann Other"], figures(7, &[]), vec![entry(2, "Shoes", -500)]);
    assert_eq!(make(), make());
}
