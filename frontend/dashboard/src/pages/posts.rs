//! Posts: of what people are told on social media, in which words, where and how often, and what became of each.

use leptos::prelude::*;

use super::ordering::{some, whole};
use crate::app::App;
use crate::ask;
use crate::fields::Fields;
use crate::format::{encoded, moment};
use crate::parts::{
    self, Act, Load, Paged, Question, act_button, anew, area_field, check_field, confirm, field,
    head, hinted_field, link, load, mark, more, paged, paused, refusal, said_field, section,
    select_field, shown, submit,
};
use crate::place::Place;
use crate::value::{Value, json};
use crate::words::{LANGUAGES, named, say, t};

/// What posts can be made of by themselves.
const MOMENTS: [&str; 3] = ["back_in_stock", "new_date", "preorder_opens"];
/// Where, beside the feed.
const NETWORKS: [&str; 2] = ["mastodon", "bluesky"];
/// What becomes of an outdated post.
const OUTDATED: [&str; 3] = ["follow_up", "delete", "leave"];
/// How a post stands, and how that looks.
const STATES: [(&str, &str); 6] = [
    ("draft", "wait"),
    ("due", "wait"),
    ("published", "ready"),
    ("corrected", "gone"),
    ("withdrawn", "gone"),
    ("cancelled", "gone"),
];
/// Milliseconds without a keystroke after which a post is made up anew.
const PAUSE_MS: u64 = 400;

/// The page.
pub fn page() -> AnyView {
    let policy = load("/v1/posts/policy");
    let goods = load("/v1/stock?limit=1");
    let status = RwSignal::new(String::new());
    let list = paged(move || match status.get().as_str() {
        "" => "/v1/posts?limit=20".to_owned(),
        status => format!("/v1/posts?limit=20&status={status}"),
    });
    let mut states = vec![(String::new(), t("posts.all"))];
    states.extend(STATES.map(|(state, _)| (state.to_owned(), named("post_status", state))));
    let drawn = move || {
        let posts = list.items.get();
        let posts: Vec<_> = posts.iter().map(|one| post(one, list)).collect();
        (!posts.is_empty()).then(|| view! { <ul class="parcels">{posts}</ul> }.into_any())
    };
    let tried = RwSignal::new(String::new());
    let rules = shown(goods, move |goods| {
        // Templates are tried on something from the start.
        if let Some(first) = goods.list("items").first() {
            tried.set(first.text("sku"));
        }
        let own = App::here()
            .may_change()
            .then(|| section(t("posts.own"), own_post(list)));
        view! {
            {section(t("posts.rules"), shown(policy, move |found| rules(&found, tried, policy)))}
            {own}
        }
        .into_any()
    });
    view! {
        {head(t("posts.title"), t("posts.lead"))}
        <div class="narrow">{select_field(t("common.show"), status, states)}</div>
        {anew(drawn)}
        {more(list)}
        {rules}
    }
    .into_any()
}

fn post(post: &Value, list: Paged) -> AnyView {
    let (app, act) = (App::here(), Act::new());
    let status = post.text("status");
    let tone = STATES.iter().find(|(state, _)| *state == status);
    let state = mark(
        tone.map_or("gone", |(_, tone)| tone),
        named("post_status", &status),
    );
    let words = [post.text("text"), post.text("template")];
    let words = words.into_iter().find(|words| !words.is_empty());
    let has_gone = post.has("published_at");
    let at = moment(&post.text(if has_gone { "published_at" } else { "at" }));
    let at = say(
        if has_gone { "posts.went" } else { "posts.goes" },
        &[("at", &at)],
    );
    let copies = post.list("copies");
    let copies: Vec<_> = copies.iter().map(copy).collect();
    let path = StoredValue::new(format!("/v1/posts/{}", encoded(&post.text("id"))));
    let approve = move || {
        let path = path.get_value() + "/approve";
        act.run(ask::post(&path, &json!({})), move |_| {
            app.say(t("posts.approved"));
            list.again();
        });
    };
    let remove = move || {
        act.run(ask::delete(&path.get_value()), move |_| {
            app.say(t(if has_gone {
                "posts.removing"
            } else {
                "posts.cancelled"
            }));
            list.again();
        });
    };
    let may = |states: &[&str]| app.may_change() && states.contains(&status.as_str());
    let approve = may(&["draft"]).then(|| act_button("quiet", t("posts.approve"), act, approve));
    let cancel =
        may(&["draft", "due"]).then(|| act_button("quiet", t("posts.cancel"), act, remove));
    let question = || Question {
        button: ("quiet", t("posts.remove")),
        sure: t("posts.remove_sure"),
        yes: ("alert", t("posts.remove")),
        no: t("posts.remove_not"),
    };
    let take_down = may(&["published", "corrected"]).then(|| confirm(question(), act, remove));
    let sku = post.text("sku");
    view! {
        <li class="parcel">
            <p class="row">{link(Place::Sku(sku.clone()).href(), sku)}{state}</p>
            <p class="post" dir="auto">{words}</p>
            <p class="soft">{named("post_moment", &post.text("moment"))}" · "{at}</p>
            <ul class="goods">{copies}</ul>
            <div class="row">{approve}{cancel}{take_down}</div>
            {refusal(act)}
        </li>
    }
    .into_any()
}

