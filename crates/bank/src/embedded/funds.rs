//! Whether there is enough money in an account: yes or no, and nothing else.

use lombard_domain::account::AccountStatus;
use lombard_domain::id::{ConsentId, CustomerId};
use lombard_domain::money::Money;
use lombard_store::account::Amounts;
use lombard_store::funds::{self, Funds};

use super::EmbeddedBank;
use crate::error::Result;

impl EmbeddedBank {
    /// Whether there is so much in the one account of a consent; `None` if it is kept in another currency. An account that cannot be
    /// used, or that the customer does not hold any more, has nothing to give.
    pub(crate) async fn funds_in(
        &self,
        consent: ConsentId,
        customer: CustomerId,
        amount: Money,
    ) -> Result<Option<bool>> {
        let found = funds::of_consent(&mut self.db.read().await?, consent, customer).await?;
        Ok(found.map_or(Some(false), |found| is_enough(found, amount)))
    }
}

/// Booked, less what is pending and will be taken, and what may be overdrawn, against what is asked for.
fn is_enough(funds: Funds, amount: Money) -> Option<bool> {
    let Amounts { booked, pending, credit_line } = funds.amounts;
    if booked.currency() != amount.currency() {
        return None;
    }
    // Wide enough for any three of them: no balance is too large to be answered.
    let available: i128 =
        [Some(booked), Some(pending), credit_line].into_iter().flatten().map(|part| i128::from(part.minor())).sum();
    let usable = match funds.status {
        AccountStatus::Enabled => true,
        AccountStatus::Deleted | AccountStatus::Disabled => false,
    };
    Some(usable && available >= i128::from(amount.minor()))
}

#[cfg(test)]
mod tests {
    use lombard_domain::currency::Currency;
    use proptest::prelude::*;

    use super::*;

    fn funds(status: AccountStatus, booked: i64, pending: i64, credit_line: Option<i64>) -> Funds {
        let gbp = |minor| Money::new(minor, Currency::GBP);
        let amounts = Amounts { booked: gbp(booked), pending: gbp(pending), credit_line: credit_line.map(gbp) };
        Funds { status, amounts }
    }

    #[test]
    fn counts_what_is_booked_and_pending_and_agreed() {
        use AccountStatus::{Deleted, Disabled, Enabled};
        for (status, booked, pending, line, asked, expected) in [
            (Enabled, 100, 0, None, 100, true),
            (Enabled, 100, 0, None, 101, false),
            (Enabled, 100, -1, None, 100, false),
            (Enabled, 0, 0, Some(50), 50, true),
            (Enabled, -20, -10, Some(50), 20, true),
            (Enabled, -20, -10, Some(50), 21, false),
            (Enabled, -20, 0, None, 1, false),
            (Disabled, 100, 0, None, 1, false),
            (Deleted, 100, 0, Some(100), 1, false),
        ] {
            let asked = Money::new(asked, Currency::GBP);
            let answer = is_enough(funds(status, booked, pending, line), asked);
            assert_eq!(answer, Some(expected), "{status:?} {booked} {pending} {line:?} {asked}");
        }
        assert_eq!(is_enough(funds(Enabled, 100, 0, None), Money::new(1, Currency::EUR)), None);
    }

    proptest! {
        #[test]
        fn answers_for_any_balance(booked: i64, pending in i64::MIN..=0, line in proptest::option::of(0..i64::MAX), asked in 1..i64::MAX) {
            let answer = is_enough(funds(AccountStatus::Enabled, booked, pending, line), Money::new(asked, Currency::GBP));
            let sum = i128::from(booked) + i128::from(pending) + i128::from(line.unwrap_or(0));
            prop_assert_eq!(answer, Some(sum >= i128::from(asked)));
        }
    }
}
