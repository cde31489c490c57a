//! Every kind of bad file and row: refused with file, line, column and reason, and nothing stored.

use lombard_bank::import::{self, Error, File, Files, PROBLEMS_MAX, Problems};
use proptest::prelude::*;

use crate::engines;
use crate::import::{change, example, run, sums};

/// A text of the example, what it is replaced with, and what is then wrong.
type Case = (File, &'static str, &'static str, &'static [&'static str]);

const HEADINGS: &[Case] = &[
    (File::Accounts, ",opened_on", "", &["accounts.csv line 1, opened_on: this column is missing"]),
    (
        File::Accounts,
        "nickname",
        "alias",
        &[
            "accounts.csv line 1, alias: this column is not known; docs/import.md names the columns of each file",
            "accounts.csv line 1, nickname: this column is missing",
        ],
    ),
    (
        File::AccountHolders,
        "customer_id,role",
        "role,role",
        &[
            "account_holders.csv line 1, role: this column appears twice",
            "account_holders.csv line 1, customer_id: this column is missing",
        ],
    ),
    (
        File::AccountHolders,
        "customer_id,role",
        "customer_id,role,role",
        &["account_holders.csv line 1, role: this column appears twice"],
    ),
    (
        File::Transactions,
        "sub_code,description",
        "status,sub_code,status,description",
        &["transactions.csv line 1, status: this column appears twice"],
    ),
    (
        File::Transactions,
        "sub_code,description",
        "sub_code,Value_on,description",
        &["transactions.csv line 1, Value_on: this column is not known; docs/import.md names the columns of each file"],
    ),
    (
        File::StandingOrders,
        "purpose",
        "purpose,status",
        &[
            "standing_orders.csv line 1, status: this column is not known; docs/import.md names the columns of each file",
        ],
    ),
    (
        File::Customers,
        "customer_id,username",
        "customer_id;username",
        &[
            "customers.csv line 1, customer_id;username: this column is not known; docs/import.md names the columns of each file",
            "customers.csv line 1, customer_id: this column is missing",
            "customers.csv line 1, username: this column is missing",
        ],
    ),
];

