//! Signing in and out, for how long it holds, and what the cookie opens.

use chrono::TimeDelta;
use serde_json::{Value, json};
use server::catalogue::KeyKind;
use server::demo::{OWNER_EMAIL, OWNER_PASSWORD};
use server::limits::Limits;
use server::operations::members::{NewMember, add_directly};
use server::operations::records::Role;

use crate::desk::{ANNA, Desk, PASSWORD};

#[tokio::test]
async fn whoever_signs_in_is_who_they_are_until_they_sign_out() {
    let desk = Desk::new().await;
    let browser = desk.browser(1);
    assert_eq!(browser.get("/v1/session").await.code(), "login_required");

    let reply = browser
        .sign_in("  Anna@Shop.Example ", PASSWORD, None)
        .await;
    assert_eq!(reply.status, 200);
    let set = reply.headers["set-cookie"].to_str().expect("text");
    let (cookie, rules) = set.split_once("; ").expect("rules");
    assert_eq!(rules, "Secure; HttpOnly; SameSite=Lax; Path=/");
    let token = cookie.strip_prefix("__Host-sid=").expect("its name");
    assert_eq!(token.len(), "default.".len() + 64);
    let session = reply.json();
    assert_eq!(session["member"]["email"], ANNA);
    assert_eq!(session["member"]["role"], "owner");
    assert_eq!(session["member"]["totp"], false);
    assert_eq!(session["store"], "default");
    assert_eq!(session["title"], "default");
    assert_eq!(session["expires_at"], "2026-11-24T03:00:00Z");
    assert_eq!(reply.headers["cache-control"], "no-store");

    let shown = browser.get("/v1/session").await;
    assert_eq!((shown.status, shown.json()), (200, session));
    let cookie = browser.cookie();

    let out = browser.ask("DELETE", "/v1/session", Value::Null).await;
    assert_eq!(out.status, 204);
    assert_eq!(
        out.headers["set-cookie"],
        "__Host-sid=; Secure; HttpOnly; SameSite=Lax; Path=/; Max-Age=0"
    );
    browser.show(cookie);
    let over = browser.get("/v1/session").await;
    assert_eq!((over.status, over.code().as_str()), (401, "login_required"));
    // Whoever is signed out already is signed out.
    let again = browser.ask("DELETE", "/v1/session", Value::Null).await;
    assert_eq!(again.status, 204);
    desk.shop.assert_sound().await;
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_are_answered_alike() {
    let desk = Desk::new().await;
    let browser = desk.browser(1);
    let mut replies = Vec::new();
    for (email, password) in [
        (ANNA, "wrong horse"),
        ("nobody@shop.example", PASSWORD),
        ("no address", ""),
        (ANNA, &"x".repeat(10_000)),
    ] {
        let reply = browser.sign_in(email, password, None).await;
        assert_eq!(reply.headers.get("set-cookie"), None);
        replies.push((reply.status, reply.json()));
    }
    assert_eq!(replies[0].0, 401);
    assert_eq!(replies[0].1["code"], "login_failed");
    assert!(
        replies.iter().all(|reply| *reply == replies[0]),
        "{replies:?}"
    );
    let elsewhere = json!({"email": ANNA, "password": PASSWORD, "store": "../no"});
    let reply = browser.ask("POST", "/v1/session", elsewhere).await;
    assert_eq!(reply.code(), "login_failed");
}

#[tokio::test]
async fn ten_that_fail_in_a_quarter_of_an_hour_are_enough_for_an_account_and_for_an_address() {
    let desk = Desk::new().await;
    desk.add(&desk.shop.store, "ben@shop.example", Role::Staff)
        .await;
    // Those that succeed are not counted.
    let office = desk.browser(1);
    for _ in 0..11 {
        assert_eq!(office.sign_in(ANNA, PASSWORD, None).await.status, 200);
    }
    for unknown in [false, true] {
        let account = if unknown { "nobody@shop.example" } else { ANNA };
        for at in 0..10 {
            let attacker = desk.browser(100 + at);
            let reply = attacker.sign_in(account, "wrong horse", None).await;
            assert_eq!(reply.code(), "login_failed");
        }
        let refused = desk.browser(99).sign_in(account, PASSWORD, None).await;
        assert_eq!(refused.status, 429);
        assert_eq!(refused.code(), "too_many_logins");
        let wait = refused.headers["retry-after"].to_str().expect("text");
        assert_eq!(wait, "901");
    }
    // The same account from anywhere; but another one, from where nothing failed.
    assert_eq!(office.sign_in(ANNA, PASSWORD, None).await.status, 429);
    assert_eq!(
        office
            .sign_in("ben@shop.example", PASSWORD, None)
            .await
            .status,
        200
    );
    // Whoever is signed in stays so.
    assert_eq!(office.status().await, 200);

    desk.pass(TimeDelta::minutes(14));
    for at in 0..10 {
        let guess = format!("guess-{at}@shop.example");
        let reply = office.sign_in(&guess, PASSWORD, None).await;
        assert_eq!(reply.code(), "login_failed");
    }
    let refused = office.sign_in("ben@shop.example", PASSWORD, None).await;
    assert_eq!(refused.code(), "too_many_logins");

    desk.pass(TimeDelta::minutes(1));
    let elsewhere = desk.browser(2);
    assert_eq!(elsewhere.sign_in(ANNA, PASSWORD, None).await.status, 200);
    desk.pass(TimeDelta::minutes(14));
    assert_eq!(
        office
            .sign_in("ben@shop.example", PASSWORD, None)
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn many_attempts_at_once_are_no_more_than_many_in_a_row() {
    let desk = Desk::new().await;
    let attacker = desk.browser(1);
    let attempts = (0..30).map(|at| {
        let attacker = &attacker;
        async move {
            let guess = format!("guess number {at}");
            attacker.sign_in(ANNA, &guess, None).await.status
        }
    });
    let statuses = futures_util::future::join_all(attempts).await;
    let failed = statuses.iter().filter(|status| **status == 401).count();
    let refused = statuses.iter().filter(|status| **status == 429).count();
    assert_eq!((failed, refused), (10, 20));
}

#[tokio::test]
async fn a_session_ends_after_twelve_hours_without_use_and_after_seven_days() {
    let desk = Desk::new().await;
    let browser = desk.signed_in(ANNA).await;
    desk.pass(TimeDelta::hours(12) - TimeDelta::seconds(1));
    let session = browser.get("/v1/session").await.json();
    assert_eq!(session["expires_at"], "2026-11-24T14:59:59Z");
    desk.pass(TimeDelta::hours(12));
    assert_eq!(browser.status().await, 401);

    let browser = desk.signed_in(ANNA).await;
    for _ in 0..15 {
        desk.pass(TimeDelta::hours(11));
        assert_eq!(browser.status().await, 200);
    }
    desk.pass(TimeDelta::hours(3) - TimeDelta::seconds(1));
    assert_eq!(browser.status().await, 200);
    desk.pass(TimeDelta::seconds(1));
    assert_eq!(browser.status().await, 401);
    assert_eq!(browser.get("/v1/orders").await.code(), "login_required");
}

#[tokio::test]
async fn signing_in_again_and_another_password_take_the_place_of_what_was_shown_before() {
    let desk = Desk::new().await;
    let browser = desk.signed_in(ANNA).await;
    let first = browser.cookie();
    assert_eq!(browser.sign_in(ANNA, PASSWORD, None).await.status, 200);
    let second = browser.cookie();
    assert_ne!(first, second);
    let old = desk.browser(1);
    old.show(first);
    assert_eq!(old.status().await, 401);

    let phone = desk.signed_in(ANNA).await;
    let wrong = json!({"old": "wrong horse", "new": "battery staple"});
    let refused = browser.ask("PUT", "/v1/session/password", wrong).await;
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (422, "wrong_password")
    );
    assert_eq!(refused.pointer(), "/old");
    let short = json!({"old": PASSWORD, "new": "staple"});
    let refused = browser.ask("PUT", "/v1/session/password", short).await;
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (422, "password_too_short")
    );
    assert_eq!(phone.status().await, 200);

    let change = json!({"old": PASSWORD, "new": "battery staple"});
    let changed = browser.ask("PUT", "/v1/session/password", change).await;
    assert_eq!(changed.status, 200);
    assert_eq!(changed.json()["member"]["email"], ANNA);
    assert_ne!(browser.cookie(), second);
    assert_eq!(browser.status().await, 200);
    assert_eq!(phone.status().await, 401);
    old.show(second);
    assert_eq!(old.status().await, 401);
    assert_eq!(
        old.sign_in(ANNA, PASSWORD, None).await.code(),
        "login_failed"
    );
    assert_eq!(old.sign_in(ANNA, "battery staple", None).await.status, 200);
    desk.shop.assert_sound().await;
}

#[tokio::test]
async fn with_the_cookie_a_merchants_routes_answer_as_to_a_secret_key() {
    let desk = Desk::new().await;
    let browser = desk.signed_in(ANNA).await;
    let put = browser
        .ask("PUT", "/v1/skus/cc-mug", json!({"title": "Mug"}))
        .await;
    assert_eq!(put.status, 200);
    assert_eq!(browser.get("/v1/skus/cc-mug").await.json()["title"], "Mug");
    // Requests that do something once still have to be named.
    let order = json!({"lines": [{"sku": "cc-mug", "quantity": 1}]});
    let refused = browser.ask("POST", "/v1/orders", order).await;
    assert_eq!(refused.code(), "idempotency_key_required");
    let key = browser
        .post("/v1/keys", "first", json!({"kind": "secret"}))
        .await;
    assert_eq!(key.status, 201);

    // A header comes first: whoever shows a key is who the key says.
    let wrong = browser.request("GET", "/v1/orders");
    let wrong = wrong.header("authorization", "Bearer sk_live_nothing");
    assert_eq!(browser.send(wrong, Value::Null).await.code(), "invalid_key");
    let key = key.json()["key"].as_str().expect("a key").to_owned();
    let right = desk.browser(1).of_any_page("PUT", "/v1/skus/cc-cup");
    let right = right.header("authorization", format!("Bearer {key}"));
    assert_eq!(browser.send(right, json!({})).await.status, 200);

    // What is no session is refused, whatever it looks like.
    for wrong in [
        "default.",
        "default.00",
        "nowhere.00",
        "...",
        "%",
        "default",
    ] {
        let stranger = desk.browser(1);
        stranger.show(Some(format!("__Host-sid={wrong}")));
        let refused = stranger.get("/v1/orders").await;
        assert_eq!(
            (refused.status, refused.code().as_str()),
            (401, "login_required")
        );
    }
    let nobody = desk.browser(1).get("/v1/orders").await;
    assert_eq!(
        (nobody.status, nobody.code().as_str()),
        (401, "key_required")
    );
}

#[tokio::test]
async fn the_cookie_opens_nothing_that_shoppers_see() {
    let desk = Desk::new().await;
    let browser = desk.signed_in(ANNA).await;
    for path in ["/v1/availability?sku=cc-mug", "/v1/jsonld/cc-mug.json"] {
        let refused = browser.get(path).await;
        assert_eq!(
            (refused.status, refused.code().as_str()),
            (401, "key_required")
        );
    }
    desk.shop
        .key(&desk.shop.store, KeyKind::Publishable, "pk_live_test")
        .await;
    let other = desk.browser(1);
    let with = "/v1/availability?sku=cc-mug&key=pk_live_test";
    assert_eq!(browser.get(with).await.body, other.get(with).await.body);
}

#[tokio::test]
async fn only_a_page_of_the_server_itself_changes_something_with_the_cookie() {
    let desk = Desk::with(
        Limits::default(),
        r#"{"public_url": "https://public.example/ships"}"#,
    )
    .await;
    desk.add(&desk.shop.store, ANNA, Role::Owner).await;
    let browser = desk.signed_in(ANNA).await;
    let cases: [(&[(&str, &str)], bool); 13] = [
        (&[], false),
        (&[("sec-fetch-site", "same-origin")], true),
        (&[("sec-fetch-site", "same-site")], false),
        (&[("sec-fetch-site", "cross-site")], false),
        (&[("sec-fetch-site", "none")], false),
        (&[("origin", "https://ships.example")], true),
        (&[("origin", "http://ships.example")], true),
        (&[("origin", "https://ships.example.evil.example")], false),
        (&[("origin", "https://ships.example:8443")], false),
        (&[("origin", "https://public.example")], true),
        (&[("origin", "https://evil.example")], false),
        (&[("origin", "null")], false),
        (
            &[
                ("sec-fetch-site", "cross-site"),
                ("origin", "https://ships.example"),
            ],
            false,
        ),
    ];
    for (headers, allowed) in cases {
        let with = |method: &str, path: &str| {
            let request = browser.of_any_page(method, path);
            headers.iter().fold(request, |request, (name, value)| {
                request.header(*name, *value)
            })
        };
        let put = browser
            .send(with("PUT", "/v1/skus/cc-mug"), json!({}))
            .await;
        let expected = if allowed {
            (200, "")
        } else {
            (403, "cross_site")
        };
        assert_eq!((put.status, put.code().as_str()), expected, "{headers:?}");
        // Looking changes nothing, and the page that looks cannot read the answer.
        let looked = browser.send(with("GET", "/v1/orders"), Value::Null).await;
        assert_eq!(looked.status, 200);
        assert_eq!(looked.headers.get("access-control-allow-origin"), None);
    }
    // Nobody is signed in by another site's page either.
    let stranger = desk.browser(1);
    let foreign = stranger.of_any_page("POST", "/v1/session");
    let foreign = foreign.header("sec-fetch-site", "cross-site");
    let body = json!({"email": ANNA, "password": PASSWORD});
    let refused = stranger.send(foreign, body.clone()).await;
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (403, "cross_site")
    );
    let program = stranger.of_any_page("POST", "/v1/session");
    assert_eq!(stranger.send(program, body).await.status, 200);
}

