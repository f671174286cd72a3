//! The store's policy: beside each choice stands what shoppers will see.

use leptos::prelude::*;

use super::transit::transit;
use crate::app::App;
use crate::ask;
use crate::fields::Fields;
use crate::format::{amount, money, typed};
use crate::pages::ordering::{some, whole};
use crate::pages::set_up::origin_of;
use crate::parts::{
    self, Act, Load, anew, area_field, check_field, hinted_field, load, money_field, refusal,
    said_field, select_field, shown, submit,
};
use crate::value::{Value, json};
use crate::words::{named, say, t};

/// Who pays for more parcels.
const SPLITS: [&str; 4] = ["off", "free", "flat", "per_extra_parcel"];
/// What becomes of an order that is late and nobody answers for.
const SILENCE: [&str; 3] = ["law", "always", "never"];

/// A whole number of the policy, as it is typed; it may be left empty where the policy has a case of its own for that.
#[derive(Clone, Copy)]
struct Whole {
    name: &'static str,
    value: RwSignal<String>,
}

/// The part.
pub fn part() -> AnyView {
    let store = load("/v1/store");
    let locations = load("/v1/locations");
    shown(store, move |found| {
        shown(locations, move |locations| {
            form(&found, &locations.list("items"), store)
        })
    })
}

fn form(store: &Value, locations: &[Value], load: Load) -> AnyView {
    let (app, act) = (App::here(), Act::new());
    let text = |name: &str| RwSignal::new(store.text(name));
    let flag = |name: &str| RwSignal::new(store.flag(name));
    let (name, location, currency, product_url, display) = (
        text("name"),
        text("location"),
        text("currency"),
        text("product_url"),
        text("display"),
    );
    let (shares, publishes) = (flag("share_pages"), flag("publish_kept_rate"));
    let origins = RwSignal::new(store.texts("origins").join("\n"));
    let places = locations
        .iter()
        .map(|one| (one.text("id"), one.text("name")));
    let places: Vec<(String, String)> = places.collect();
    let splits = Splits::of(store.at("split"));
    let delays = Late::of(store.at("delays"));
    let transit = transit(&store.list("transit"), &places);
    let lines = transit.lines;
    let numbers = [
        "horizon_days",
        "promise_level",
        "overdue_offset_days",
        "overdue_fence_days",
        "better_by_days",
        "suppress_within_days",
        "min_shipment",
        "hold_renewals",
    ];
    let numbers = numbers.map(|name| Whole::of(store, name));
    let [
        horizon,
        level,
        offset,
        fence,
        better,
        suppress,
        min,
        renewals,
    ] = numbers;
    let choices = |kind: &str, names: &[&str]| {
        let names = names.iter();
        names
            .map(|name| ((*name).to_owned(), named(kind, name)))
            .collect::<Vec<_>>()
    };
    let kept = StoredValue::new(store.clone());
    let save = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let mut body = kept.get_value();
        let origins = origins.get_untracked();
        let origins = origins.lines().filter(|line| !line.trim().is_empty());
        let origins: Vec<String> = origins.map(origin_of).collect();
        body["name"] = json!(name.get_untracked().trim());
        body["location"] = json!(location.get_untracked());
        body["currency"] = json!(currency.get_untracked().trim());
        body["product_url"] = json!(some(product_url));
        body["display"] = json!(display.get_untracked());
        body["share_pages"] = json!(shares.get_untracked());
        body["publish_kept_rate"] = json!(publishes.get_untracked());
        body["origins"] = json!(origins);
        body["split"] = splits.request(currency.get_untracked().trim());
        body["delays"] = delays.request();
        body["transit"] = json!(lines.with_untracked(|lines| {
            let lines = lines.iter().map(super::transit::Line::request);
            lines.collect::<Vec<_>>()
        }));
        for number in numbers {
            body[number.name] = json!(whole(number.value));
        }
        act.run(ask::put("/v1/store", &body), move |_| {
            app.say(t("settings.saved"));
            load.again();
        });
    };
    let send = app.is_owner().then(|| submit(t("settings.save"), act));
    view! {
        {parts::form("policy", save, view! {
            {group("settings.group_store", vec![
                hinted_field(t("settings.name"), "text*", name, t("set_up.name_hint")),
                select_field(t("settings.location"), location, places),
                hinted_field(t("settings.currency"), "text*", currency, t("settings.currency_hint")),
                hinted_field(t("settings.product_url"), "text", product_url, t("settings.product_url_hint")),
                area_field(t("settings.origins"), 3, origins),
                check_field(t("settings.share_pages"), shares),
                check_field(t("settings.publish"), publishes),
            ])}
            {group("settings.group_stock", vec![
                select_field(t("settings.display"), display, choices("display", &["exact", "few_left", "hidden"])),
                said(move || named("display_says", &display.get())),
                suppress.field(false),
            ])}
            {group("settings.group_dates", vec![
                level.field(true),
                horizon.field(true),
                offset.field(true),
                fence.field(true),
                better.field(true),
            ])}
            {group("settings.group_parcels", vec![
                splits.fields(choices("split", &SPLITS), currency),
                min.field(true),
                renewals.field(true),
            ])}
            {group("settings.group_late", delays.fields(choices("silence", &SILENCE)))}
            {group("settings.group_transit", vec![transit.fields])}
            {refusal(act)}
            {send}
        }.into_any())}
    }
    .into_any()
}

