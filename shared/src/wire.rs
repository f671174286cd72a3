//! What crosses the network: the answers of the public API, as the server writes and the widget
//! reads them. The one place of this crate that knows serde.
//!
//! Fields may be added, never renamed or removed (docs: the wire contract). Unknown fields are
//! ignored when reading, so that an old widget understands a new server.

mod values;

use serde::{Deserialize, Serialize};

use crate::availability;
use crate::cart::DatedLine;
use crate::ids::Sku;
use crate::money::{Currency, Money as DomainMoney};
use crate::promise::{self, Origin};
use crate::quantity::Quantity;
use crate::shipment::{self, PlanKind as DomainKind, PromisedLine, SplitCharge};
use crate::text::{AvailabilityText, Speaker};

pub use values::{Date, Money, MoneyShape};

/// What a shopper may be told about a quantity of one SKU.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Availability {
    /// The SKU that was asked for.
    pub sku: String,
    /// The merchant's name for it.
    pub title: Option<String>,
    /// Units asked for.
    pub requested: u32,
    /// What is the matter with it.
    pub status: Status,
    /// True if all of `requested` can be ordered now.
    pub orderable: bool,
    /// Civil date, at the location that ships, by which all of `requested` is with the carrier.
    pub ships_by: Option<Date>,
    /// Civil date by which it is at the buyer's door, where the store has transit times.
    pub delivers_by: Option<Date>,
    /// Dated parts of the quantity, earliest first.
    pub slices: Vec<Slice>,
    /// In a cart of a store that ships from several locations: where each part leaves as soon as it
    /// can. Left out elsewhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub apart: Vec<Part>,
    /// The same where everything leaves in as few parcels as there can be; left out where it leaves
    /// from the same locations as in `apart`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub together: Vec<Part>,
    /// Most units that can be ordered; null if unlimited or not shown.
    pub max_orderable: Option<u32>,
    /// Why there is a wait.
    pub reason: Option<Reason>,
    /// What the merchant offers for the wait.
    pub offer: Option<Offer>,
    /// The same in words, ready to show.
    pub text: Text,
    /// BCP 47 tag of our words; the merchant's own, such as a title, may be in another language.
    pub lang: String,
    /// The schema.org ItemAvailability of the status.
    pub schema_org: String,
    /// Instant (RFC 3339) at which the answer may change by itself; null if none is known.
    pub valid_until: Option<String>,
    /// The store's revision at which the facts behind the answer last changed.
    pub revision: u64,
}

/// What is the matter with the quantity asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// All of it is on the shelf.
    InStock,
    /// On the shelf, and little more.
    LowStock,
    /// Some of it has to come first.
    Backorder,
    /// Not released yet.
    Preorder,
    /// None can be had.
    OutOfStock,
    /// None can be had, and none will come.
    Discontinued,
    /// The store does not know this SKU.
    Unknown,
}

/// Part of a quantity with its date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Slice {
    /// Units.
    pub quantity: u32,
    /// Civil date by which they are with the carrier.
    pub ships_by: Date,
    /// True if they are on the shelf now.
    pub ready: bool,
    /// The same in words: "1 ready now", "2 more by December 15".
    pub text: String,
}

/// Part of a quantity with the location that it leaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Part {
    /// Units.
    pub quantity: u32,
    /// Civil date by which they could be with the carrier.
    pub ships_by: Date,
    /// The location that they leave.
    pub from: String,
}

/// Why there is a wait.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Reason {
    /// `awaiting_supplier`, `supplier_late`, `made_to_order` or `not_released`.
    pub code: String,
    /// What kind of reason the merchant gives: `production`, `materials`, `transport`, `customs`, `weather`, `demand`,
    /// `quality`, `closure` or `season`. Left out where they give none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stated: Option<String>,
    /// In words: the merchant's own, or ours for what they state, or ours for the code.
    pub text: String,
}

/// What the merchant offers for the wait.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Offer {
    /// The merchant's rule by which it is made.
    pub rule: String,
    /// `free_shipping`, `percentage`, `amount` or `gift`.
    pub kind: String,
    /// In words.
    pub text: String,
}

/// Words ready to show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Text {
    /// The state in a word or two.
    pub label: String,
    /// When.
    pub date: Option<String>,
    /// When it is at the door, where the store knows how long carriers take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<String>,
    /// How the quantity splits.
    pub detail: Option<String>,
}

