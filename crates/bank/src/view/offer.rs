//! Offers: nothing of an offer depends on the level of detail.

/// An offer, whole.
pub type OfferView = lombard_domain::account::Offer;