// Where it is on a network, and why not.
fn copy(copy: &Value) -> AnyView {
    let network = named("network", &copy.text("network"));
    let (status, url) = (copy.text("status"), copy.text("url"));
    let name = match url.is_empty() {
        true => view! { {network} }.into_any(),
        false => link(url, network),
    };
    let tone = match status.as_str() {
        "posted" => "ready",
        "failed" => "alert",
        "removed" => "gone",
        _ => "wait",
    };
    let failure = copy.text("failure");
    let failure = (!failure.is_empty())
        .then(|| view! { " "<span class="soft" lang="en" dir="auto">{failure}</span> }.into_any());
    view! { <li>{name}" "{mark(tone, named("copy_status", &status))}{failure}</li> }.into_any()
}

fn rules(policy: &Value, tried: RwSignal<String>, load: Load) -> AnyView {
    let (app, act) = (App::here(), Act::new());
    let moments = MOMENTS.map(|moment| {
        let template = policy.at("moments").text(moment);
        let is_on = !template.is_empty();
        let template = match is_on {
            true => template,
            false => named("post_template", moment),
        };
        (moment, RwSignal::new(is_on), RwSignal::new(template))
    });
    let networks = policy.texts("networks");
    let networks = NETWORKS.map(|network| {
        let is_on = networks.iter().any(|one| one == network);
        (network, RwSignal::new(is_on))
    });
    let text = |name: &str| RwSignal::new(policy.text(name));
    let (correction, outdated, language) =
        (text("correction"), text("when_outdated"), text("language"));
    let (from, until) = (text("from"), text("until"));
    let count = |name: &str| RwSignal::new(policy.count(name).unwrap_or(0).to_string());
    let (per_day, per_sku) = (count("per_day"), count("per_sku_days"));
    let approve = RwSignal::new(policy.flag("approve"));
    let save = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let mut picked = json!({});
        for (moment, is_on, template) in moments {
            picked[moment] = json!(some(template).filter(|_| is_on.get_untracked()));
        }
        let networks = networks.iter().filter(|(_, is_on)| is_on.get_untracked());
        let networks: Vec<&str> = networks.map(|(network, _)| *network).collect();
        let body = json!({
            "moments": picked,
            "correction": some(correction),
            "networks": networks,
            "language": language.get_untracked(),
            "approve": approve.get_untracked(),
            "from": some(from),
            "until": some(until),
            "per_day": whole(per_day),
            "per_sku_days": whole(per_sku),
            "when_outdated": outdated.get_untracked(),
        });
        act.run(ask::put("/v1/posts/policy", &body), move |_| {
            app.say(t("settings.saved"));
            load.again();
        });
    };
    let choices = |kind: &str, names: &[&str]| {
        let names = names.iter();
        let names = names.map(|name| ((*name).to_owned(), named(kind, name)));
        names.collect::<Vec<_>>()
    };
    let fields = moments.map(|(moment, is_on, template)| {
        let words = move || {
            is_on
                .get()
                .then(|| template_field("posts.template", template, tried))
        };
        view! { {check_field(named("post_moment", moment), is_on)}{anew(words)} }.into_any()
    });
    let fields: Vec<_> = fields.into_iter().collect();
    let places = networks.map(|(network, is_on)| check_field(named("network", network), is_on));
    let places: Vec<_> = places.into_iter().collect();
    let follows = move || {
        let is_followed = outdated.get() == "follow_up";
        is_followed.then(|| template_field("posts.correction", correction, tried))
    };
    let languages = LANGUAGES.into_iter().flat_map(|(tag, name)| match tag {
        "en" => vec![
            ("en-US".to_owned(), format!("{name} (US)")),
            ("en-GB".to_owned(), format!("{name} (GB)")),
        ],
        tag => vec![(tag.to_owned(), name.to_owned())],
    });
    let send = app.may_change().then(|| submit(t("settings.save"), act));
    let body = view! {
        <fieldset>
            <legend class="hidden">{t("posts.moments")}</legend>
            <p class="soft">{t("posts.places_hint")}</p>
            {fields}
            {hinted_field(t("posts.tried"), "text", tried, t("posts.tried_hint"))}
        </fieldset>
        <fieldset>
            <legend>{t("posts.where")}</legend>
            {places}
            <p class="soft">{t("posts.where_hint")}</p>
            {select_field(t("posts.language"), language, languages.collect())}
        </fieldset>
        <fieldset>
            <legend>{t("posts.when")}</legend>
            {check_field(t("posts.approve_first"), approve)}
            <div class="row">{field(t("posts.from"), "time*", from)}{field(t("posts.until"), "time*", until)}</div>
            {said_field(t("posts.per_day"), "number*", per_day, |count| say("posts.per_day_says", &[("count", &count)]))}
            {said_field(t("posts.per_sku"), "number*", per_sku, |days| say("posts.per_sku_says", &[("days", &days)]))}
        </fieldset>
        <fieldset>
            <legend>{t("posts.outdated")}</legend>
            {select_field(t("posts.when_outdated"), outdated, choices("post_outdated", &OUTDATED))}
            {anew(follows)}
        </fieldset>
        {refusal(act)}
        {send}
    }.into_any();
    parts::form("policy", save, body)
}

