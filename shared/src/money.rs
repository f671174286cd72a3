//! Money: integer minor units with a currency.

use std::fmt;
use std::str::FromStr;

/// An amount in the minor unit of its currency (cents for USD, whole yen for JPY).
///
/// ```
/// use shared::money::{Currency, Money};
///
/// let usd: Currency = "USD".parse()?;
/// let fee = Money::new(495, usd);
/// assert_eq!(fee.times(2), Some(Money::new(990, usd)));
/// assert_eq!(usd.exponent(), 2);
/// assert_eq!("JPY".parse::<Currency>()?.exponent(), 0);
/// # Ok::<(), shared::money::CurrencyError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    /// Minor units.
    pub amount: i64,
    /// What the units are of.
    pub currency: Currency,
}

impl Money {
    /// `amount` minor units of `currency`.
    pub const fn new(amount: i64, currency: Currency) -> Self {
        Self { amount, currency }
    }

    /// True if nothing is to be paid.
    pub const fn is_zero(self) -> bool {
        self.amount == 0
    }

    /// The amount `count` times, or `None` where it would not fit.
    pub fn times(self, count: u32) -> Option<Self> {
        let amount = self.amount.checked_mul(i64::from(count))?;
        Some(Self { amount, ..self })
    }
}

/// An ISO 4217 code: three capital letters.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency([u8; 3]);

/// The text is not three capital letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no ISO 4217 currency code such as USD")]
pub struct CurrencyError;

/// Currencies without a minor unit (ISO 4217, list one, exponent 0).
const EXPONENT_0: [&str; 17] = [
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND",
    "VUV", "XAF", "XOF", "XPF",
];
/// Currencies whose minor unit is a thousandth (ISO 4217, list one, exponent 3).
const EXPONENT_3: [&str; 7] = ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"];

impl Currency {
    /// The three letters.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// How many decimal digits the minor unit stands for.
    pub fn exponent(&self) -> u32 {
        match self.code() {
            code if EXPONENT_0.contains(&code) => 0,
            code if EXPONENT_3.contains(&code) => 3,
            _ => 2,
        }
    }
}

impl FromStr for Currency {
    type Err = CurrencyError;

    fn from_str(raw: &str) -> Result<Self, CurrencyError> {
        match raw.as_bytes() {
            &[a, b, c] if [a, b, c].iter().all(u8::is_ascii_uppercase) => Ok(Self([a, b, c])),
            _ => Err(CurrencyError),
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
