//! What a letter is about: plain facts, no sentence yet.

use chrono::NaiveDate;
use shared::delay::{Sense, Silence};
use shared::money::Money;
use shared::text::{DateStyle, Language, Locale, Tables};

/// A letter: to a customer about an order, or to somebody who waits for goods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// What it is about.
    pub kind: LetterKind,
    /// The language it is in.
    pub language: Language,
    /// The day on which it is written.
    pub today: NaiveDate,
    /// The shop's name.
    pub shop: String,
    /// The shop's postal address, in one line.
    pub postal: Option<String>,
    /// What the customer is called.
    pub customer: Option<String>,
    /// The order's number; empty where it is about none.
    pub order: String,
    /// Where the customer sees and changes the order.
    pub page: Option<String>,
    /// What waits, with its dates.
    pub lines: Vec<LetterLine>,
    /// Where no more letters are asked for, with one request (RFC 8058); none where letters belong to an order.
    pub leave: Option<String>,
    /// What is given for the wait, and how it is redeemed.
    pub offer: Option<(String, String)>,
}

/// What a letter is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LetterKind {
    /// The order was taken.
    Confirmed {
        /// What has left before anybody was told.
        left: Vec<(String, u32)>,
        /// What all of it costs, where we know.
        total: Option<Money>,
        /// True if each parcel is charged when it leaves.
        is_paid_by_parcel: bool,
    },
    /// Dates were moved to later ones, or to none.
    Delayed {
        /// Which.
        changes: Vec<Change>,
        /// What follows where nobody answers; of several the gravest.
        silence: Silence,
        /// True if the customer may set a last period.
        may_set_period: bool,
    },
    /// Dates were moved to sooner ones.
    Sooner {
        /// Which.
        changes: Vec<Change>,
    },
    /// A parcel has left.
    Shipped {
        /// Titles and units.
        content: Vec<(String, u32)>,
        /// Who carries it.
        carrier: Option<String>,
        /// Under which number.
        tracking_number: Option<String>,
        /// What was charged for it.
        charged: Option<Money>,
    },
    /// The customer has to pay or to confirm.
    PaymentNeeded {
        /// How much.
        amount: Money,
        /// Where.
        pay_url: Option<String>,
        /// Until when the goods are kept.
        kept_until: Option<NaiveDate>,
        /// True if the parcel has left already.
        has_left: bool,
    },
    /// Something will not be sent.
    Cancelled {
        /// Titles and units.
        content: Vec<(String, u32)>,
        /// True if we know that nothing was charged for it, since it would have been charged here.
        is_charged_here: bool,
    },
    /// Money is given back.
    Refunded {
        /// How much.
        amount: Money,
    },
    /// Somebody wants this address to be told when goods are there again: was it its owner?
    BackInStockConfirm {
        /// What the goods are called.
        titles: Vec<String>,
        /// Where that is confirmed.
        confirm: String,
    },
    /// Goods are there again.
    BackInStock {
        /// What they are called.
        title: String,
        /// When they ship, in words.
        ships: Option<String>,
        /// Where they are bought.
        buy: Option<String>,
    },
}

/// What waits of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LetterLine {
    /// What it is called.
    pub title: String,
    /// Parts with their dates, earliest first.
    pub slices: Vec<Slice>,
    /// Why it waits, in the shop's words or ours.
    pub reason: Option<String>,
}

/// Units with a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slice {
    /// Units.
    pub quantity: u32,
    /// By when; `None`: not known.
    pub by: Option<NaiveDate>,
    /// What that is the day of.
    pub sense: Sense,
}

/// A date that was moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What it is called.
    pub title: String,
    /// Units.
    pub quantity: u32,
    /// What was told before; `None`: no date was known.
    pub was: Option<NaiveDate>,
    /// What is true now; `None`: nobody knows.
    pub now: Option<NaiveDate>,
    /// What they are days of.
    pub sense: Sense,
    /// Why, in the shop's words or ours.
    pub reason: Option<String>,
}

impl LetterKind {
    /// The word for it, under which a shop keeps its own template.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Confirmed { .. } => "confirmed",
            Self::Delayed { .. } => "delayed",
            Self::Sooner { .. } => "sooner",
            Self::Shipped { .. } => "shipped",
            Self::PaymentNeeded { .. } => "payment_needed",
            Self::Cancelled { .. } => "cancelled",
            Self::Refunded { .. } => "refunded",
            Self::BackInStockConfirm { .. } => "back_in_stock_confirm",
            Self::BackInStock { .. } => "back_in_stock",
        }
    }
}

