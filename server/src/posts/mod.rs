//! Posts about goods: what is told of them when, in whose words, and by whom it is carried. Nothing here knows the database.

pub mod bluesky;
pub mod feed;
pub mod mastodon;
pub mod text;

use chrono::NaiveDate;
use shared::availability::Cause;
use shared::wire::{Availability, Status};

/// What a post says of goods: it is out of date once something else is so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outlook {
    /// They are on the shelf.
    There,
    /// They have to come first, and leave by then; `None`: by a day that moves on by itself, or nobody knows when.
    Awaited(Option<NaiveDate>),
    /// They can be ordered before they are released, and leave by then; `None` as above.
    Preorder(Option<NaiveDate>),
    /// They cannot be had.
    Gone,
}

/// What makes a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moment {
    /// Goods are on the shelf that were not.
    BackInStock,
    /// Goods that are awaited leave by another day than was known.
    NewDate,
    /// Goods can be ordered before they are released.
    PreorderOpens,
    /// The merchant wants it.
    ByHand,
    /// What another post says is not so any more.
    Correction,
}

impl Outlook {
    /// What is told in an answer about one unit.
    pub fn of(answer: &Availability) -> Self {
        let day = answer.ships_by.map(|date| date.0);
        let day = day.filter(|_| !moves_by_itself(answer));
        match answer.status {
            Status::InStock | Status::LowStock => Self::There,
            Status::Backorder if answer.orderable => Self::Awaited(day),
            Status::Preorder if answer.orderable => Self::Preorder(day),
            _ => Self::Gone,
        }
    }

    /// The word for it, and the date that goes with it.
    pub fn stored(self) -> (&'static str, Option<NaiveDate>) {
        match self {
            Self::There => ("there", None),
            Self::Awaited(day) => ("awaited", day),
            Self::Preorder(day) => ("preorder", day),
            Self::Gone => ("gone", None),
        }
    }

    /// What a word and a date stand for.
    pub fn read(word: &str, day: Option<NaiveDate>) -> Option<Self> {
        match word {
            "there" => Some(Self::There),
            "awaited" => Some(Self::Awaited(day)),
            "preorder" => Some(Self::Preorder(day)),
            "gone" => Some(Self::Gone),
            _ => None,
        }
    }
}

/// True if nearly every working day the date is another one though nothing has happened: goods are made for whoever orders, or what
/// they wait for is late and assumed for one of the next days.
fn moves_by_itself(answer: &Availability) -> bool {
    let cause = answer.reason.as_ref();
    let cause = cause.and_then(|reason| Cause::named(&reason.code));
    matches!(cause, Some(Cause::MadeToOrder | Cause::SupplierLate))
}

impl Moment {
    /// Those that a merchant may pick.
    pub const PICKED: [Self; 3] = [Self::BackInStock, Self::NewDate, Self::PreorderOpens];

    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BackInStock => "back_in_stock",
            Self::NewDate => "new_date",
            Self::PreorderOpens => "preorder_opens",
            Self::ByHand => "by_hand",
            Self::Correction => "correction",
        }
    }

    /// What a word stands for.
    pub fn named(word: &str) -> Option<Self> {
        let all = [
            Self::BackInStock,
            Self::NewDate,
            Self::PreorderOpens,
            Self::ByHand,
            Self::Correction,
        ];
        all.into_iter().find(|moment| moment.name() == word)
    }

    /// What it is when one outlook takes the place of another; `None`: nothing that anybody would write about.
    pub fn between(before: Outlook, now: Outlook) -> Option<Self> {
        match (before, now) {
            (Outlook::There, Outlook::There) => None,
            (_, Outlook::There) => Some(Self::BackInStock),
            (Outlook::Preorder(was), Outlook::Preorder(is @ Some(_))) if was != is => {
                Some(Self::NewDate)
            }
            (Outlook::Preorder(_), Outlook::Preorder(_)) => None,
            (_, Outlook::Preorder(_)) => Some(Self::PreorderOpens),
            (Outlook::Awaited(was), Outlook::Awaited(is @ Some(_))) if was != is => {
                Some(Self::NewDate)
            }
            (Outlook::Gone, Outlook::Awaited(Some(_))) => Some(Self::NewDate),
            _ => None,
        }
    }
}

/// Why a post is not removed that another account made.
const OTHER_ACCOUNT: &str = "another account made it than the one in the file of accounts";

/// Why a network did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// It will not, however often it is asked.
    #[error("refused: {0}")]
    Refused(String),
    /// It may, later; it did not.
    #[error("{0}")]
    Later(String),
    /// It may, later; it is not known whether it did.
    #[error("{0}")]
    Unknown(String),
    /// It may, after so many seconds.
    #[error("it has too much to do")]
    Busy(u32),
}

/// A post as a network knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// The network's name for it.
    pub reference: String,
    /// What tells which edition of it is meant, where the network has more than one.
    pub edition: Option<String>,
    /// Where people see it.
    pub url: Option<String>,
}

/// What is to be posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToPost<'a> {
    /// What it is known by here: the same however often it is tried.
    pub id: &'a str,
    /// What it says.
    pub text: &'a str,
    /// BCP 47.
    pub language: &'a str,
    /// What goods are called.
    pub title: &'a str,
    /// What is told of them.
    pub told: &'a str,
    /// The page of the goods.
    pub link: Option<&'a str>,
    /// What it follows.
    pub follows: Option<&'a Posted>,
    /// When it was made.
    pub made_at: chrono::DateTime<chrono::Utc>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_worth_a_post_depends_on_what_was_told_before() {
        use Outlook::{Awaited, Gone, Preorder, There};
        let day = |text: &str| Some(text.parse().expect("a date"));
        let (early, late) = (day("2026-12-01"), day("2026-12-11"));
        for (before, now, expected) in [
            (Gone, There, Some(Moment::BackInStock)),
            (Awaited(early), There, Some(Moment::BackInStock)),
            (There, There, None),
            (There, Awaited(early), None),
            (There, Gone, None),
            (Awaited(early), Awaited(late), Some(Moment::NewDate)),
            (Awaited(early), Awaited(early), None),
            (Awaited(early), Awaited(None), None),
            (Awaited(None), Awaited(late), Some(Moment::NewDate)),
            (Gone, Awaited(late), Some(Moment::NewDate)),
            (Gone, Preorder(early), Some(Moment::PreorderOpens)),
            (There, Preorder(None), Some(Moment::PreorderOpens)),
            (Preorder(early), Preorder(late), Some(Moment::NewDate)),
            (Preorder(early), Gone, None),
        ] {
            assert_eq!(Moment::between(before, now), expected, "{before:?} {now:?}");
            let (word, day) = now.stored();
            assert_eq!(Outlook::read(word, day), Some(now));
        }
    }
}
