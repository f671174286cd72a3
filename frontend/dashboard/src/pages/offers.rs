//! Offers: what is given for a wait, and whether it pays here.

use leptos::prelude::*;

use crate::app::App;
use crate::ask;
use crate::fields::Fields;
use crate::format::{amount, decimal, encoded, money, number, percent};
use crate::parts::{
    self, Act, Load, Row, Scale, act_button, anew, cell, check_field, field, head, hinted_field,
    interval, load, mark, money_field, nothing, num, refusal, section, select_field, shown, submit,
    table,
};
use crate::value::{Value, json};
use crate::words::{counted, named, say, t};

/// What can be given.
const KINDS: [&str; 4] = ["free_shipping", "percentage", "amount", "gift"];
/// Most percentage points that the picture of a difference spans to each side.
const SPAN_POINTS: f64 = 20.0;

/// The page.
pub fn page() -> AnyView {
    let rules = load("/v1/offers/rules");
    let results = load("/v1/offers/results");
    let store = load("/v1/store");
    let new = App::here().may_change().then(|| {
        let form = shown(store, move |store| form(&store.text("currency"), rules));
        section(t("offers.new"), form)
    });
    view! {
        {head(t("offers.title"), t("offers.lead"))}
        {section(t("offers.results"), shown(results, |found| judged(&found)))}
        {section(t("offers.rules"), shown(rules, move |found| list(&found, rules)))}
        {new}
    }
    .into_any()
}

fn judged(found: &Value) -> AnyView {
    let items = found.list("items");
    if items.is_empty() {
        return nothing(t("offers.no_results"));
    }
    let results: Vec<_> = items.iter().map(result).collect();
    view! { {results}<details><summary>{t("offers.method")}</summary><p class="soft" lang="en" dir="ltr">{found.text("method")}</p></details> }.into_any()
}

fn result(result: &Value) -> AnyView {
    let verdict = result.text("verdict");
    let tone = match verdict.as_str() {
        "paid" => "ready",
        "did_not_pay" => "alert",
        _ => "wait",
    };
    let (offer, holdout) = (result.at("offer"), result.at("holdout"));
    let measures = ["conversion", "cancel_rate"].map(|name| measure(name, result.at(name)));
    let columns = [
        "offers.measure",
        "#offers.with",
        "#offers.without",
        "offers.picture",
        "offers.difference",
    ];
    let cost = say(
        "offers.cost",
        &[
            ("count", &number(offer.count("redeemed").unwrap_or(0))),
            ("cost", &money(offer.at("cost"))),
        ],
    );
    let seen = say(
        "offers.seen",
        &[
            ("offer", &number(offer.count("shoppers").unwrap_or(0))),
            ("holdout", &number(holdout.count("shoppers").unwrap_or(0))),
        ],
    );
    view! {
        <div class="result">
            <h3 dir="auto">{result.text("rule")}</h3>
            <p class="verdict">{mark(tone, named("verdict", &verdict))}</p>
            <p class="soft">{seen}" "{cost}</p>
            {table(say("offers.result_of", &[("rule", &result.text("rule"))]), &columns, measures.into_iter().collect())}
        </div>
    }
    .into_any()
}

fn measure(name: &str, measure: &Value) -> Row {
    let points = |share: f64| share * 100.0;
    let share = |name: &str| cell(measure.number(name).map_or_else(|| "–".to_owned(), percent));
    let (low, high) = (
        measure.number("low").map(points),
        measure.number("high").map(points),
    );
    let (picture, words) = match (measure.number("difference").map(points), low, high) {
        (Some(difference), Some(low), Some(high)) => {
            let scale = Scale {
                from: -SPAN_POINTS,
                to: SPAN_POINTS,
            };
            let values = [difference, low, high].map(|value| decimal(value, 1));
            let words = say(
                "offers.points",
                &[
                    ("difference", &values[0]),
                    ("low", &values[1]),
                    ("high", &values[2]),
                ],
            );
            (
                interval(scale, (low, high), Some(difference), None, Some(0.0)),
                words,
            )
        }
        _ => (().into_any(), t("offers.unknown")),
    };
    let further = measure
        .count("further_needed")
        .filter(|further| 0 < *further);
    let further = further
        .map(|further| counted("offers.further", further))
        .unwrap_or_default();
    vec![
        cell(named("offers_measure", name)),
        share("offer"),
        share("holdout"),
        picture,
        cell(format!("{words} {further}")),
    ]
}

fn list(found: &Value, load: Load) -> AnyView {
    let items = found.list("items");
    if items.is_empty() {
        return nothing(t("offers.no_rules"));
    }
    let rows = items.iter().map(|rule| rule_row(rule, load)).collect();
    let columns = [
        "offers.rule",
        "offers.gives",
        "offers.when",
        "#offers.issued",
        "#offers.holdout",
        "common.state",
        "common.actions",
    ];
    table(t("offers.rules"), &columns, rows)
}