/// All kinds by name, in the order in which a customer meets them.
pub const KINDS: [&str; 9] = [
    "confirmed",
    "delayed",
    "sooner",
    "shipped",
    "payment_needed",
    "cancelled",
    "refunded",
    "back_in_stock_confirm",
    "back_in_stock",
];

/// A letter of a kind as it might be written, for who looks at a template.
pub fn sample(kind: &str, language: Language) -> Option<Letter> {
    let day = |text: &str| text.parse().expect("a date of the calendar");
    let dollars = |amount| Money::new(amount, "USD".parse().expect("a currency"));
    let change = |was: &str, now: Option<&str>| Change {
        title: "Hoodie, blue".into(),
        quantity: 2,
        was: Some(day(was)),
        now: now.map(day),
        sense: Sense::ShipBy,
        reason: Some("Our weaver ships on the first of the month.".into()),
    };
    let kind = match kind {
        "confirmed" => LetterKind::Confirmed {
            left: Vec::new(),
            total: Some(dollars(12_495)),
            is_paid_by_parcel: true,
        },
        "delayed" => LetterKind::Delayed {
            changes: vec![change("2026-12-15", Some("2027-01-29"))],
            silence: Silence::Cancels {
                on: day("2027-01-14"),
            },
            may_set_period: false,
        },
        "sooner" => LetterKind::Sooner {
            changes: vec![change("2026-12-15", Some("2026-12-04"))],
        },
        "shipped" => LetterKind::Shipped {
            content: vec![("Mug".into(), 1), ("Hoodie, red".into(), 1)],
            carrier: Some("UPS".into()),
            tracking_number: Some("1Z999AA10123456784".into()),
            charged: Some(dollars(5_295)),
        },
        "payment_needed" => LetterKind::PaymentNeeded {
            amount: dollars(7_200),
            pay_url: Some("https://shop.example/pay/7".into()),
            kept_until: Some(day("2026-12-22")),
            has_left: false,
        },
        "cancelled" => LetterKind::Cancelled {
            content: vec![("Hoodie, blue".into(), 2)],
            is_charged_here: true,
        },
        "refunded" => LetterKind::Refunded {
            amount: dollars(1_800),
        },
        "back_in_stock_confirm" | "back_in_stock" => return Some(waitlist_sample(kind, language)),
        _ => return None,
    };
    Some(Letter {
        kind,
        language,
        today: day("2026-11-24"),
        shop: "Plainsong".into(),
        postal: Some("Plainsong, 12 Mill Lane, Portland".into()),
        customer: Some("Anna".into()),
        order: "W-1042".into(),
        page: Some("https://ships.example/o/main/W-1042/tok".into()),
        offer: None,
        lines: vec![
            LetterLine {
                title: "Mug".into(),
                slices: vec![Slice {
                    quantity: 1,
                    by: Some(day("2026-11-25")),
                    sense: Sense::ShipBy,
                }],
                reason: None,
            },
            LetterLine {
                title: "Hoodie, blue".into(),
                slices: vec![
                    Slice {
                        quantity: 1,
                        by: Some(day("2026-11-25")),
                        sense: Sense::ShipBy,
                    },
                    Slice {
                        quantity: 2,
                        by: Some(day("2026-12-15")),
                        sense: Sense::ShipBy,
                    },
                ],
                reason: Some("Our weaver ships on the first of the month.".into()),
            },
        ],
        leave: None,
    })
}

fn waitlist_sample(kind: &str, language: Language) -> Letter {
    let link = |below: &str| format!("https://ships.example/b/main/tok{below}");
    let tables = Tables(language);
    let date = tables.date(
        NaiveDate::from_ymd_opt(2026, 11, 25).expect("a date of the calendar"),
        DateStyle::Weekday,
    );
    let (kind, leave) = match kind {
        "back_in_stock" => (
            LetterKind::BackInStock {
                title: "Hoodie, blue".into(),
                ships: Some(language.words().ships_by.replace("{date}", &date)),
                buy: Some("https://shop.example/products/cc-hoodie-blue".into()),
            },
            link("/leave"),
        ),
        _ => (
            LetterKind::BackInStockConfirm {
                titles: vec!["Hoodie, blue".into(), "Mug".into()],
                confirm: link(""),
            },
            link("/refuse"),
        ),
    };
    Letter {
        kind,
        language,
        today: NaiveDate::from_ymd_opt(2026, 11, 24).expect("a date of the calendar"),
        shop: "Plainsong".into(),
        postal: Some("Plainsong, 12 Mill Lane, Portland".into()),
        customer: None,
        order: String::new(),
        page: None,
        lines: Vec::new(),
        offer: None,
        leave: Some(leave),
    }
}