/// The ways to send a cart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Plans {
    /// One entry for each SKU of the cart, quantities summed.
    pub lines: Vec<Availability>,
    /// The ways, everything together first. Empty if nothing can be ordered.
    pub options: Vec<PlanOption>,
    /// Which of them is chosen until the shopper chooses.
    pub default: PlanKind,
    /// What the options were computed with.
    pub policy: SplitPolicy,
    /// What the merchant offers for the wait.
    #[serde(default)]
    pub offer: Option<Offer>,
    /// Words around the options.
    pub text: PlansText,
    /// BCP 47 tag of our words.
    pub lang: String,
    /// Instant (RFC 3339) of the answer.
    pub as_of: String,
    /// The store's revision.
    pub revision: u64,
}

/// One way to send a cart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PlanOption {
    /// Which way.
    pub kind: PlanKind,
    /// Parcels in the order in which they leave.
    pub shipments: Vec<Shipment>,
    /// What the shopper pays for this way, on top.
    pub surcharge: Money,
    /// Civil date by which the last parcel is with the carrier.
    pub last_ships_by: Date,
    /// The same in words.
    pub text: OptionText,
}

/// Which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PlanKind {
    /// One parcel when everything is there.
    Together,
    /// Each part as soon as it is there.
    Separate,
}

/// What leaves in one parcel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Shipment {
    /// Civil date by which it is with the carrier.
    pub ships_by: Date,
    /// The location that it leaves, where the store ships from several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// What is in it.
    pub lines: Vec<ShipmentLine>,
}

/// Units of one SKU in a parcel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ShipmentLine {
    /// The SKU.
    pub sku: String,
    /// Units.
    pub quantity: u32,
}

/// A way to send a cart, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct OptionText {
    /// "Everything together"
    pub name: String,
    /// "No extra cost"
    pub price: String,
    /// "1 parcel, ships by December 15"
    pub when: String,
    /// Each parcel with its day.
    pub parcels: Vec<ParcelText>,
    /// All of it in one sentence, for those who hear the page.
    pub announcement: String,
}

/// A parcel in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ParcelText {
    /// "December 15"
    pub date: String,
    /// "2 × Hoodie, blue"
    pub items: String,
}

/// Words around the options.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PlansText {
    /// The question: "How should we send it?"
    pub legend: String,
    /// What the shopper must know before choosing, such as lines that cannot be ordered.
    pub notices: Vec<String>,
}

/// What the merchant offers besides one parcel for everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct SplitPolicy {
    /// Who pays for more parcels than one.
    pub split: Split,
    /// What a shopper pays, where one does; zero of the store's currency elsewhere.
    pub amount: Money,
    /// Most parcels of one order.
    pub parcels_max: u32,
}

/// Who pays for more parcels than one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Split {
    /// There is no choice: everything leaves together.
    Off,
    /// The merchant.
    Free,
    /// The shopper, once.
    Flat,
    /// The shopper, for each parcel after the first.
    PerExtraParcel,
}

impl Availability {
    /// Puts an answer and its words on the wire. This is the whole of what the public may see.
    pub fn new(
        answer: &availability::Availability,
        title: Option<&str>,
        speaker: &Speaker<'_>,
        valid_until: Option<String>,
    ) -> Self {
        let AvailabilityText {
            label,
            date,
            delivery,
            detail,
            reason,
        } = speaker.availability(answer);
        let (status, schema_org) = match answer.status {
            availability::Status::InStock => (Status::InStock, "https://schema.org/InStock"),
            availability::Status::LowStock { .. } => {
                (Status::LowStock, "https://schema.org/LimitedAvailability")
            }
            availability::Status::Backorder { .. } => {
                (Status::Backorder, "https://schema.org/BackOrder")
            }
            availability::Status::Preorder { .. } => {
                (Status::Preorder, "https://schema.org/PreOrder")
            }
            availability::Status::Discontinued => {
                (Status::Discontinued, "https://schema.org/Discontinued")
            }
            availability::Status::OutOfStock { .. } => {
                (Status::OutOfStock, "https://schema.org/OutOfStock")
            }
            availability::Status::Unknown => (Status::Unknown, "https://schema.org/OutOfStock"),
        };
        let days = promise::by_day(&answer.slices);
        let slices = days.iter().enumerate().map(|(at, slice)| Slice {
            quantity: slice.quantity.units(),
            ships_by: Date(slice.ships_by),
            ready: at == 0 && answer.first_is_ready,
            text: speaker.slice(slice, at, answer.first_is_ready),
        });
        let reason = answer
            .reason
            .as_ref()
            .zip(reason)
            .map(|(reason, text)| Reason {
                code: reason.cause.name().into(),
                stated: reason
                    .stated
                    .as_ref()
                    .and_then(|stated| stated.code)
                    .map(|code| code.name().into()),
                text,
            });
        Self {
            sku: answer.sku.to_string(),
            title: title.map(Into::into),
            requested: answer.requested.units(),
            status,
            orderable: answer.orderable(),
            ships_by: answer.ships_by.map(Date),
            delivers_by: answer.delivers_by.map(Date),
            slices: slices.collect(),
            apart: Vec::new(),
            together: Vec::new(),
            max_orderable: answer.max_orderable.map(Quantity::units),
            reason,
            offer: None,
            text: Text {
                label,
                date,
                delivery,
                detail,
            },
            lang: speaker.language().tag().into(),
            schema_org: schema_org.into(),
            valid_until,
            revision: answer.revision,
        }
    }

