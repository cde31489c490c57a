//! `beneficiaries.csv`: whom customers saved to pay again.

use lombard_domain::account::{Beneficiary, Trust};
use lombard_domain::id::BeneficiaryId;
use lombard_domain::text::Text;

use super::super::file::File;
use super::super::rows::Rows;
use super::super::table::{Row, word};
use super::field::{account, creditor};
use super::{Accounts, Identify, Noun, Reader};

impl Reader<'_> {
    pub(super) fn beneficiaries(&mut self, accounts: &Accounts) -> Rows<Beneficiary> {
        self.list(File::Beneficiaries, |row, identify| beneficiary(row, accounts, identify))
    }
}

fn beneficiary(row: &mut Row<'_>, accounts: &Accounts, identify: &Identify<'_>) -> Option<(String, Beneficiary)> {
    let source = row.read("beneficiary_id", Text::<64>::new);
    let account = account(row, accounts, identify);
    let trust = row.read("beneficiary_type", word(Trust::ALL, Trust::code));
    let name = row.read_optional("name", Text::new);
    let reference = row.read_optional("reference", Text::new);
    let creditor = creditor(row);
    let source = source?;
    let beneficiary = Beneficiary {
        id: BeneficiaryId::from_bits(identify(Noun::Beneficiary, source.as_str())),
        account: account?.id,
        source,
        trust: trust?,
        reference: reference?,
        name: name?,
        creditor: creditor?,
    };
    Some((beneficiary.source.as_str().to_owned(), beneficiary))
}