// Words with places, and what they would say of the SKU that they are tried on.
fn template_field(
    key: &'static str,
    template: RwSignal<String>,
    tried: RwSignal<String>,
) -> AnyView {
    let trying = Act::new();
    let said = RwSignal::new(None::<Value>);
    let asked = RwSignal::new(String::new());
    let make = move |_| {
        let (sku, template) = (some(tried), some(template));
        if sku.is_none() || template.is_none() {
            said.set(None);
            return;
        }
        let body = json!({ "sku": sku, "template": template });
        trying.run_latest(ask::post("/v1/posts/preview", &body), move |made| {
            said.try_set(Some(made));
        });
    };
    Effect::new(move |_| asked.set([tried.get(), template.get()].join("\n")));
    paused(asked, PAUSE_MS, make);
    let shown = move || {
        said.get().map(|made| {
            let is_shortened = made.flag("is_shortened");
            let shortened = is_shortened
                .then(|| view! { <p class="soft">{t("posts.shortened")}</p> }.into_any());
            view! { <p class="post" dir="auto">{made.text("text")}</p>{shortened} }.into_any()
        })
    };
    view! {
        {area_field(t(key), 2, template)}
        <div class="made">{anew(shown)}{refusal(trying)}</div>
    }
    .into_any()
}

// A post that goes when the merchant says.
fn own_post(list: Paged) -> AnyView {
    let (app, act) = (App::here(), Act::new());
    let [sku, at] = [(); 2].map(|()| RwSignal::new(String::new()));
    let template = RwSignal::new(named("post_template", "new_date"));
    let make = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        // A day and a time on the reader's clock.
        let at = some(at).map(|at| crate::format::instant(&at));
        let body = json!({ "sku": some(sku), "template": some(template), "at": at });
        act.run(ask::post("/v1/posts", &body), move |_| {
            app.say(t("posts.made"));
            sku.set(String::new());
            list.again();
        });
    };
    parts::form(
        "",
        make,
        view! {
            {field(t("common.sku"), "text*", sku)}
            {template_field("posts.words", template, sku)}
            {hinted_field(t("posts.at"), "datetime-local", at, t("posts.at_hint"))}
            {refusal(act)}
            {submit(t("posts.make"), act)}
        }
        .into_any(),
    )
}