const ROWS: &[Case] = &[
    (
        File::Transactions,
        "t6,a1,",
        "t6,a77,",
        &["transactions.csv line 7, account_id: there is no account \"a77\" in accounts.csv"],
    ),
    (
        File::AccountHolders,
        "a4,c2",
        "a4,c9",
        &["account_holders.csv line 7, customer_id: there is no customer \"c9\" in customers.csv"],
    ),
    (
        File::StandingOrders,
        "o2,a1",
        "o2,a\u{7}",
        &["standing_orders.csv line 3, account_id: there is no account \"a\\u{7}\" in accounts.csv"],
    ),
    (
        File::Transactions,
        "2026-01-06",
        "2026-02-30",
        &["transactions.csv line 11, booked_on: \"2026-02-30\" is not a day in the form YYYY-MM-DD"],
    ),
    (
        File::Customers,
        "1988-04-17",
        "17/04/1988",
        &["customers.csv line 2, birth_date: \"17/04/1988\" is not a day in the form YYYY-MM-DD"],
    ),
    (File::Accounts, "2019-05-13", "", &["accounts.csv line 2, opened_on: it must not be empty"]),
    (
        File::Accounts,
        "GB87LOMB",
        "GB88LOMB",
        &["accounts.csv line 2, identification: not a valid IBAN: the check digits are wrong"],
    ),
    (
        File::Transactions,
        "IBAN,GB98LOMB09017720016611",
        "IBAN,GB98 LOMB 0901 7720 0166 11",
        &["transactions.csv line 11, counterparty_identification: not a valid IBAN: not in the form of its scheme"],
    ),
    (
        File::StandingOrders,
        "SortCodeAccountNumber,09012840017249",
        "Sortcode,09012840017249",
        &[
            "standing_orders.csv line 2, creditor_scheme: \"Sortcode\" is none of BBAN, IBAN, PAN, SortCodeAccountNumber",
        ],
    ),
    (
        File::Transactions,
        "IBAN,GB98LOMB09017720016611",
        "IBAN,",
        &[
            "transactions.csv line 11, counterparty_identification: it must not be empty where counterparty_scheme is filled",
        ],
    ),
    (
        File::Transactions,
        ",200.00,GBP",
        ",200.00,EUR",
        &["transactions.csv line 7, currency: the account is kept in GBP, not in EUR"],
    ),
    (
        File::Transactions,
        ",200.00,GBP",
        ",200.00,pounds",
        &["transactions.csv line 7, currency: \"pounds\" is not a currency code such as GBP"],
    ),
    (
        File::Transactions,
        ",200.00,GBP",
        ",200.005,GBP",
        &["transactions.csv line 7, amount: GBP has no more than 2 decimals"],
    ),
    (File::StandingOrders, "200.00", "0.00", &["standing_orders.csv line 2, amount: it must be above zero"]),
    (
        File::Transactions,
        ",200.00,GBP",
        ",-200.00,GBP",
        &["transactions.csv line 7, amount: it must have no sign; credit_debit says which way money flows"],
    ),
    (
        File::Transactions,
        ",200.00,GBP",
        ",\"200,00\",GBP",
        &["transactions.csv line 7, amount: it is not an amount such as 812.45"],
    ),
    (
        File::Transactions,
        "Debit,200.00",
        "DEBIT,200.00",
        &["transactions.csv line 7, credit_debit: \"DEBIT\" is none of Credit, Debit"],
    ),
    (
        File::Transactions,
        "ICDT,STDO",
        "icdt,STDO",
        &["transactions.csv line 7, code: \"icdt\" is not four capital letters or digits, as in ISO 20022"],
    ),
    (
        File::Transactions,
        "ICDT,STDO",
        ",STDO",
        &["transactions.csv line 7, code: it must not be empty where sub_code is filled"],
    ),
    (
        File::StandingOrders,
        "Monthly",
        "Often",
        &[
            "standing_orders.csv line 2, frequency: \"Often\" is none of Daily, Weekly, Fortnightly, Monthly, Quarterly, HalfYearly, Yearly",
        ],
    ),
    (
        File::Accounts,
        "Personal,CurrentAccount",
        "Private,Current",
        &[
            "accounts.csv line 2, account_type: \"Private\" is none of Business, Personal",
            "accounts.csv line 2, account_subtype: \"Current\" is none of ChargeCard, CreditCard, CurrentAccount, EMoney, Loan, Mortgage, PrePaidCard, Savings",
        ],
    ),
    (
        File::AccountHolders,
        "a1,c1,owner",
        "a1,c1,boss",
        &[
            "account_holders.csv line 2, role: \"boss\" is none of owner, authorised",
            "accounts.csv line 2, account_id: nobody in account_holders.csv owns \"a1\"",
        ],
    ),
    (
        File::AccountHolders,
        "a5,c3,owner\n",
        "",
        &["accounts.csv line 6, account_id: nobody in account_holders.csv owns \"a5\""],
    ),
    (
        File::Transactions,
        "t2,a2",
        "t1,a2",
        &["transactions.csv line 3, transaction_id: \"t1\" was used before, on line 2, for something else"],
    ),
    (
        File::Customers,
        "jonah,",
        "AMELIA,",
        &["customers.csv line 3, username: this user name is also on line 2, for another customer"],
    ),
    (File::Customers, "amelia,Amelia Hart", "amelia,", &["customers.csv line 2, full_name: it must not be empty"]),
    (
        File::Customers,
        "Amelia Hart",
        "Amelia \u{202e}Hart",
        &["customers.csv line 2, full_name: must not hold control characters or direction overrides"],
    ),
    (
        File::Customers,
        "Amelia Hart",
        "Amelia Hart ",
        &["customers.csv line 2, full_name: must not start or end with a space"],
    ),
    (
        File::Customers,
        ",jonah.hart@example.com",
        "",
        &["customers.csv line 3: this row has 4 fields, the heading has 5"],
    ),
    (
        File::Transactions,
        "Café Zoë",
        "Cafe, Zoe",
        &["transactions.csv line 16: this row has 12 fields, the heading has 11"],
    ),
    (
        File::Parties,
        "c1,+44",
        "c9,+44",
        &["parties.csv line 2, customer_id: there is no customer \"c9\" in customers.csv"],
    ),
    (
        File::Parties,
        "c2,,",
        "c1,,",
        &["parties.csv line 3, customer_id: \"c1\" was used before, on line 2, for something else"],
    ),
    (
        File::Parties,
        "+44-2079460101",
        "020 7946 0101",
        &["parties.csv line 2, phone: it is not a telephone number such as +44-2079460000"],
    ),
    (
        File::Parties,
        "Saltmarsh,GB",
        "Saltmarsh,gb",
        &["parties.csv line 2, country: \"gb\" is not a country code such as GB"],
    ),
    (
        File::Products,
        "a2,SAV-1",
        "a1,SAV-1",
        &["products.csv line 3, account_id: \"a1\" was used before, on line 2, for something else"],
    ),
    (
        File::Products,
        "\"Savings with money at call: 1.6 % a year, paid monthly\"",
        "",
        &["products.csv line 3, description: it must not be empty"],
    ),
    (
        File::Products,
        "PersonalCurrentAccount",
        "CurrentAccount",
        &[
            "products.csv line 2, product_type: \"CurrentAccount\" is none of BusinessCurrentAccount, CommercialCreditCard, Other, PersonalCurrentAccount, SMELoan",
        ],
    ),
    (
        File::Beneficiaries,
        "b1,a1,Trusted",
        "b1,a8,trusted",
        &[
            "beneficiaries.csv line 2, account_id: there is no account \"a8\" in accounts.csv",
            "beneficiaries.csv line 2, beneficiary_type: \"trusted\" is none of Ordinary, Trusted",
        ],
    ),
    (
        File::Beneficiaries,
        "From Amelia",
        "From Amelia, who sends you her regards",
        &["beneficiaries.csv line 2: this row has 8 fields, the heading has 7"],
    ),
    (
        File::Beneficiaries,
        "From Amelia",
        "From Amelia who sends you her regards",
        &["beneficiaries.csv line 2, reference: must have at most 35 characters"],
    ),
    (
        File::DirectDebits,
        "2026-02-14,118.00,GBP",
        "2026-02-14,,",
        &[
            "direct_debits.csv line 2, previous_amount: it must not be empty where previous_on is filled",
            "direct_debits.csv line 2, currency: it must not be empty where previous_on is filled",
        ],
    ),
    (
        File::DirectDebits,
        "118.00,GBP",
        "118.00,EUR",
        &["direct_debits.csv line 2, currency: the account is kept in GBP, not in EUR"],
    ),
    (
        File::DirectDebits,
        "Active,Beacon",
        "ACTV,Beacon",
        &["direct_debits.csv line 2, status: \"ACTV\" is none of Active, Cancelled, Expired, Suspended"],
    ),
    (
        File::ScheduledPayments,
        "2028-06-30,Execution,350.00",
        "30.6.2028,Now,-350.00",
        &[
            "scheduled_payments.csv line 2, due_on: \"30.6.2028\" is not a day in the form YYYY-MM-DD",
            "scheduled_payments.csv line 2, scheduled_type: \"Now\" is none of Arrival, Execution",
            "scheduled_payments.csv line 2, amount: it must have no sign",
        ],
    ),
    (
        File::Offers,
        "2026-01-01,2028-12-31",
        "2029-01-01,2028-12-31",
        &["offers.csv line 2, last_day: it must not be before first_day"],
    ),
    (
        File::Offers,
        ",1000.00,GBP",
        ",1000.00,",
        &["offers.csv line 2, currency: it must not be empty where amount is filled"],
    ),
    (
        File::Offers,
        "LimitIncrease,Your overdraft can be raised to 1000.00",
        "Limit,",
        &[
            "offers.csv line 2, offer_type: \"Limit\" is none of BalanceTransfer, LimitIncrease, MoneyTransfer, Other, PromotionalRate",
            "offers.csv line 2, description: it must not be empty",
        ],
    ),
    (
        File::Statements,
        "2026-01-31,2026-02-01",
        "2025-12-31,2025-12-30",
        &[
            "statements.csv line 2, last_day: it must not be before first_day",
            "statements.csv line 2, made_on: it must not be before last_day",
        ],
    ),
    (
        File::Statements,
        "m1,a1,RegularPeriodic",
        "m1,a1,Monthly",
        &[
            "statements.csv line 2, statement_type: \"Monthly\" is none of AccountClosure, AccountOpening, Annual, Interim, RegularPeriodic",
        ],
    ),
];

