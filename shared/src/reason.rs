//! Why there is a wait, as the merchant says it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::supply::{Backorder, Incoming, Replenishment};
use crate::text::Language;

/// Why there is a wait, as the merchant says it: what kind of reason it is, and words of their own.
///
/// ```
/// use shared::reason::{ReasonCode, Stated};
/// use shared::text::Language;
///
/// let mut stated = Stated { code: Some(ReasonCode::Customs), ..Stated::default() };
/// stated.words.insert("de".into(), "Der Zoll zählt noch.".into());
/// assert_eq!(stated.text(Language::German), Some("Der Zoll zählt noch."));
/// // Without words of their own in a language, ours for the code.
/// assert_eq!(stated.text(Language::English), Some("It is being cleared through customs."));
/// stated.code = None;
/// assert_eq!(stated.text(Language::English), None);
/// assert_eq!(Stated::in_all("Soon.").text(Language::Arabic), Some("Soon."));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Stated {
    /// What kind of reason it is.
    pub code: Option<ReasonCode>,
    /// In words, by the first part of a language's tag.
    pub words: BTreeMap<String, String>,
    /// In words for every language that has none of its own.
    pub any: Option<Arc<str>>,
}

/// What kind of reason a merchant gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReasonCode {
    /// It takes longer to make than planned.
    Production,
    /// Something that it is made of is in short supply.
    Materials,
    /// It is held up on its way.
    Transport,
    /// It is at customs.
    Customs,
    /// The weather holds it up.
    Weather,
    /// More was wanted than anybody expected.
    Demand,
    /// It is checked once more.
    Quality,
    /// The supplier is closed for a while.
    Closure,
    /// It is made only at some times of the year.
    Season,
}

impl ReasonCode {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Production,
        Self::Materials,
        Self::Transport,
        Self::Customs,
        Self::Weather,
        Self::Demand,
        Self::Quality,
        Self::Closure,
        Self::Season,
    ];

    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Materials => "materials",
            Self::Transport => "transport",
            Self::Customs => "customs",
            Self::Weather => "weather",
            Self::Demand => "demand",
            Self::Quality => "quality",
            Self::Closure => "closure",
            Self::Season => "season",
        }
    }

    /// The code of this name.
    ///
    /// ```
    /// use shared::reason::ReasonCode;
    ///
    /// for code in ReasonCode::ALL {
    ///     assert_eq!(ReasonCode::named(code.name()), Some(code));
    /// }
    /// assert_eq!(ReasonCode::named("dog_ate_it"), None);
    /// ```
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.name() == name)
    }
}

impl Stated {
    /// The same words in all languages.
    pub fn in_all(words: impl Into<Arc<str>>) -> Self {
        Self {
            any: Some(words.into()),
            ..Self::default()
        }
    }

    /// True if nothing is said.
    pub fn is_nothing(&self) -> bool {
        self.code.is_none() && self.words.is_empty() && self.any.is_none()
    }

    /// In a language: the merchant's words for it, else those for all languages, else ours for the code.
    pub fn text(&self, language: Language) -> Option<&str> {
        let own = self.words.get(language.primary()).map(String::as_str);
        own.or(self.any.as_deref())
            .or_else(|| self.code.map(|code| language.reason(code)))
    }
}

/// What is said of a wait, where several things are: that of the purchase orders which the date stands on, else
/// that of the SKU, else that of the supplier. Of several purchase orders the one that is planned last speaks
/// first, then the first by its id.
///
/// `made` is how the merchant gets more where the date stands on that.
pub fn most_specific<'a>(
    of_sku: &'a Backorder,
    orders: impl IntoIterator<Item = &'a Incoming>,
    made: Option<&'a Replenishment>,
) -> Option<&'a Arc<Stated>> {
    let mut orders: Vec<&Incoming> = orders.into_iter().collect();
    orders.sort_by(|one, other| {
        let by_day = other.planned_on().cmp(&one.planned_on());
        by_day.then_with(|| one.purchase_order.cmp(&other.purchase_order))
    });
    let of_order = orders.iter().find_map(|order| order.reason.as_ref());
    let of_supplier = orders
        .iter()
        .find_map(|order| order.supplier_reason.as_ref())
        .or_else(|| made?.reason.as_ref());
    of_order.or(of_sku.reason.as_ref()).or(of_supplier)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::WorkingDays;
    use crate::quantity::Quantity;
    use crate::supply::Basis;

    fn said(words: &str) -> Option<Arc<Stated>> {
        Some(Arc::new(Stated::in_all(words)))
    }

    fn order(id: &str, on: &str, own: Option<&str>, suppliers: Option<&str>) -> Incoming {
        let id = id.parse().expect("an id");
        let told = Incoming::told(id, Quantity::new(1), on.parse().expect("a date"));
        Incoming {
            reason: own.and_then(said),
            supplier_reason: suppliers.and_then(said),
            ..told
        }
    }

    #[track_caller]
    fn check(sku: Option<&str>, orders: &[Incoming], made: Option<&str>, expected: Option<&str>) {
        let backorder = Backorder {
            reason: sku.and_then(said),
            ..Backorder::default()
        };
        let made = made.map(|words| Replenishment {
            lead_time_days: 3,
            basis: Basis::Declared,
            widened: None,
            supplier_days: WorkingDays::every_day().into(),
            reason: said(words),
        });
        let all = [orders.to_vec(), orders.iter().rev().cloned().collect()];
        for orders in all {
            let found = most_specific(&backorder, &orders, made.as_ref());
            let text = found.and_then(|stated| stated.text(Language::English));
            assert_eq!(text, expected, "{orders:?}");
        }
    }

    #[test]
    fn the_purchase_order_speaks_before_the_sku_and_that_before_the_supplier() {
        let whole = order("PO-1", "2027-01-15", Some("order"), Some("supplier"));
        check(Some("sku"), &[whole], None, Some("order"));
        let silent = order("PO-1", "2027-01-15", None, Some("supplier"));
        check(
            Some("sku"),
            std::slice::from_ref(&silent),
            None,
            Some("sku"),
        );
        check(None, &[silent], None, Some("supplier"));
        check(Some("sku"), &[], Some("supplier"), Some("sku"));
        check(None, &[], Some("supplier"), Some("supplier"));
        check(None, &[], None, None);
    }

    #[test]
    fn of_several_purchase_orders_the_last_to_come_speaks_first() {
        let sooner = order("PO-1", "2027-01-15", Some("sooner"), None);
        let later = order("PO-2", "2027-01-16", Some("later"), None);
        let silent = order("PO-3", "2027-01-17", None, Some("supplier"));
        check(None, &[sooner.clone(), later, silent], None, Some("later"));
        let same_day = order("PO-0", "2027-01-15", Some("first by id"), None);
        check(None, &[sooner, same_day], None, Some("first by id"));
    }

    #[test]
    fn every_code_has_words_of_its_own_in_every_language() {
        for language in Language::ALL {
            let words: std::collections::BTreeSet<&str> =
                ReasonCode::ALL.map(|code| language.reason(code)).into();
            assert_eq!(words.len(), ReasonCode::ALL.len(), "{language:?}");
            assert!(words.iter().all(|words| !words.is_empty()));
        }
        let german = Language::German.reason(ReasonCode::Weather);
        assert_ne!(german, Language::English.reason(ReasonCode::Weather));
    }
}
