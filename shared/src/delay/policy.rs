//! Which law an order is under, and what a store does where the law leaves it a choice.

use chrono::{Days, NaiveDate};

use crate::calendar::WorkingDays;

/// Calendar days from the last delivery within which all of an order may be sent back (EU-5).
pub const WITHDRAWAL_DAYS: u32 = 14;

/// Countries whose law of late deliveries is the Union's: its members, and Iceland, Liechtenstein, Norway.
const EUROPEAN_COUNTRIES: [&str; 30] = [
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IS",
    "IT", "LI", "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK",
];

/// The law of late goods, by the country to which they go.
///
/// ```
/// use shared::delay::Law;
///
/// assert_eq!(Law::of("US"), Law::UnitedStates);
/// assert_eq!(Law::of("no"), Law::EuropeanUnion);
/// assert_eq!(Law::of("GB"), Law::UnitedKingdom);
/// assert_eq!(Law::of("CH"), Law::None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Law {
    /// 16 CFR Part 435: goods are shipped by the date that was stated, or the shopper is asked.
    UnitedStates,
    /// Consumer Rights Directive, article 18: goods are delivered by the date that was agreed.
    EuropeanUnion,
    /// Consumer Rights Act 2015, section 28: as in the Union.
    UnitedKingdom,
    /// Elsewhere: no rule that is known here.
    None,
}

/// What has to happen by the date that a shopper is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sense {
    /// The goods are with the carrier.
    ShipBy,
    /// The goods are with the shopper.
    DeliverBy,
}

impl Law {
    /// The law for a country, by its ISO 3166 alpha-2 code in either case.
    pub fn of(country: &str) -> Self {
        match country.to_ascii_uppercase().as_str() {
            "US" => Self::UnitedStates,
            "GB" => Self::UnitedKingdom,
            code if EUROPEAN_COUNTRIES.contains(&code) => Self::EuropeanUnion,
            _ => Self::None,
        }
    }

    /// What the dates of an order under this law are dates of.
    pub const fn sense(self) -> Sense {
        match self {
            Self::EuropeanUnion | Self::UnitedKingdom => Sense::DeliverBy,
            Self::UnitedStates | Self::None => Sense::ShipBy,
        }
    }
}

/// What a store does about late goods under one law.
///
/// An order keeps the policy under which it was placed: what it promised does not change with the settings.
///
/// ```
/// use shared::delay::{DelayPolicy, Law, Payment};
///
/// let placed = "2027-01-04".parse()?;
/// let policy = DelayPolicy::of(Law::UnitedStates);
/// assert_eq!(policy.limit(placed, None, Payment::Ordinary), "2027-02-03".parse()?);
/// assert_eq!(policy.limit(placed, Some("2027-01-14".parse()?), Payment::Ordinary), "2027-01-14".parse()?);
/// # Ok::<(), chrono::ParseError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DelayPolicy {
    /// The law that names what a date is a date of.
    pub law: Law,
    /// What becomes of a part that is late.
    pub rule: Rule,
    /// Calendar days from the order within which goods leave, or arrive, where no date was shown.
    pub limit_days: u32,
    /// The same for shoppers who apply for the seller's own credit with the order.
    pub credit_limit_days: u32,
    /// Working days, Monday to Friday, from the end of a part to its refund.
    pub refund_working_days: u32,
    /// True for goods that the law of the United States leaves out, such as seeds and plants (US-16).
    pub exempt: bool,
    /// True if a part that is late is cancelled and refunded, and nobody is asked (US-14).
    pub cancel_instead_of_asking: bool,
}

/// What becomes of a part that will not be there by the date that was agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// The shopper is asked to agree to the new date or to cancel (United States).
    Ask {
        /// Longest delay, in calendar days after the first date, that silence can agree to.
        definite_days: u32,
        /// What silence means where the new date lies within those days.
        definite_silence: DefiniteSilence,
        /// True if time alone cancels: where the shopper is silent about any other delay, or was not told.
        auto_cancel: bool,
    },
    /// The shopper may set a last period, and then end the contract (European Union, United Kingdom).
    ExtraPeriod {
        /// How many calendar days that period has.
        days: u32,
        /// True if the shopper may withdraw before that anyway; not so where goods are made to measure.
        cancel_any_time: bool,
    },
    /// The shopper is told and may cancel; nothing follows from silence.
    Tell,
}