#[tokio::test]
async fn whoever_works_for_two_stores_signs_in_to_the_older_or_to_the_one_they_name() {
    let desk = Desk::empty().await;
    let other = desk.shop.add_store("another").await;
    desk.add(&desk.shop.store, ANNA, Role::Owner).await;
    desk.pass(TimeDelta::seconds(1));
    desk.add(&other, ANNA, Role::Owner).await;
    let browser = desk.signed_in(ANNA).await;
    assert_eq!(browser.get("/v1/session").await.json()["store"], "default");
    browser.ask("PUT", "/v1/skus/cc-mug", json!({})).await;

    let named = json!({"email": ANNA, "password": PASSWORD, "store": "another"});
    let first = browser.cookie();
    let reply = browser.ask("POST", "/v1/session", named).await;
    assert_eq!(reply.json()["store"], "another");
    assert_eq!(browser.get("/v1/skus/cc-mug").await.status, 404);
    // What it showed before opens nothing, nor does another store's name before it.
    let forged = browser
        .cookie()
        .expect("a cookie")
        .replace("another", "default");
    for cookie in [first, Some(forged)] {
        let old = desk.browser(1);
        old.show(cookie);
        assert_eq!(old.status().await, 401);
    }
}

#[tokio::test]
async fn the_demos_owner_opens_the_demo_alone() {
    let demo = Limits {
        demo_keys: true,
        ..Limits::default()
    };
    for (limits, expected) in [(demo, 200), (Limits::default(), 401)] {
        let desk = Desk::with(limits, "{}").await;
        let owner = NewMember {
            id: [1; 8],
            email: OWNER_EMAIL.into(),
            name: "Robin".into(),
            role: Role::Owner,
            password: OWNER_PASSWORD.into(),
            salt: [1; 16],
        };
        let (database, store) = (&desk.shop.app.store, &desk.shop.store);
        let added = add_directly(database, store, owner, desk.now(), "test").await;
        added.expect("an owner");
        let reply = desk
            .browser(1)
            .sign_in(OWNER_EMAIL, OWNER_PASSWORD, None)
            .await;
        assert_eq!(reply.status, expected);
    }
}
