//! `customers.csv`.

use std::collections::HashMap;

use lombard_domain::id::CustomerId;
use lombard_domain::party::{Customer, Username};
use lombard_domain::text::Text;

use super::super::file::File;
use super::super::rows::Rows;
use super::super::table::{Reading, Row};
use super::field::date;
use super::{Identify, Noun, Reader, Referred};

impl Reader<'_> {
    pub(super) fn customers(&mut self) -> Referred<Customer, ()> {
        let (identify, mut rows, mut known) = (self.identify, Rows::default(), HashMap::new());
        let mut usernames: HashMap<String, (String, u64)> = HashMap::new();
        let reading = self.table(File::Customers, |row| {
            let id = row.read("customer_id", Text::<64>::new);
            known.extend(id.iter().map(|id| (id.as_str().to_owned(), ())));
            let Some(customer) = customer(row, id, identify) else { return };
            let key = customer.source.as_str().to_owned();
            let first =
                usernames.entry(customer.username.as_str().to_owned()).or_insert_with(|| (key.clone(), row.line()));
            if first.0 != key {
                let reason = format!("this user name is also on line {}, for another customer", first.1);
                row.refuse("username", reason);
            }
            rows.take(row, "customer_id", &key, customer);
        });
        Referred { rows, known: (reading == Reading::Whole).then_some(known), lines: Vec::new() }
    }
}

fn customer(row: &mut Row<'_>, id: Option<Text<64>>, identify: &Identify<'_>) -> Option<Customer> {
    let username = row.read("username", Username::new);
    let full_name = row.read("full_name", Text::new);
    let birth_date = row.read_optional("birth_date", date);
    let email = row.read_optional("email", Text::new);
    let source = id?;
    Some(Customer {
        id: CustomerId::from_bits(identify(Noun::Customer, source.as_str())),
        source,
        username: username?,
        full_name: full_name?,
        birth_date: birth_date?,
        email: email?,
    })
}
