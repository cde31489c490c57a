//! Customers, and where they can be reached.

use lombard_domain::party::{Address, Contact, Customer, Phone, Username};
use lombard_domain::text::Text;

use super::super::plan;
use super::{blind, customer_id, date, planned, source, text};

pub(in super::super) fn customer(person: &plan::Person) -> Customer {
    let username = Username::new(person.username);
    Customer {
        id: customer_id(person.username),
        source: blind(&source(person.username)),
        username: planned(username.ok()),
        full_name: text(person.full_name),
        birth_date: Some(date(person.born)),
        email: Some(text(&format!("{}@example.com", person.username))),
    }
}

pub(in super::super) fn contact(person: &plan::Person) -> Contact {
    let phone = |number: &str| planned(Phone::new(number));
    let address = Address {
        lines: vec![text(person.street)],
        post_code: Some(text(person.post_code)),
        town: Some(text(person.town)),
        country: Text::new("GB").ok(),
    };
    Contact {
        customer: customer_id(person.username),
        phone: person.phone.map(phone),
        mobile: Some(phone(person.mobile)),
        address: Some(address),
    }
}
