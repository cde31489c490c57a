//! `products.csv`: what accounts were sold as.

use lombard_domain::account::{Product, ProductKind};
use lombard_domain::text::Text;

use super::super::file::File;
use super::super::rows::Rows;
use super::super::table::{Row, word};
use super::field::account;
use super::{Accounts, Identify, Reader};

impl Reader<'_> {
    pub(super) fn products(&mut self, accounts: &Accounts) -> Rows<Product> {
        self.list(File::Products, |row, identify| product(row, accounts, identify))
    }
}

fn product(row: &mut Row<'_>, accounts: &Accounts, identify: &Identify<'_>) -> Option<(String, Product)> {
    let account = account(row, accounts, identify);
    let code = row.read("product_id", Text::new);
    let kind = row.read("product_type", word(ProductKind::ALL, ProductKind::code));
    let name = row.read("name", Text::new);
    // Where the kind says nothing, the description must.
    let description = match kind {
        Some(ProductKind::Other) => row.read("description", Text::new).map(Some),
        _ => row.read_optional("description", Text::new),
    };
    let account = account?;
    let product = Product { account: account.id, code: code?, name: name?, kind: kind?, description: description? };
    Some((account.source, product))
}
