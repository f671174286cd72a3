//! Answers as JavaScript values, in and out.
//!
//! `shared::wire` says what they look like, and serde could read them. It would be a quarter of the module, so the fields
//! that a view needs are taken one by one; the compiler still sees that no field is forgotten.

use js_sys::{Array, Object, Reflect};
use shared::money::Money as DomainMoney;
use shared::wire::{
    Availability, Date, Money, Offer, Part, PlanKind, PlanOption, PlansText, Reason, Slice, Split,
    SplitPolicy, Status, Text,
};
use wasm_bindgen::{JsCast, JsValue};

/// Reads the answer for one SKU; `None` if it is not of the form that `shared::wire` describes.
pub fn availability(value: &JsValue) -> Option<Availability> {
    let text = get(value, "text");
    Some(Availability {
        sku: string(value, "sku")?,
        title: string(value, "title"),
        requested: count(value, "requested")?,
        status: status(&string(value, "status")?)?,
        orderable: flag(value, "orderable"),
        ships_by: date(value, "ships_by"),
        delivers_by: None,
        slices: list(value, "slices", slice)?,
        apart: parts(value, "apart"),
        together: parts(value, "together"),
        max_orderable: None,
        reason: string(&get(value, "reason"), "text").map(|text| Reason {
            code: String::new(),
            stated: None,
            text,
        }),
        offer: string(&get(value, "offer"), "text").map(|text| Offer {
            rule: String::new(),
            kind: String::new(),
            text,
        }),
        text: Text {
            label: string(&text, "label")?,
            date: string(&text, "date"),
            delivery: string(&text, "delivery"),
            detail: None,
        },
        lang: String::new(),
        schema_org: String::new(),
        valid_until: None,
        revision: 0,
    })
}

/// Reads the lines of a cart.
pub fn lines(plans: &JsValue) -> Option<Vec<Availability>> {
    list(plans, "lines", availability)
}

/// Reads what the merchant offers besides one parcel for everything.
pub fn policy(plans: &JsValue) -> Option<SplitPolicy> {
    let value = get(plans, "policy");
    let amount = get(&value, "amount");
    Some(SplitPolicy {
        split: split(&string(&value, "split")?)?,
        amount: Money(DomainMoney::new(
            get(&amount, "amount").as_f64()? as i64,
            string(&amount, "currency")?.parse().ok()?,
        )),
        parcels_max: count(&value, "parcels_max")?,
    })
}

/// Reads the words around the ways to send a cart.
pub fn plans_text(plans: &JsValue) -> Option<PlansText> {
    let text = get(plans, "text");
    Some(PlansText {
        legend: string(&text, "legend")?,
        notices: list(&text, "notices", JsValue::as_string)?,
    })
}

/// Writes the ways to send a cart.
pub fn options(options: &[PlanOption]) -> JsValue {
    array(options, |option| {
        let shipments = array(&option.shipments, |shipment| {
            let lines = array(&shipment.lines, |line| {
                object([
                    ("sku", JsValue::from(&line.sku)),
                    ("quantity", JsValue::from(line.quantity)),
                ])
            });
            object([
                ("ships_by", JsValue::from(shipment.ships_by.to_string())),
                (
                    "from",
                    shipment
                        .from
                        .as_deref()
                        .map_or(JsValue::UNDEFINED, JsValue::from),
                ),
                ("lines", lines),
            ])
        });
        let money = option.surcharge.0;
        let surcharge = object([
            ("amount", JsValue::from(money.amount as f64)),
            ("currency", JsValue::from(money.currency.code())),
        ]);
        let words = &option.text;
        let parcels = array(&words.parcels, |parcel| {
            object([
                ("date", JsValue::from(&parcel.date)),
                ("items", JsValue::from(&parcel.items)),
            ])
        });
        let text = object([
            ("name", JsValue::from(&words.name)),
            ("price", JsValue::from(&words.price)),
            ("when", JsValue::from(&words.when)),
            ("parcels", parcels),
            ("announcement", JsValue::from(&words.announcement)),
        ]);
        object([
            ("kind", JsValue::from(kind_name(option.kind))),
            ("shipments", shipments),
            ("surcharge", surcharge),
            (
                "last_ships_by",
                JsValue::from(option.last_ships_by.to_string()),
            ),
            ("text", text),
        ])
    })
}

/// How a way to send a cart is called on the wire and in the form.
pub fn kind_name(kind: PlanKind) -> &'static str {
    match kind {
        PlanKind::Together => "together",
        PlanKind::Separate => "separate",
    }
}

fn slice(value: &JsValue) -> Option<Slice> {
    Some(Slice {
        quantity: count(value, "quantity")?,
        ships_by: date(value, "ships_by")?,
        ready: flag(value, "ready"),
        text: string(value, "text")?,
    })
}

/// Parts with their locations, which are left out where there is one location only.
fn parts(value: &JsValue, name: &str) -> Vec<Part> {
    match get(value, name).is_undefined() {
        true => Vec::new(),
        false => list(value, name, part).unwrap_or_default(),
    }
}

fn part(value: &JsValue) -> Option<Part> {
    Some(Part {
        quantity: count(value, "quantity")?,
        ships_by: date(value, "ships_by")?,
        from: string(value, "from")?,
    })
}

fn status(name: &str) -> Option<Status> {
    Some(match name {
        "in_stock" => Status::InStock,
        "low_stock" => Status::LowStock,
        "backorder" => Status::Backorder,
        "preorder" => Status::Preorder,
        "out_of_stock" => Status::OutOfStock,
        "discontinued" => Status::Discontinued,
        "unknown" => Status::Unknown,
        _ => return None,
    })
}

fn split(name: &str) -> Option<Split> {
    Some(match name {
        "off" => Split::Off,
        "free" => Split::Free,
        "flat" => Split::Flat,
        "per_extra_parcel" => Split::PerExtraParcel,
        _ => return None,
    })
}

// What is not there is `undefined`, and has no fields itself.
fn get(value: &JsValue, name: &str) -> JsValue {
    Reflect::get(value, &name.into()).unwrap_or(JsValue::UNDEFINED)
}

fn string(value: &JsValue, name: &str) -> Option<String> {
    get(value, name).as_string()
}

fn count(value: &JsValue, name: &str) -> Option<u32> {
    let number = get(value, name).as_f64()?;
    (0.0 <= number && number <= f64::from(u32::MAX)).then_some(number as u32)
}

fn flag(value: &JsValue, name: &str) -> bool {
    get(value, name).is_truthy()
}

fn date(value: &JsValue, name: &str) -> Option<Date> {
    Date::parse(&string(value, name)?)
}

fn list<T>(value: &JsValue, name: &str, read: fn(&JsValue) -> Option<T>) -> Option<Vec<T>> {
    // A field that is left out is no list: making one of it would throw.
    let items = get(value, name);
    let items = items.dyn_ref::<Array>()?;
    items.iter().map(|item| read(&item)).collect()
}

fn array<T>(items: &[T], write: impl Fn(&T) -> JsValue) -> JsValue {
    items.iter().map(write).collect::<Array>().into()
}

/// Makes an object of these entries.
pub fn object<const N: usize>(entries: [(&str, JsValue); N]) -> JsValue {
    let object = Object::new();
    for (name, value) in entries {
        // A new object takes every entry.
        let _taken = Reflect::set(&object, &name.into(), &value);
    }
    object.into()
}