/// What silence means where a first delay is short and its end known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DefiniteSilence {
    /// The shopper agrees.
    Consents,
    /// The part is cancelled on the new date unless it was shipped by then.
    Cancels,
}

/// How an order is paid, as far as it matters to the limit of [`DelayPolicy::limit`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payment {
    /// In any way but the one below.
    Ordinary,
    /// On credit that the seller gives, and for which the shopper applies with the order.
    SellersCredit,
}

impl DelayPolicy {
    /// What the law asks for, and nothing else.
    pub const fn of(law: Law) -> Self {
        let rule = match law {
            Law::UnitedStates => Rule::Ask {
                definite_days: 30,
                definite_silence: DefiniteSilence::Consents,
                auto_cancel: true,
            },
            Law::EuropeanUnion | Law::UnitedKingdom => Rule::ExtraPeriod {
                days: 14,
                cancel_any_time: true,
            },
            Law::None => Rule::Tell,
        };
        Self {
            law,
            rule,
            limit_days: 30,
            credit_limit_days: match law {
                Law::UnitedStates => 50,
                _ => 30,
            },
            refund_working_days: 7,
            exempt: false,
            cancel_instead_of_asking: false,
        }
    }

    /// The date by which a part has to leave, or to arrive: what was shown, else the limit of the law
    /// (US-2, EU-1).
    pub fn limit(
        &self,
        placed: NaiveDate,
        shown: Option<NaiveDate>,
        payment: Payment,
    ) -> NaiveDate {
        let days = match payment {
            Payment::Ordinary => self.limit_days,
            Payment::SellersCredit => self.credit_limit_days,
        };
        shown.unwrap_or_else(|| days_after(placed, days))
    }

    /// The rule that holds, with the exemption seen to.
    pub(super) const fn rule(&self) -> Rule {
        match self.exempt {
            true => Rule::Tell,
            false => self.rule,
        }
    }
}

/// The last day on which a refund is in time for what happened on `event`.
///
/// Holidays are not skipped, so that the day is never too late (US-12).
///
/// ```
/// use shared::delay::{DelayPolicy, Law, refund_by};
///
/// let policy = DelayPolicy::of(Law::UnitedStates);
/// assert_eq!(refund_by("2027-01-11".parse()?, &policy), "2027-01-20".parse()?);
/// # Ok::<(), chrono::ParseError>(())
/// ```
pub fn refund_by(event: NaiveDate, policy: &DelayPolicy) -> NaiveDate {
    let days = WorkingDays::monday_to_friday().after(event, policy.refund_working_days);
    days.unwrap_or(event)
}

/// Until when an order may be sent back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Withdrawal {
    /// Something is still to be delivered: all of the order may be sent back, and the time has not begun.
    Open,
    /// The last day, for all of the order.
    Until(NaiveDate),
}

/// Says until when an order may be sent back: all of it, counted from the last of its deliveries (EU-5).
///
/// `deliveries` has each part that was not cancelled; `None` is still to come.
///
/// ```
/// use shared::delay::{Withdrawal, withdrawal_ends};
///
/// let first = Some("2027-01-12".parse()?);
/// assert_eq!(withdrawal_ends(&[first, None]), Withdrawal::Open);
/// let both = [first, Some("2027-03-01".parse()?)];
/// assert_eq!(withdrawal_ends(&both), Withdrawal::Until("2027-03-15".parse()?));
/// # Ok::<(), chrono::ParseError>(())
/// ```
pub fn withdrawal_ends(deliveries: &[Option<NaiveDate>]) -> Withdrawal {
    let all: Option<Vec<NaiveDate>> = deliveries.iter().copied().collect();
    let last = all.and_then(|days| days.into_iter().max());
    match last {
        Some(day) => Withdrawal::Until(days_after(day, WITHDRAWAL_DAYS)),
        None => Withdrawal::Open,
    }
}

/// The day that many calendar days later; the last day there is where none is so late.
pub(super) fn days_after(day: NaiveDate, days: u32) -> NaiveDate {
    day.checked_add_days(Days::new(u64::from(days)))
        .unwrap_or(NaiveDate::MAX)
}