fn group(key: &'static str, fields: Vec<AnyView>) -> AnyView {
    view! { <fieldset><legend>{t(key)}</legend>{fields}</fieldset> }.into_any()
}

fn said(says: impl Fn() -> String + Send + 'static) -> AnyView {
    view! { <p class="soft says">{anew(says)}</p> }.into_any()
}

impl Whole {
    fn of(from: &Value, name: &'static str) -> Self {
        let count = from.count(name).map(|count| count.to_string());
        Self {
            name,
            value: RwSignal::new(count.unwrap_or_default()),
        }
    }

    fn field(self, is_needed: bool) -> AnyView {
        let kind = if is_needed { "number*" } else { "number" };
        let name = self.name;
        let says = move |value: String| match value.trim() {
            "" => t(&format!("settings.{name}_none")),
            value => say(&format!("settings.{name}_says"), &[("n", value)]),
        };
        said_field(t(&format!("settings.{name}")), kind, self.value, says)
    }
}

/// Who pays for more parcels than one, and how many there may be.
#[derive(Clone, Copy)]
struct Splits {
    split: RwSignal<String>,
    price: RwSignal<String>,
    most: Whole,
}

impl Splits {
    fn of(policy: &Value) -> Self {
        Self {
            split: RwSignal::new(policy.text("split")),
            price: RwSignal::new(typed(policy.at("amount"))),
            most: Whole::of(policy, "parcels_max"),
        }
    }

    fn request(self, currency: &str) -> Value {
        let split = self.split.get_untracked();
        let mut body = json!({ "split": split.as_str(), "parcels_max": whole(self.most.value) });
        if ["flat", "per_extra_parcel"].contains(&split.as_str()) {
            body["amount"] = amount(&self.price.get_untracked(), currency);
        }
        body
    }

    fn fields(self, choices: Vec<(String, String)>, currency: RwSignal<String>) -> AnyView {
        let says = move || {
            let price = amount(&self.price.get(), &currency.get());
            let key = format!("split_says.{}", self.split.get());
            say(&key, &[("amount", &money(&price))])
        };
        let more = move || match self.split.get().as_str() {
            "off" => ().into_any(),
            "free" => self.most.field(true),
            _ => {
                let label = t("settings.parcel_price");
                let price = money_field(label, &currency.get(), self.price, String::new());
                view! { {price}{self.most.field(true)} }.into_any()
            }
        };
        view! {
            {select_field(t("settings.split"), self.split, choices)}
            {said(says)}
            {anew(more)}
        }
        .into_any()
    }
}

/// What is done about late goods.
#[derive(Clone, Copy)]
struct Late {
    silence: RwSignal<String>,
    cancels: RwSignal<bool>,
    exempt: RwSignal<bool>,
    limit: Whole,
    extra: Whole,
}

impl Late {
    fn of(delays: &Value) -> Self {
        let silence = match delays.at("auto_cancel").as_flag() {
            None => "law",
            Some(true) => "always",
            Some(false) => "never",
        };
        Self {
            silence: RwSignal::new(silence.to_owned()),
            cancels: RwSignal::new(delays.flag("cancel_instead_of_asking")),
            exempt: RwSignal::new(delays.flag("exempt")),
            limit: Whole::of(delays, "limit_days"),
            extra: Whole::of(delays, "extra_period_days"),
        }
    }

    fn request(self) -> Value {
        let auto_cancel = match self.silence.get_untracked().as_str() {
            "always" => Some(true),
            "never" => Some(false),
            _ => None,
        };
        json!({
            "auto_cancel": auto_cancel,
            "cancel_instead_of_asking": self.cancels.get_untracked(),
            "exempt": self.exempt.get_untracked(),
            "limit_days": whole(self.limit.value),
            "extra_period_days": whole(self.extra.value),
        })
    }

    fn fields(self, choices: Vec<(String, String)>) -> Vec<AnyView> {
        let asks = move || {
            t(match self.cancels.get() {
                true => "settings.late_cancels",
                false => "settings.late_asks",
            })
        };
        vec![
            check_field(t("settings.cancel_instead"), self.cancels),
            said(asks),
            select_field(t("settings.silence"), self.silence, choices),
            said(move || named("silence_says", &self.silence.get())),
            self.limit.field(false),
            self.extra.field(false),
            check_field(t("settings.exempt"), self.exempt),
        ]
    }
}
