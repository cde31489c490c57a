//! Sender constraint at the API: whether who presents a token is the one it was made for (FAPI 2.0 Security Profile 5.3.4-5).

use lombard_domain::oauth::{AccessToken, Binding};
use lombard_store::used_once::UsedOnce;

use super::{Denied, Flaw, Presented, Scheme};
use crate::possession::{Evidence, Expected, Proof, thumbprint_of};
use crate::{Auth, client};

impl Auth {
    /// Checks what came with a token against what it is bound to; the proof that must be used up, if there is one.
    pub(super) fn check_possession(
        &self,
        token: &AccessToken,
        presented: &Presented<'_>,
    ) -> Result<Option<UsedOnce>, Denied> {
        match (&token.binding, presented.scheme()) {
            (None, Scheme::Bearer) => Ok(None),
            (Some(Binding::Certificate(bound)), Scheme::Bearer) => {
                let shown = presented.evidence().certificates.first();
                let same = shown.is_some_and(|leaf| thumbprint_of(leaf) == *bound);
                match shown {
                    Some(_) if same => Ok(None),
                    Some(_) => Err(Denied::OtherCertificate),
                    None => Err(Denied::InvalidToken),
                }
            }
            (Some(Binding::Key(bound)), Scheme::Dpop) => {
                let proof = self.check_proof_of(presented)?;
                if proof.thumbprint() != bound {
                    return Err(Denied::Proof(Flaw::OtherKey));
                }
                Ok(Some(client::once(&proof)))
            }
            // RFC 9449 7.1 and 7.2: a bound token is no bearer token, and a token that is not bound has no proof.
            (Some(Binding::Key(_)), Scheme::Bearer) | (Some(Binding::Certificate(_)) | None, Scheme::Dpop) => {
                Err(Denied::InvalidToken)
            }
        }
    }

    /// RFC 9449 4.3, all of it but the replay.
    fn check_proof_of(&self, presented: &Presented<'_>) -> Result<Proof, Denied> {
        let Evidence { method, path, door, proofs, .. } = presented.evidence();
        let [header] = proofs.as_slice() else { return Err(Denied::Proof(Flaw::Unsound)) };
        let uri = format!("{}{path}", self.policy().base(*door));
        let expected = Expected { method, uri: &uri, access_token: Some(presented.token()), now: self.now() };
        let proof = Proof::verify(header, &expected).map_err(|_| Denied::Proof(Flaw::Unsound))?;
        if self.accepts_nonce(proof.nonce()) { Ok(proof) } else { Err(Denied::Nonce) }
    }
}
