//! `parties.csv`: where customers can be reached.

use lombard_domain::party::{Address, Contact, Phone};
use lombard_domain::text::Text;

use super::super::file::File;
use super::super::problem::quoted;
use super::super::rows::Rows;
use super::super::table::Row;
use super::field::customer;
use super::{Identify, Known, Reader};

impl Reader<'_> {
    pub(super) fn parties(&mut self, customers: &Known<()>) -> Rows<Contact> {
        self.list(File::Parties, |row, identify| contact(row, customers, identify))
    }
}

fn contact(row: &mut Row<'_>, customers: &Known<()>, identify: &Identify<'_>) -> Option<(String, Contact)> {
    let customer = customer(row, customers, identify);
    let phone = row.read_optional("phone", phone);
    let mobile = row.read_optional("mobile", self::phone);
    let address = address(row);
    let (source, customer) = customer?;
    Some((source, Contact { customer, phone: phone?, mobile: mobile?, address: address? }))
}

/// Where somebody lives, if the row says anything of it.
fn address(row: &mut Row<'_>) -> Option<Option<Address>> {
    let first = row.read_optional("address_line_1", Text::new);
    let second = row.read_optional("address_line_2", Text::new);
    let post_code = row.read_optional("post_code", Text::new);
    let town = row.read_optional("town", Text::new);
    let country = row.read_optional("country", country);
    let lines: Vec<_> = [first?, second?].into_iter().flatten().collect();
    let address = Address { lines, post_code: post_code?, town: town?, country: country? };
    let says_nothing =
        address.lines.is_empty() && address.post_code.is_none() && address.town.is_none() && address.country.is_none();
    Some((!says_nothing).then_some(address))
}

/// Never repeats the number in its reason.
fn phone(field: &str) -> Result<Phone, &'static str> {
    Phone::new(field).ok_or("it is not a telephone number such as +44-2079460000")
}

fn country(field: &str) -> Result<Text<2>, String> {
    let shaped = field.len() == 2 && field.bytes().all(|b| b.is_ascii_uppercase());
    let country = shaped.then(|| Text::new(field).ok()).flatten();
    country.ok_or_else(|| format!("{} is not a country code such as GB", quoted(field)))
}