fn problems(files: &Files) -> Problems {
    import::parse(files, &|_, _| 1).err().expect("the files are refused")
}

fn texts(problems: &Problems) -> Vec<String> {
    problems.list().iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn every_kind_of_bad_row_is_refused_with_nothing_stored() {
    for engine in engines::fresh().await {
        let nothing = sums(&engine.db).await;
        for (file, from, to, expected) in HEADINGS.iter().chain(ROWS) {
            let files = change(example(), *file, from, to);
            match run(&engine.db, &files).await {
                Err(Error::Refused(problems)) => {
                    let mut texts = texts(&problems);
                    let mut expected = expected.to_vec();
                    texts.sort_unstable();
                    expected.sort_unstable();
                    assert_eq!(texts, expected, "{engine}");
                }
                other => assert!(other.is_err(), "{expected:?}"),
            }
            assert_eq!(sums(&engine.db).await, nothing, "{engine}: {expected:?}");
        }
    }
}

#[test]
fn what_is_wrong_is_told_all_at_once() {
    let files = ROWS.iter().take(8).fold(example(), |files, (file, from, to, _)| change(files, *file, from, to));
    let all: Vec<&str> = ROWS.iter().take(8).flat_map(|(.., expected)| expected.iter().copied()).collect();
    let told = texts(&problems(&files));
    assert_eq!(told.len(), all.len());
    for expected in all {
        assert!(told.iter().any(|told| told == expected), "{expected}");
    }
}

#[test]
fn columns_that_need_not_be_there_are_checked_where_they_are() {
    let heading = [File::Transactions.columns(), File::Transactions.optional_columns()].concat().join(",");
    let rows = "v1,a1,2026-02-01,Debit,1.00,GBP,,,,,,Booked,2026-02-02,Café Zoë
v2,a1,2026-02-01,Debit,1.00,GBP,,,,,,,,
v3,a1,2026-02-01,Debit,1.00,GBP,,,,,,booked,,
v4,a1,2026-02-01,Debit,1.00,GBP,,,,,,Pending,soon, Zoë
";
    let files = example().with(File::Transactions, format!("{heading}\n{rows}").into_bytes());
    let expected = [
        "transactions.csv line 3, status: it must not be empty",
        "transactions.csv line 4, status: \"booked\" is none of Booked, Cancelled, Pending",
        "transactions.csv line 5, value_on: \"soon\" is not a day in the form YYYY-MM-DD",
        "transactions.csv line 5, counterparty_name: must not start or end with a space",
    ];
    assert_eq!(texts(&problems(&files)), expected);
    let only_one = "v1,a1,2026-02-01,Debit,1.00,GBP,,,,,,2026-02-02\n";
    let heading = format!("{},value_on\n", File::Transactions.columns().join(","));
    let files = example().with(File::Transactions, format!("{heading}{only_one}").into_bytes());
    assert!(import::parse(&files, &|_, _| 1).is_ok(), "each of them may be there alone");
}

#[test]
fn broken_utf8_is_refused_where_it_is() {
    let mut content = example().get(File::Transactions).unwrap().to_vec();
    let place = content.windows(5).position(|part| part == "Café".as_bytes()).unwrap();
    content[place + 3] = 0xe9;
    let told = texts(&problems(&example().with(File::Transactions, content)));
    assert_eq!(told, ["transactions.csv line 16, description: it is not UTF-8 text; save the file in that encoding"]);
}

#[test]
fn a_missing_quotation_mark_is_found() {
    let mut content = b"customer_id,username,full_name,birth_date,email\nc1,amelia,\"Amelia,,\n".to_vec();
    content.extend(std::iter::repeat_n(b"c2,jonah,Jonah,,\n", 1000).flatten());
    let told = texts(&problems(&example().with(File::Customers, content)));
    assert_eq!(told[0], "customers.csv line 2: this row has 3 fields, the heading has 5");
    let wide = format!("customer_id,username,full_name,birth_date,email\nc1,amelia,\"{}\",,\n", "a".repeat(3000));
    let told = texts(&problems(&example().with(File::Customers, wide.into_bytes())));
    assert_eq!(told[0], "customers.csv line 2, full_name: it is longer than 2500 bytes; is a quotation mark missing?");
}

#[test]
fn an_empty_file_is_not_a_table() {
    let told = texts(&problems(&example().with(File::Accounts, Vec::new())));
    assert_eq!(told, ["accounts.csv: it is empty; its first line must name the columns"]);
}

#[test]
fn no_more_problems_are_kept_than_the_limit() {
    let content = example().get(File::Transactions).unwrap().to_vec();
    let mut content = String::from_utf8(content).unwrap();
    for n in 0..250 {
        content.push_str(&format!("x{n},a1,never,Debit,1.00,GBP,,,,,\n"));
    }
    let refused = problems(&example().with(File::Transactions, content.into_bytes()));
    assert_eq!((refused.list().len(), refused.more()), (PROBLEMS_MAX, 150));
}

#[test]
fn no_reason_repeats_a_name_an_amount_or_an_account_number() {
    for (file, from, to, _) in ROWS {
        let told = problems(&change(example(), *file, from, to)).to_string();
        for secret in ["Amelia Hart", "200.00", "200.005", "350.00", "7946 0101", "LOMB", "09012840017249"] {
            assert!(!told.contains(secret), "{told}");
        }
    }
}

#[test]
fn columns_may_stand_in_any_order_and_rows_may_repeat() {
    let holders = "\u{feff}role,account_id,customer_id\r\nowner,a1,c1\r\nowner,a2,c1\r\nowner,a3,c1\r\n\r\n\
        owner,a3,c2\r\nowner,a4,c3\r\nowner,a5,c3\r\nowner,a5,c3\r\n";
    let files = example().with(File::AccountHolders, holders.as_bytes().to_vec());
    assert!(import::parse(&files, &|_, _| 1).is_ok());
    let files = change(files, File::AccountHolders, "owner,a5,c3\r\n", "boss,a5,c3\r\n");
    let expected = ["account_holders.csv line 8, role: \"boss\" is none of owner, authorised"];
    assert_eq!(texts(&problems(&files)), expected, "empty lines count");
    let plain = String::from_utf8(files.get(File::AccountHolders).unwrap().to_vec()).unwrap().replace('\r', "");
    let files = files.with(File::AccountHolders, plain.into_bytes());
    assert_eq!(texts(&problems(&files)), expected, "whatever ends a line");
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(noise in any::<Vec<u8>>(), which in 0..File::ALL.len(), keep: bool) {
        let file = File::ALL[which];
        let mut content = if keep { example().get(file).unwrap().to_vec() } else { Vec::new() };
        content.extend(noise);
        let _ = import::parse(&example().with(file, content), &|_, _| 1);
    }

    #[test]
    fn a_changed_byte_never_makes_a_panic(place: prop::sample::Index, byte: u8, which in 0..File::ALL.len()) {
        let file = File::ALL[which];
        let mut content = example().get(file).unwrap().to_vec();
        let place = place.index(content.len());
        content[place] = byte;
        let _ = import::parse(&example().with(file, content), &|_, _| 1);
    }

    #[test]
    fn any_rows_of_right_width_are_read_without_a_panic(
        fields in prop::collection::vec("[ -~é\u{202e}\"]{0,12}|a1|GBP|2026-02-28|1.00", 14),
        which in 0..File::ALL.len(),
    ) {
        let file = File::ALL[which];
        let columns = [file.columns(), file.optional_columns()].concat();
        let row: Vec<_> =
            fields.iter().take(columns.len()).map(|field| format!("\"{}\"", field.replace('"', "\"\""))).collect();
        let content = format!("{}\n{}\n", columns.join(","), row.join(","));
        let _ = import::parse(&example().with(file, content.into_bytes()), &|_, _| 1);
    }
}
