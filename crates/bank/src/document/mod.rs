//! A statement as a document that a customer keeps, prints or hands to somebody who asks for proof: a PDF of A4 pages.
//!
//! It says who, which account, which days; what was there at first and at last; and every transaction, each with the balance after
//! it. Its text can be searched and copied. What it shows depends on nothing but what it is given.

mod font;
mod pen;
mod printer;
#[cfg(test)]
mod tests;
mod words;

use lombard_domain::account::{Account, Figures, Statement};
use lombard_domain::money::{Direction, Money};
use lombard_domain::time::Date;

use font::Face;
use pen::{About, Ink, MARGIN, Page, Style, WIDTH};
pub(crate) use printer::Printer;

/// What a document tells.
pub(crate) struct Sheet {
    /// The bank's name.
    pub(crate) bank_name: String,
    /// The names of the account's owners.
    pub(crate) owners: Vec<String>,
    /// The account.
    pub(crate) account: Account,
    /// The statement.
    pub(crate) statement: Statement,
    /// What it sums up.
    pub(crate) figures: Figures,
    /// What was booked, the oldest first.
    pub(crate) entries: Vec<Entry>,
    /// Whether more was booked than is listed.
    pub(crate) is_cut: bool,
}

/// A transaction in the table.
pub(crate) struct Entry {
    /// When it was booked.
    pub(crate) on: Date,
    /// What it says.
    pub(crate) text: String,
    /// How much.
    pub(crate) amount: Money,
}

impl Sheet {
    /// The document, as a PDF file.
    pub(crate) fn pdf(&self) -> Vec<u8> {
        let mut layout = Layout { sheet: self, done: Vec::new(), page: Page::new(), y: 0.0 };
        layout.head();
        layout.summary();
        layout.columns();
        layout.table();
        let pages = layout.finish();
        let title = format!("Account statement, {}", self.days());
        pen::file(&About { title: &title, author: &self.bank_name, made_on: self.statement.made_on }, pages)
    }

    fn days(&self) -> String {
        format!("{} to {}", words::long_day(self.statement.from), words::long_day(self.statement.to))
    }
}

/// The pages so far, and the place on the last one.
struct Layout<'a> {
    sheet: &'a Sheet,
    done: Vec<Page>,
    page: Page,
    /// How far down the page is used.
    y: f32,
}

