//! A supplier: what it is called, where and in which language it is written to, and how long it takes.

use leptos::prelude::*;

use super::ordering::{request_of, some, whole};
use super::purchase_orders::go;
use super::wait_reason::WaitReason;
use crate::app::App;
use crate::ask::{self, Refused};
use crate::fields::Fields;
use crate::format::{encoded, number};
use crate::parts::{
    self, Act, facts, field, head, hinted_field, link, load, refusal, said_field, section,
    select_field, shown, submit,
};
use crate::place::Place;
use crate::value::{Value, json};
use crate::words::{LANGUAGES, say, t};

/// What can be said of a supplier: all else of an answer was learnt.
const FIELDS: [&str; 7] = [
    "name",
    "working_days",
    "holidays",
    "lead_time_days",
    "buffer_days",
    "wait_reason",
    "lang",
];

/// The page.
pub fn page(id: String) -> AnyView {
    let path = format!("/v1/suppliers/{}", encoded(&id));
    let supplier = load(&path);
    view! {
        {head(id, t("supplier.lead"))}
        {shown(supplier, move |found| view! {
            {learnt(&found)}
            {with_address(found, move || supplier.again())}
        }.into_any())}
        <p class="row tools">{link(Place::Suppliers.href(), t("supplier.all"))}{link(Place::Ordering.href(), t("ordering.title"))}</p>
    }
    .into_any()
}

/// A form for one more.
pub fn new() -> AnyView {
    section(t("supplier.new"), with_address(Value::Null, || ()))
}

// The address for orders stands in the policy of orders, which is read anew with each form.
fn with_address(supplier: Value, saved: impl Fn() + Copy + Send + 'static) -> AnyView {
    shown(load("/v1/reorders/policy"), move |policy| {
        form(&supplier, &policy, saved)
    })
}

fn learnt(supplier: &Value) -> AnyView {
    let learnt = supplier.at("lead_time");
    let count = |name: &str| number(learnt.count(name).unwrap_or(0));
    let says = match learnt.is_null() {
        true => String::new(),
        false => say(
            "supplier.learnt_says",
            &[
                ("days", &count("days")),
                ("level", &count("level")),
                ("own", &count("own")),
            ],
        ),
    };
    let slip = supplier.at("slip");
    let slips = match slip.count("days") {
        None => String::new(),
        Some(days) => say("supplier.slip_says", &[("days", &number(days))]),
    };
    facts(vec![
        (t("supplier.learnt"), says),
        (t("supplier.slip"), slips),
    ])
}

// Of a new one its id is asked for too; where that is taken, nothing is replaced.
fn form(supplier: &Value, policy: &Value, saved: impl Fn() + Copy + 'static) -> AnyView {
    let (app, act) = (App::here(), Act::new());
    let is_new = supplier.is_null();
    let known = supplier.text("id");
    let text = |of: &Value, name: &str| RwSignal::new(of.text(name));
    let (id, name, lang) = (
        text(supplier, "id"),
        text(supplier, "name"),
        text(supplier, "lang"),
    );
    let email = text(&terms_of(policy, &known), "email");
    let days = |name: &str| {
        let days = supplier.count(name).map(|days| days.to_string());
        RwSignal::new(days.unwrap_or_default())
    };
    let (takes, buffer) = (days("lead_time_days"), days("buffer_days"));
    let mut languages = vec![(String::new(), t("supplier.lang_none"))];
    languages.extend(LANGUAGES.map(|(tag, name)| (tag.to_owned(), name.to_owned())));
    let own = lang.get_untracked();
    if !languages.iter().any(|(tag, _)| *tag == own) {
        languages.push((own.clone(), own));
    }
    let reason = WaitReason::of(supplier.at("wait_reason"));
    let kept = StoredValue::new(supplier.clone());
    let save = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let id = id.get_untracked().trim().to_owned();
        let mut body = kept.get_value();
        body.keep(|name, _| FIELDS.contains(&name));
        body["name"] = json!(some(name));
        body["lang"] = json!(some(lang));
        body["wait_reason"] = reason.value();
        body["lead_time_days"] = json!(whole(takes));
        body["buffer_days"] = json!(whole(buffer));
        let done = {
            let id = id.clone();
            move || {
                app.say(t("settings.saved"));
                match is_new {
                    true => go(&Place::Supplier(id)),
                    false => saved(),
                }
            }
        };
        let path = format!("/v1/suppliers/{}", encoded(&id));
        let email = some(email);
        act.run(
            Box::pin(async move {
                // As all is now, whoever else changed something meanwhile.
                let known = ask::get("/v1/suppliers").await?.list("items");
                if is_new && known.iter().any(|one| one.text("id") == id) {
                    return Err(Refused::saying(t("supplier.taken")));
                }
                let saved = ask::put(&path, &body).await?;
                let policy = ask::get("/v1/reorders/policy").await?;
                if let Some(policy) = written(&policy, &id, email) {
                    ask::put("/v1/reorders/policy", &policy).await?;
                }
                Ok(saved)
            }),
            move |_| done(),
        );
    };
    let id = is_new.then(|| hinted_field(t("common.id"), "text*", id, t("supplier.id_hint")));
    let button = if is_new {
        "supplier.add"
    } else {
        "settings.save"
    };
    let send = app.may_change().then(|| submit(t(button), act));
    parts::form(
        "",
        save,
        view! {
            {id}
            {field(t("common.name"), if is_new { "text" } else { "text*" }, name)}
            {hinted_field(t("ordering.orders_to"), "email", email, t("ordering.orders_to_hint"))}
            {select_field(t("supplier.lang"), lang, languages)}
            {said_field(t("supplier.takes"), "number", takes, |days| match days.trim() {
                "" => t("supplier.takes_none"),
                days => say("supplier.takes_says", &[("days", days)]),
            })}
            {hinted_field(t("supplier.buffer"), "number", buffer, t("supplier.buffer_hint"))}
            {reason.fields()}
            {refusal(act)}
            {send}
        }
        .into_any(),
    )
}

fn terms_of(policy: &Value, id: &str) -> Value {
    let mut terms = policy.list("suppliers").into_iter();
    terms
        .find(|one| one.text("supplier") == id)
        .unwrap_or_default()
}

// The policy by which it is written to at this address; nothing where it is already.
fn written(policy: &Value, id: &str, email: Option<String>) -> Option<Value> {
    let mut terms = terms_of(policy, id);
    if terms.text("email") == email.clone().unwrap_or_default() {
        return None;
    }
    terms["supplier"] = json!(id);
    terms["email"] = json!(email);
    let mut all = policy.list("suppliers");
    all.retain(|one| one.text("supplier") != id);
    all.push(terms);
    let mut policy = policy.clone();
    policy["suppliers"] = json!(all);
    Some(request_of(&policy))
}
