//! A bank's CSV files.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lombard_bank::import::{File, Files, parse};

const CUSTOMERS: &[u8] = b"customer_id,username,full_name,birth_date,email\nc1,ann,Ann,,\n";
const ACCOUNTS: &[u8] = b"account_id,currency,account_type,account_subtype,nickname,scheme,identification,opened_on\n\
a1,GBP,Personal,CurrentAccount,,SortCodeAccountNumber,20000012345678,2020-01-01\n";
const HOLDERS: &[u8] = b"account_id,customer_id,role\na1,c1,owner\n";
const TRANSACTIONS: &[u8] =
    b"transaction_id,account_id,booked_on,credit_debit,amount,currency,code,sub_code,description,\
counterparty_scheme,counterparty_identification\n";

fuzz_target!(|input: &[u8]| {
    // The first byte says which file, and what comes before the rest.
    let Some((which, bytes)) = input.split_first() else { return };
    let mut files = Files::default()
        .with(File::Customers, CUSTOMERS.to_vec())
        .with(File::Accounts, ACCOUNTS.to_vec())
        .with(File::AccountHolders, HOLDERS.to_vec())
        .with(File::Transactions, TRANSACTIONS.to_vec());
    let file = File::ALL[usize::from(*which) % File::ALL.len()];
    // Most inputs go behind a good heading, so that rows are reached: with the columns that must be there, or with all.
    let heading = match *which {
        0..64 => Vec::new(),
        64..160 => heading(file.columns()),
        160.. => heading(&[file.columns(), file.optional_columns()].concat()),
    };
    files = files.with(file, [&heading, bytes].concat());
    let _ = parse(&files, &|_, source| u128::from(source.len() as u64));
});

fn heading(columns: &[&str]) -> Vec<u8> {
    format!("{}\n", columns.join(",")).into_bytes()
}