fn rule_row(rule: &Value, load: Load) -> Row {
    let gives = rule.at("gives");
    let what = match gives.text("kind").as_str() {
        "percentage" => say(
            "offers.percent_off",
            &[("percent", &number(gives.count("percent").unwrap_or(0)))],
        ),
        "amount" => say(
            "offers.amount_off",
            &[("amount", &money(gives.at("amount")))],
        ),
        "gift" => say("offers.gift", &[("sku", &gives.text("sku"))]),
        _ => t("offers.free_shipping"),
    };
    let is_on = rule.flag("on");
    let act = Act::new();
    let turned = StoredValue::new(rule.clone());
    let turn = move || {
        let rule = turned.get_value();
        let path = format!("/v1/offers/rules/{}", encoded(&rule.text("id")));
        let body = request_of(&rule, !is_on);
        act.run(ask::put(&path, &body), move |_| load.again());
    };
    let button = App::here().may_change().then(|| {
        act_button(
            "quiet",
            t(if is_on {
                "offers.turn_off"
            } else {
                "offers.turn_on"
            }),
            act,
            turn,
        )
    });
    let budget = rule.at("budget");
    vec![
        cell(rule.text("id")),
        cell(what),
        cell(counted(
            "offers.waits",
            rule.count("waits_days").unwrap_or(0),
        )),
        num(budget.count("issued")),
        cell(percent(
            rule.number("holdout_percent").unwrap_or(0.0) / 100.0,
        )),
        if is_on {
            mark("ready", t("offers.on"))
        } else {
            mark("gone", t("offers.off"))
        },
        view! { {button}{refusal(act)} }.into_any(),
    ]
}

// What is asked for to have the same rule, on or off.
fn request_of(rule: &Value, on: bool) -> Value {
    let (gives, budget) = (rule.at("gives"), rule.at("budget"));
    json!({
        "on": on,
        "waits_days": rule.at("waits_days"),
        "gives": json!({ "kind": gives.at("kind"), "percent": gives.at("percent"), "amount": gives.at("amount"), "sku": gives.at("sku") }),
        "budget": json!({ "count": budget.at("count"), "amount": budget.at("amount") }),
        "cap": rule.at("cap"),
        "cart_at_least": rule.at("cart_at_least"),
        "first_backorder": rule.at("first_backorder"),
        "skus": rule.at("skus"),
        "expires_days": rule.at("expires_days"),
        "holdout_percent": rule.at("holdout_percent"),
        "per_shopper": rule.at("per_shopper"),
        "after_cancel": rule.at("after_cancel"),
        "words": rule.at("words"),
    })
}

fn form(currency: &str, rules: Load) -> AnyView {
    let app = App::here();
    let act = Act::new();
    let text = |value: &str| RwSignal::new(value.to_owned());
    let (id, kind, percent, off, gift, waits, budget, holdout, words) = (
        text(""),
        text("free_shipping"),
        text("10"),
        text(""),
        text(""),
        text("14"),
        text("100"),
        text("50"),
        text(""),
    );
    let on = RwSignal::new(false);
    let kinds = KINDS.map(|kind| (kind.to_owned(), named("offer_kind", kind)));
    let kept = StoredValue::new(currency.to_owned());
    let make = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let count = |value: RwSignal<String>| value.get_untracked().trim().parse::<u32>().ok();
        let gives = match kind.get_untracked().as_str() {
            "percentage" => json!({ "kind": "percentage", "percent": count(percent) }),
            "amount" => {
                let off = amount(&off.get_untracked(), &kept.get_value());
                json!({ "kind": "amount", "amount": off })
            }
            "gift" => json!({ "kind": "gift", "sku": gift.get_untracked().trim() }),
            kind => json!({ "kind": kind }),
        };
        let mut body = json!({
            "waits_days": count(waits),
            "gives": gives,
            "budget": json!({ "count": count(budget) }),
            "holdout_percent": count(holdout),
            "on": on.get_untracked(),
        });
        let said = words.get_untracked();
        if !said.trim().is_empty() {
            body["words"][crate::words::language()] = json!(said.trim());
        }
        let path = format!("/v1/offers/rules/{}", encoded(id.get_untracked().trim()));
        act.run(ask::put(&path, &body), move |_| {
            app.say(t("offers.made"));
            rules.again();
        });
    };
    let gives = move || match kind.get().as_str() {
        "percentage" => field(t("offers.percent"), "number*", percent),
        "amount" => kept.with_value(|currency| {
            money_field(t("common.amount"), currency, off, t("offers.amount_hint"))
        }),
        "gift" => hinted_field(t("common.sku"), "text*", gift, t("offers.gift_hint")),
        _ => ().into_any(),
    };
    view! {
        {parts::form("", make, view! {
            {hinted_field(t("offers.id"), "text*", id, t("offers.id_hint"))}
            {select_field(t("offers.gives"), kind, kinds.to_vec())}
            {anew(gives)}
            {field(t("offers.waits_at_least"), "number*", waits)}
            {hinted_field(t("offers.budget"), "number*", budget, t("offers.budget_hint"))}
            {hinted_field(t("offers.holdout_percent"), "number*", holdout, t("offers.holdout_hint"))}
            {hinted_field(t("offers.words"), "text", words, t("offers.words_hint"))}
            {check_field(t("offers.on_now"), on)}
            {refusal(act)}
            {submit(t("offers.make"), act)}
        }.into_any())}
    }
    .into_any()
}