    /// Names the locations that the parts of a line leave, where the store ships from several.
    ///
    /// Where counts are not for shoppers, the line leaves as one part with the last of it.
    #[must_use]
    pub fn leaving(mut self, line: &DatedLine, locations: &[availability::Location]) -> Self {
        if locations.len() < 2 {
            return self;
        }
        let part = |slice: &promise::Slice| Part {
            quantity: slice.quantity.units(),
            ships_by: Date(slice.ships_by),
            from: locations
                .get(usize::from(slice.from.0))
                .map(|location| location.id.to_string())
                .unwrap_or_default(),
        };
        let is_whole = line.availability.slices.len() < line.slices.len();
        let apart = match is_whole {
            true => &line.availability.slices,
            false => &line.slices,
        };
        self.apart = apart.iter().map(part).collect();
        if !is_whole {
            self.together = line.together.iter().map(part).collect();
        }
        self
    }

    /// The name to show: the merchant's, or else the SKU.
    pub fn name(&self) -> &str {
        self.title.as_deref().unwrap_or(&self.sku)
    }
}

/// Computes the ways to send `lines`, in words.
///
/// The server answers with exactly this, and the widget computes it again from the lines and the
/// policy of the answer: it cannot come to another result.
///
/// ```
/// use shared::availability::Availability as Answer;
/// use shared::promise::Slice;
/// use shared::quantity::Quantity;
/// use shared::shipment::{SplitCharge, SplitPolicy};
/// use shared::text::{Language, Speaker, Tables};
/// use shared::wire::{self, Availability, PlanKind, plan_options, plans_text};
///
/// let tables = Tables(Language::English);
/// let speaker = Speaker::new(Language::English, &tables, "2026-11-23".parse()?);
/// // One is on the shelf, another comes on the 15th.
/// let slice = |day: &str| Slice::new(Quantity::new(1), day.parse().expect("a date"));
/// let answer = Answer {
///     slices: vec![slice("2026-11-25"), slice("2026-12-15")],
///     ships_by: Some("2026-12-15".parse()?),
///     ..Answer::unknown("hoodie".parse()?, Quantity::new(2))
/// };
/// let lines = [Availability::new(&answer, Some("Hoodie"), &speaker, None)];
/// assert_eq!(lines[0].name(), "Hoodie");
///
/// let policy = SplitPolicy { charge: SplitCharge::Free, parcels_max: 2 };
/// let policy = wire::SplitPolicy::new(&policy, "USD".parse()?);
/// let options = plan_options(&lines, &policy, &speaker);
/// assert_eq!(options[1].kind, PlanKind::Separate);
/// assert_eq!(options[1].text.when, "2 parcels, last one by December 15");
/// assert_eq!(plans_text(&lines, &speaker).legend, "How should we send it?");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn plan_options(
    lines: &[Availability],
    policy: &SplitPolicy,
    speaker: &Speaker<'_>,
) -> Vec<PlanOption> {
    let locations = locations(lines);
    let promised: Vec<PromisedLine> = lines
        .iter()
        .filter(|line| line.orderable)
        .filter_map(|line| promised_line(line, &locations))
        .collect();
    let title = |sku: &str| {
        lines
            .iter()
            .find(|line| line.sku == sku)
            .map_or(sku, Availability::name)
            .to_owned()
    };
    let plans = shipment::plans(&promised, &policy.domain());
    plans
        .iter()
        .filter_map(|plan| {
            let text = speaker.plan(plan, &title);
            Some(PlanOption {
                kind: match plan.kind {
                    DomainKind::Together => PlanKind::Together,
                    DomainKind::Separate => PlanKind::Separate,
                },
                shipments: plan
                    .shipments
                    .iter()
                    .map(|parcel| Shipment::new(parcel, &locations))
                    .collect(),
                surcharge: Money(
                    plan.surcharge
                        .unwrap_or(DomainMoney::new(0, policy.amount.0.currency)),
                ),
                last_ships_by: Date(plan.last_ships_by()?),
                text: OptionText {
                    announcement: speaker.announcement(&text),
                    name: text.name,
                    price: text.price,
                    when: text.when,
                    parcels: text
                        .parcels
                        .into_iter()
                        .map(|parcel| ParcelText {
                            date: parcel.date,
                            items: parcel.items,
                        })
                        .collect(),
                },
            })
        })
        .collect()
}

