//! Names of things: parsed once at the door, then trusted.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// Longest SKU, in bytes of UTF-8.
pub const SKU_BYTES_MAX: usize = 128;

/// Longest id of a location, supplier or purchase order, in bytes.
pub const ID_BYTES_MAX: usize = 64;

/// A stock keeping unit: the merchant's own code for the thing that is bought.
///
/// 1 to [`SKU_BYTES_MAX`] bytes of UTF-8 without control characters, without the invisible
/// characters that turn the direction of text, and without white space at either end. Case matters:
/// shops exist in which `a1` and `A1` are different goods.
///
/// ```
/// use shared::ids::Sku;
///
/// let sku: Sku = "cc-hoodie-blue".parse()?;
/// assert_eq!(sku.as_str(), "cc-hoodie-blue");
/// assert!("".parse::<Sku>().is_err());
/// assert!("two\nlines".parse::<Sku>().is_err());
/// # Ok::<(), shared::ids::IdError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sku(Arc<str>);

/// Why a text is no id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Nothing was given.
    #[error("must not be empty")]
    Empty,
    /// More bytes than the kind of id may have.
    #[error("is {bytes} bytes long, at most {limit} are allowed")]
    TooLong {
        /// Bytes given.
        bytes: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// A control character, an invisible direction mark, or white space at an end.
    #[error("contains the character U+{0:04X}, which is not allowed there")]
    Character(u32),
}

impl Sku {
    /// The code as the merchant wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Sku {
    type Err = IdError;

    fn from_str(raw: &str) -> Result<Self, IdError> {
        within(raw, SKU_BYTES_MAX)?;
        // Most are plain, and of these nothing is refused.
        if raw.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Ok(Self(raw.into()));
        }
        match raw
            .chars()
            .find(|c| is_invisible(*c))
            .or_else(|| spaced_edge(raw))
        {
            Some(character) => Err(IdError::Character(u32::from(character))),
            None => Ok(Self(raw.into())),
        }
    }
}

impl Borrow<str> for Sku {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Sku {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Sku {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// Makes an id that may stand in a URL path: letters, digits, `-`, `_`, `.` and `~`.
macro_rules! path_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// 1 to [`ID_BYTES_MAX`] of the characters `A-Z a-z 0-9 - _ . ~`, not beginning with a dot.
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The id as it was given.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(raw: &str) -> Result<Self, IdError> {
                within(raw, ID_BYTES_MAX)?;
                let allowed = |c: &char| c.is_ascii_alphanumeric() || "-_.~".contains(*c);
                match raw.chars().find(|c| !allowed(c)).or_else(|| raw.chars().next().filter(|c| *c == '.')) {
                    Some(character) => Err(IdError::Character(u32::from(character))),
                    None => Ok(Self(raw.into())),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

path_id!(
    /// One shop. First in every key of the database.
    StoreId
);
path_id!(
    /// A place that holds stock and hands parcels to a carrier.
    LocationId
);
path_id!(
    /// Who delivers to a location.
    SupplierId
);
path_id!(
    /// An order of ours at a supplier.
    PurchaseOrderId
);

path_id!(
    /// Goods held for somebody until an instant.
    ReservationId
);
path_id!(
    /// A customer's order.
    OrderId
);
path_id!(
    /// Goods that leave a location together.
    ShipmentId
);
path_id!(
    /// What is drafted, and may be ordered, at a supplier.
    ReorderId
);
path_id!(
    /// A rule by which something is given to whoever waits.
    OfferRuleId
);

impl OrderId {
    /// Under which the goods of the order are held: the same name.
    pub fn reservation(&self) -> ReservationId {
        ReservationId(Arc::clone(&self.0))
    }
}

fn within(raw: &str, limit: usize) -> Result<(), IdError> {
    match raw.len() {
        0 => Err(IdError::Empty),
        bytes if limit < bytes => Err(IdError::TooLong { bytes, limit }),
        _ => Ok(()),
    }
}

/// Control characters, and the marks by which text is made to read other than it is stored.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061C}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}

fn spaced_edge(raw: &str) -> Option<char> {
    let ends = [raw.chars().next(), raw.chars().next_back()];
    ends.into_iter().flatten().find(|c| c.is_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sku_is_refused_for_what_cannot_be_seen_or_is_too_long() {
        let refused = [
            "",
            " a",
            "a ",
            "a\0b",
            "a\u{202E}b",
            "\u{FEFF}a",
            "a\u{200B}",
            "tab\there",
        ];
        for raw in refused {
            assert!(raw.parse::<Sku>().is_err(), "{raw:?} was taken");
        }
        assert_eq!(
            "x".repeat(129).parse::<Sku>(),
            Err(IdError::TooLong {
                bytes: 129,
                limit: 128
            })
        );
        for raw in ["a", "Größe 42/L", "' OR 1=1--", "日本", &"x".repeat(128)] {
            assert_eq!(raw.parse::<Sku>().expect(raw).as_str(), raw);
        }
    }

    #[test]
    fn a_path_id_has_only_characters_that_need_no_escape() {
        for raw in ["", ".", "..", "a/b", "a b", "ä", "../../etc/passwd"] {
            assert!(raw.parse::<LocationId>().is_err(), "{raw:?} was taken");
        }
        assert_eq!(
            "main-1_a.b~c"
                .parse::<LocationId>()
                .expect("plain")
                .as_str(),
            "main-1_a.b~c"
        );
    }
}