impl Layout<'_> {
    /// The top of the first page: the bank, the customer, the account.
    fn head(&mut self) {
        let sheet = self.sheet;
        self.page.fitted((MARGIN, 66.0), HALF, BANK, &sheet.bank_name);
        self.page.right((RIGHT, 66.0), HALF, TITLE, "Account statement");
        self.page.rule(80.0, 1.4, NAVY);

        let mut y = 112.0;
        for owner in sheet.owners.iter().take(OWNERS_MAX) {
            self.page.fitted((MARGIN, y), HALF, NAME, owner);
            y += 15.0;
        }
        let others = sheet.owners.len().saturating_sub(OWNERS_MAX);
        if others > 0 {
            self.page.left(MARGIN, y, PLAIN, &format!("and {others} more"));
        }

        let (label, number) = words::number(&sheet.account.identification);
        let mut facts =
            vec![(label, number), ("Currency", sheet.account.currency.to_string()), ("Period", sheet.days())];
        if let Some(nickname) = &sheet.account.nickname {
            facts.insert(0, ("Account name", nickname.as_str().to_owned()));
        }
        if let Some(reference) = &sheet.statement.reference {
            facts.push(("Statement", reference.as_str().to_owned()));
        }
        facts.push(("Made on", words::long_day(sheet.statement.made_on)));
        let mut y = 112.0;
        for (label, fact) in facts {
            self.page.left(FACTS, y, LABEL, label);
            self.page.fitted((FACTS + 92.0, y), RIGHT - FACTS - 92.0, PLAIN, &fact);
            y += 14.0;
        }
        self.y = y.max(172.0) + 12.0;
    }

    /// The four figures that a reader looks for first.
    fn summary(&mut self) {
        let Figures { opening, closing, money_in, money_out } = self.sheet.figures;
        self.page.band(self.y, 46.0, MIST);
        let figures = [
            ("Opening balance", words::balance(opening)),
            ("Money in", words::amount(money_in)),
            ("Money out", words::amount(money_out)),
            ("Closing balance", words::balance(closing)),
        ];
        let mut x = MARGIN + 14.0;
        for (label, figure) in figures {
            self.page.left(x, self.y + 17.0, LABEL, label);
            self.page.fitted((x, self.y + 35.0), QUARTER - 14.0, FIGURE, &figure);
            x += QUARTER;
        }
        self.y += 46.0 + 26.0;
    }

    /// The heads of the columns.
    fn columns(&mut self) {
        let y = self.y;
        self.page.left(MARGIN, y, HEAD, "Date");
        self.page.left(TEXT, y, HEAD, "Description");
        for (x, head) in [(IN, "Money in"), (OUT, "Money out"), (RIGHT, "Balance")] {
            self.page.right((x, y), AMOUNT_ROOM, HEAD, head);
        }
        self.page.rule(y + 6.0, 0.9, NAVY);
        self.y = y + 6.0;
    }

    fn table(&mut self) {
        let Figures { opening, closing, .. } = self.sheet.figures;
        self.total(self.sheet.statement.from, "Opening balance", opening);
        let mut balance = Some(opening);
        for entry in &self.sheet.entries {
            balance = balance.and_then(|balance| balance.plus(entry.amount));
            self.entry(entry, balance);
        }
        if self.sheet.entries.is_empty() {
            self.note("Nothing was booked in this period.");
        }
        if self.sheet.is_cut {
            self.note(&format!(
                "The first {} transactions are listed. The figures above are of all of them.",
                self.sheet.entries.len()
            ));
        } else if balance != Some(closing) {
            self.note("Transactions that reached the bank after this statement was made are listed, but are not in its figures.");
        }
        self.total(self.sheet.statement.to, "Closing balance", closing);
    }

    /// A transaction, and the balance after it.
    fn entry(&mut self, entry: &Entry, balance: Option<Money>) {
        let lines = Face::Plain.wrap(&entry.text, CELL.size, TEXT_ROOM);
        let top = self.room(lines.iter().map(|_| LEADING).sum::<f32>().max(LEADING) + 6.0);
        let base = top + 11.5;
        self.page.left(MARGIN, base, CELL, &words::short_day(entry.on));
        let mut y = base;
        for line in lines {
            self.page.encoded(TEXT, y, CELL, &line);
            y += LEADING;
        }
        let column = match entry.amount.direction() {
            Direction::Credit => IN,
            Direction::Debit => OUT,
        };
        self.page.right((column, base), AMOUNT_ROOM, CELL, &words::amount(entry.amount));
        if let Some(balance) = balance {
            self.page.right((RIGHT, base), AMOUNT_ROOM, CELL, &words::balance(balance));
        }
        self.page.rule(self.y, 0.4, HAIR);
    }

    /// The first and the last line of the table.
    fn total(&mut self, on: Date, label: &str, balance: Money) {
        let top = self.room(LEADING + 8.0);
        self.page.left(MARGIN, top + 12.5, TOTAL, &words::short_day(on));
        self.page.left(TEXT, top + 12.5, TOTAL, label);
        self.page.right((RIGHT, top + 12.5), AMOUNT_ROOM, TOTAL, &words::balance(balance));
        self.page.rule(self.y, 0.9, NAVY);
    }

    /// A sentence in the table.
    fn note(&mut self, text: &str) {
        let lines = Face::Plain.wrap(text, QUIET.size, RIGHT - TEXT);
        let top = self.room(lines.iter().map(|_| LEADING).sum::<f32>() + 6.0);
        let mut y = top + 11.5;
        for line in lines {
            self.page.encoded(TEXT, y, QUIET, &line);
            y += LEADING;
        }
        self.page.rule(self.y, 0.4, HAIR);
    }

    /// Takes room for a row, on a new page if it does not fit on this one; where the row begins.
    fn room(&mut self, height: f32) -> f32 {
        if self.y + height > BOTTOM {
            self.done.push(std::mem::replace(&mut self.page, Page::new()));
            self.page.fitted((MARGIN, 50.0), HALF, AGAIN, &self.sheet.bank_name);
            self.page.right((RIGHT, 50.0), HALF, QUIET, &self.sheet.days());
            self.page.rule(58.0, 0.9, NAVY);
            self.y = 84.0;
            self.columns();
        }
        let top = self.y;
        self.y += height;
        top
    }

    /// All pages, with their numbers.
    fn finish(self) -> Vec<Page> {
        let mut pages = self.done;
        pages.push(self.page);
        let count = pages.len();
        let (_, number) = words::number(&self.sheet.account.identification);
        let foot = format!("{number}  ·  {}", self.sheet.days());
        for (place, page) in pages.iter_mut().enumerate() {
            page.rule(796.0, 0.4, HAIR);
            page.fitted((MARGIN, 809.0), RIGHT - MARGIN - 80.0, QUIET, &foot);
            page.right((RIGHT, 809.0), 70.0, QUIET, &format!("Page {} of {count}", place + 1));
        }
        pages
    }
}

/// Owners who are named; a document is no list of members.
const OWNERS_MAX: usize = 4;

// Places and sizes, in points.
const RIGHT: f32 = WIDTH - MARGIN;
const HALF: f32 = (WIDTH - 2.0 * MARGIN) / 2.0 - 12.0;
const QUARTER: f32 = (WIDTH - 2.0 * MARGIN) / 4.0;
const FACTS: f32 = 306.0;
const TEXT: f32 = MARGIN + 66.0;
const TEXT_ROOM: f32 = 196.0;
const IN: f32 = RIGHT - 150.0;
const OUT: f32 = RIGHT - 76.0;
const AMOUNT_ROOM: f32 = 70.0;
const LEADING: f32 = 11.0;
const BOTTOM: f32 = 780.0;

const BLACK: Ink = [0.10, 0.11, 0.13];
const NAVY: Ink = [0.09, 0.20, 0.36];
const GREY: Ink = [0.38, 0.41, 0.46];
const HAIR: Ink = [0.83, 0.85, 0.88];
const MIST: Ink = [0.945, 0.955, 0.97];

const BANK: Style = Style { face: Face::Bold, size: 19.0, ink: NAVY };
const AGAIN: Style = Style { face: Face::Bold, size: 10.0, ink: NAVY };
const TITLE: Style = Style { face: Face::Plain, size: 13.0, ink: GREY };
const NAME: Style = Style { face: Face::Bold, size: 11.0, ink: BLACK };
const PLAIN: Style = Style { face: Face::Plain, size: 9.0, ink: BLACK };
const LABEL: Style = Style { face: Face::Plain, size: 8.0, ink: GREY };
const FIGURE: Style = Style { face: Face::Bold, size: 12.5, ink: NAVY };
const HEAD: Style = Style { face: Face::Bold, size: 8.0, ink: NAVY };
const CELL: Style = Style { face: Face::Plain, size: 8.5, ink: BLACK };
const TOTAL: Style = Style { face: Face::Bold, size: 8.5, ink: BLACK };
const QUIET: Style = Style { face: Face::Plain, size: 7.5, ink: GREY };