/// Words around the options for `lines`.
///
/// Of a SKU that is not known nothing is claimed: the shop may sell it all the same.
pub fn plans_text(lines: &[Availability], speaker: &Speaker<'_>) -> PlansText {
    let stranded = lines
        .iter()
        .filter(|line| !line.orderable && line.status != Status::Unknown);
    PlansText {
        legend: speaker.words().legend.into(),
        notices: stranded
            .map(|line| speaker.not_orderable(line.name()))
            .collect(),
    }
}

impl SplitPolicy {
    /// The policy of a store whose prices are in `currency`.
    pub fn new(policy: &shipment::SplitPolicy, currency: Currency) -> Self {
        let nothing = DomainMoney::new(0, currency);
        let (split, amount) = match policy.charge {
            SplitCharge::Off => (Split::Off, nothing),
            SplitCharge::Free => (Split::Free, nothing),
            SplitCharge::Flat(amount) => (Split::Flat, amount),
            SplitCharge::PerExtraParcel(amount) => (Split::PerExtraParcel, amount),
        };
        Self {
            split,
            amount: Money(amount),
            parcels_max: policy.parcels_max,
        }
    }

    /// The policy as the core knows it.
    pub fn domain(&self) -> shipment::SplitPolicy {
        let charge = match self.split {
            Split::Off => SplitCharge::Off,
            Split::Free => SplitCharge::Free,
            Split::Flat => SplitCharge::Flat(self.amount.0),
            Split::PerExtraParcel => SplitCharge::PerExtraParcel(self.amount.0),
        };
        shipment::SplitPolicy {
            charge,
            parcels_max: self.parcels_max,
        }
    }
}

impl Shipment {
    fn new(shipment: &shipment::Shipment, locations: &[&str]) -> Self {
        let line = |(sku, quantity): &(Sku, Quantity)| ShipmentLine {
            sku: sku.to_string(),
            quantity: quantity.units(),
        };
        Self {
            ships_by: Date(shipment.ships_by),
            from: locations
                .get(usize::from(shipment.from.0))
                .map(ToString::to_string),
            lines: shipment.lines.iter().map(line).collect(),
        }
    }
}

/// The locations that are named, each once, in the order of their ids.
fn locations(lines: &[Availability]) -> Vec<&str> {
    let parts = lines
        .iter()
        .flat_map(|line| line.apart.iter().chain(&line.together));
    let mut names: Vec<&str> = parts.map(|part| part.from.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn promised_line(line: &Availability, locations: &[&str]) -> Option<PromisedLine> {
    let slice = |part: &Part| {
        let at = locations.iter().position(|name| *name == part.from);
        promise::Slice {
            quantity: Quantity::new(part.quantity),
            ships_by: part.ships_by.0,
            from: Origin(at.and_then(|at| u16::try_from(at).ok()).unwrap_or_default()),
        }
    };
    let day = |day: &Slice| promise::Slice::new(Quantity::new(day.quantity), day.ships_by.0);
    Some(PromisedLine {
        sku: line.sku.parse().ok()?,
        slices: match line.apart.is_empty() {
            true => line.slices.iter().map(day).collect(),
            false => line.apart.iter().map(slice).collect(),
        },
        together: line.together.iter().map(slice).collect(),
    })
}
