//! Who may sign in, what they may do, codes from a phone, and the log of what they did.

use chrono::TimeDelta;
use serde_json::{Value, json};
use server::limits::Limits;
use server::operations::members::reset_directly;
use server::operations::records::Role;
use server::totp;

use crate::desk::{ANNA, Browser, Desk, PASSWORD};

const BEN: &str = "ben@shop.example";

#[tokio::test]
async fn the_first_owner_is_made_with_the_link_once() {
    let desk = Desk::empty().await;
    let browser = desk.browser(1);
    assert_eq!(
        browser.get("/v1/setup").await.json(),
        json!({"is_open": true})
    );
    let token = desk.setup_token(5).await.expect("a link");
    let first =
        |token: &str| json!({"token": token, "email": ANNA, "password": PASSWORD, "name": "Anna"});
    for wrong in ["", "default.00", &token.replace("default", "another")] {
        let refused = browser.ask("POST", "/v1/setup", first(wrong)).await;
        assert_eq!(
            (refused.status, refused.code().as_str()),
            (401, "setup_token_unknown")
        );
    }
    desk.pass(TimeDelta::days(7));
    let late = browser.ask("POST", "/v1/setup", first(&token)).await;
    assert_eq!(late.code(), "setup_token_unknown");

    let token = desk.setup_token(6).await.expect("another link");
    let (one, two) = (desk.browser(1), desk.browser(2));
    let (one_made, two_made) = tokio::join!(
        one.ask("POST", "/v1/setup", first(&token)),
        two.ask("POST", "/v1/setup", first(&token))
    );
    let mut outcomes = [
        (one_made.status, one_made.code()),
        (two_made.status, two_made.code()),
    ];
    outcomes.sort();
    assert_eq!(
        outcomes,
        [(200, String::new()), (409, "setup_closed".into())]
    );
    let made = if one_made.status == 200 { one } else { two };
    let session = made.get("/v1/session").await.json();
    assert_eq!(session["member"]["role"], "owner");
    assert_eq!(session["member"]["name"], "Anna");
    assert_eq!(
        made.get("/v1/setup").await.json(),
        json!({"is_open": false})
    );
    assert_eq!(desk.setup_token(7).await, None);
    assert_eq!(
        made.get("/v1/audit").await.json()["items"][0]["action"],
        "POST /v1/setup"
    );
    desk.shop.assert_sound().await;
}

async fn add(owner: &Browser<'_>, email: &str, role: &str) -> Value {
    let body = json!({"email": email, "name": "Ben", "role": role, "password": PASSWORD});
    let added = owner.post("/v1/members", email, body).await;
    assert_eq!(added.status, 201, "{}", added.code());
    added.json()
}

#[tokio::test]
async fn owners_add_change_and_remove_members_but_never_the_last_owner() {
    let desk = Desk::new().await;
    let owner = desk.signed_in(ANNA).await;
    // Members are listed by when they came.
    desk.pass(TimeDelta::seconds(1));
    let ben = add(&owner, BEN, "staff").await;
    assert_eq!(ben["email"], BEN);
    assert_eq!(ben["role"], "staff");
    assert_eq!(ben["totp"], false);
    let id = ben["id"].as_str().expect("an id");
    // The same request again adds nobody; another one for the address is refused.
    let body = json!({"email": BEN, "name": "Ben", "role": "staff", "password": PASSWORD});
    let again = owner.post("/v1/members", BEN, body.clone()).await;
    assert_eq!((again.status, again.json()), (201, ben.clone()));
    assert_eq!(again.headers["idempotent-replayed"], "true");
    let taken = owner.post("/v1/members", "another", body.clone()).await;
    assert_eq!((taken.status, taken.code().as_str()), (409, "email_taken"));
    for (field, value, code) in [
        ("email", "no address", "invalid_email"),
        ("role", "boss", "invalid_role"),
        ("password", "1234567", "password_too_short"),
    ] {
        let mut body = body.clone();
        body[field] = value.into();
        let refused = owner.post("/v1/members", field, body).await;
        assert_eq!((refused.status, refused.code().as_str()), (422, code));
    }

    let items = owner.get("/v1/members").await.json()["items"].clone();
    let emails: Vec<&str> = items
        .as_array()
        .expect("a list")
        .iter()
        .map(|member| member["email"].as_str().expect("an address"))
        .collect();
    assert_eq!(emails, [ANNA, BEN]);
    assert!(!items.to_string().contains("argon2"), "{items}");

    // A name is nothing that has to be signed in for again; a role and a password are.
    let path = format!("/v1/members/{id}");
    let his = desk.signed_in(BEN).await;
    let named = owner.ask("PATCH", &path, json!({"name": "Benedict"})).await;
    assert_eq!(
        (named.status, named.json()["name"].as_str()),
        (200, Some("Benedict"))
    );
    assert_eq!(his.status().await, 200);
    owner.ask("PATCH", &path, json!({"role": "owner"})).await;
    assert_eq!(his.status().await, 401);
    let his = desk.signed_in(BEN).await;
    owner
        .ask("PATCH", &path, json!({"password": "battery staple"}))
        .await;
    assert_eq!(his.status().await, 401);
    assert_eq!(his.sign_in(BEN, "battery staple", None).await.status, 200);

    // Whoever gives a role of their own up goes on with it, and with another session.
    let me = items[0]["id"].as_str().expect("an id");
    let mine = format!("/v1/members/{me}");
    let before = owner.cookie();
    let demoted = owner.ask("PATCH", &mine, json!({"role": "staff"})).await;
    assert_eq!(demoted.status, 200);
    assert_ne!(owner.cookie(), before);
    assert_eq!(
        owner.get("/v1/session").await.json()["member"]["role"],
        "staff"
    );
    assert_eq!(owner.get("/v1/members").await.code(), "role_not_allowed");

    for refused in [
        his.ask("PATCH", &path, json!({"role": "read_only"})).await,
        his.ask("DELETE", &path, Value::Null).await,
    ] {
        assert_eq!(
            (refused.status, refused.code().as_str()),
            (409, "last_owner")
        );
    }
    assert_eq!(his.status().await, 200);
    assert_eq!(his.ask("DELETE", &mine, Value::Null).await.status, 204);
    assert_eq!(owner.status().await, 401);
    assert_eq!(his.ask("DELETE", &mine, Value::Null).await.status, 404);
    let unknown = his.ask("PATCH", "/v1/members/mem_00", json!({})).await;
    assert_eq!(unknown.status, 404);
    desk.shop.assert_sound().await;
}

#[tokio::test]
async fn two_owners_who_remove_each_other_leave_one() {
    let desk = Desk::new().await;
    desk.add(&desk.shop.store, BEN, Role::Owner).await;
    let (anna, ben) = (desk.signed_in(ANNA).await, desk.signed_in(BEN).await);
    let items = anna.get("/v1/members").await.json()["items"].clone();
    let path = |email: &str| {
        let items = items.as_array().expect("a list").iter();
        let found = items.clone().find(|member| member["email"] == email);
        format!(
            "/v1/members/{}",
            found.expect("a member")["id"].as_str().expect("an id")
        )
    };
    let (hers, his) = (path(ANNA), path(BEN));
    let (one, two) = tokio::join!(
        anna.ask("DELETE", &his, Value::Null),
        ben.ask("DELETE", &hers, Value::Null)
    );
    let done = [one.status, two.status]
        .iter()
        .filter(|status| **status == 204)
        .count();
    assert_eq!(done, 1, "{} {}", one.status, two.status);
    let left = desk
        .shop
        .app
        .store
        .members(&desk.shop.store)
        .await
        .expect("members");
    assert_eq!(left.len(), 1);
}

#[tokio::test]
async fn roles_allow_what_they_say() {
    let desk = Desk::new().await;
    let store = &desk.shop.store;
    desk.add(store, BEN, Role::Staff).await;
    desk.add(store, "cleo@shop.example", Role::ReadOnly).await;
    let owner = desk.signed_in(ANNA).await;
    let staff = desk.signed_in(BEN).await;
    let reader = desk.signed_in("cleo@shop.example").await;
    let settings = owner.get("/v1/store").await.json();
    for (method, path, body, statuses) in [
        ("GET", "/v1/skus", Value::Null, [200, 200, 200]),
        ("PUT", "/v1/skus/cc-mug", json!({}), [200, 200, 403]),
        ("GET", "/v1/store", Value::Null, [200, 200, 200]),
        (
            "PUT",
            "/v1/store",
            json!({"name": settings["name"]}),
            [200, 403, 403],
        ),
        ("GET", "/v1/keys", Value::Null, [200, 403, 403]),
        ("DELETE", "/v1/keys/key_none", Value::Null, [404, 403, 403]),
        ("GET", "/v1/members", Value::Null, [200, 403, 403]),
        ("GET", "/v1/audit", Value::Null, [200, 200, 200]),
    ] {
        for (browser, status) in [&owner, &staff, &reader].iter().zip(statuses) {
            let reply = browser.ask(method, path, body.clone()).await;
            assert_eq!(reply.status, status, "{method} {path} {}", reply.code());
            if status == 403 {
                assert_eq!(reply.code(), "role_not_allowed");
            }
        }
    }
    // One's own account is one's own, whatever the role.
    let change = json!({"old": PASSWORD, "new": "battery staple"});
    assert_eq!(
        reader
            .ask("PUT", "/v1/session/password", change)
            .await
            .status,
        200
    );
    assert_eq!(
        reader
            .ask("DELETE", "/v1/session", Value::Null)
            .await
            .status,
        204
    );
}

/// What a phone shows that was told a secret in base 32.
struct Phone(Vec<u8>);

impl Phone {
    fn told(secret: &str) -> Self {
        let digits = secret.bytes().map(|letter| match letter {
            b'A'..=b'Z' => letter - b'A',
            _ => letter - b'2' + 26,
        });
        let (mut bytes, mut kept, mut bits) = (Vec::new(), 0_u32, 0);
        for digit in digits {
            kept = kept << 5 | u32::from(digit);
            bits += 5;
            if 8 <= bits {
                bits -= 8;
                bytes.push(u8::try_from(kept >> bits & 255).expect("a byte"));
            }
        }
        Self(bytes)
    }

    fn shows(&self, desk: &Desk) -> String {
        let seconds = u64::try_from(desk.now().timestamp()).expect("after 1970");
        totp::code_at(&self.0, seconds)
    }
}

#[tokio::test]
async fn a_code_opens_once_and_so_does_what_stands_for_it() {
    let key = "c2l4dGVlbiBieXRlcyBhbmQgYXMgbWFueSBhZ2FpbiE=";
    for accounts in ["{}".to_owned(), format!(r#"{{"totp_key": "{key}"}}"#)] {
        let desk = Desk::with(Limits::default(), &accounts).await;
        desk.add(&desk.shop.store, ANNA, Role::Owner).await;
        let browser = desk.signed_in(ANNA).await;
        let totp = "/v1/session/totp";
        let early = browser.ask("PUT", totp, json!({"code": "123456"})).await;
        assert_eq!(
            (early.status, early.code().as_str()),
            (409, "totp_not_begun")
        );
        let begun = browser.ask("POST", totp, Value::Null).await;
        assert_eq!(begun.status, 200);
        let begun = begun.json();
        let secret = begun["secret"].as_str().expect("a secret");
        assert_eq!(secret.len(), 32);
        let uri = begun["uri"].as_str().expect("a URI");
        assert!(
            uri.starts_with("otpauth://totp/default:anna%40shop%2Eexample?"),
            "{uri}"
        );
        assert!(uri.contains(&format!("secret={secret}&")), "{uri}");
        let phone = Phone::told(secret);

        // Where the server has a key, what the database has is not the secret.
        let members = desk
            .shop
            .app
            .store
            .members(&desk.shop.store)
            .await
            .expect("members");
        let seed = members[0].totp_seed.expect("a seed");
        assert_eq!(seed[..] == phone.0[..], accounts == "{}");

        // Until it is confirmed nothing is asked for.
        assert_eq!(
            desk.browser(2).sign_in(ANNA, PASSWORD, None).await.status,
            200
        );
        let wrong = browser.ask("PUT", totp, json!({"code": "12345"})).await;
        assert_eq!((wrong.status, wrong.code().as_str()), (422, "wrong_code"));
        let code = phone.shows(&desk);
        let confirmed = browser.ask("PUT", totp, json!({"code": code})).await;
        assert_eq!(confirmed.status, 200, "{}", confirmed.code());
        let recovery = confirmed.json()["recovery_codes"].clone();
        let recovery: Vec<String> = serde_json::from_value(recovery).expect("codes");
        assert_eq!(recovery.len(), 10);
        assert_eq!(
            browser.get("/v1/session").await.json()["member"]["totp"],
            true
        );
        assert_eq!(
            browser.ask("POST", totp, Value::Null).await.code(),
            "totp_on"
        );

        let other = desk.browser(3);
        let sign_in = async |code: Option<&str>| {
            let reply = other.sign_in(ANNA, PASSWORD, code).await;
            (reply.status, reply.code())
        };
        let needed = (401, "code_required".to_owned());
        let in_it_is = (200, String::new());
        assert_eq!(sign_in(None).await, needed);
        assert_eq!(sign_in(Some("")).await, needed);
        assert_eq!(sign_in(Some("000000")).await, needed);
        // The one that confirmed was used.
        assert_eq!(sign_in(Some(&code)).await, needed);
        assert_eq!(
            other.sign_in(ANNA, "wrong horse", Some(&code)).await.code(),
            "login_failed"
        );
        desk.pass(TimeDelta::seconds(30));
        let next = phone.shows(&desk);
        let spaced = format!(" {} {}", &next[..3], &next[3..]);
        assert_eq!(sign_in(Some(&spaced)).await, in_it_is);
        assert_eq!(sign_in(Some(&next)).await, needed);
        // One of a step before the last that was used opens no more, whatever the clock says.
        assert_eq!(sign_in(Some(&code)).await, needed);

        let typed = recovery[0].to_lowercase();
        assert_eq!(sign_in(Some(&typed)).await, in_it_is);
        assert_eq!(sign_in(Some(&recovery[0])).await, needed);

        let wrong = browser.ask("DELETE", totp, json!({"code": next})).await;
        assert_eq!((wrong.status, wrong.code().as_str()), (422, "wrong_code"));
        let ended = browser
            .ask("DELETE", totp, json!({"code": recovery[1]}))
            .await;
        assert_eq!(ended.status, 204);
        assert_eq!(sign_in(None).await, in_it_is);
        let again = browser
            .ask("DELETE", totp, json!({"code": recovery[2]}))
            .await;
        assert_eq!((again.status, again.code().as_str()), (409, "totp_off"));
        desk.shop.assert_sound().await;
    }
}

#[tokio::test]
async fn of_many_who_show_the_same_code_at_once_one_gets_in() {
    let desk = Desk::new().await;
    let browser = desk.signed_in(ANNA).await;
    let begun = browser
        .ask("POST", "/v1/session/totp", Value::Null)
        .await
        .json();
    let phone = Phone::told(begun["secret"].as_str().expect("a secret"));
    let confirmed = json!({"code": phone.shows(&desk)});
    assert_eq!(
        browser
            .ask("PUT", "/v1/session/totp", confirmed)
            .await
            .status,
        200
    );
    desk.pass(TimeDelta::seconds(30));
    let code = phone.shows(&desk);
    let attempts = (0..8).map(|at| {
        let (desk, code) = (&desk, &code);
        async move {
            desk.browser(at)
                .sign_in(ANNA, PASSWORD, Some(code))
                .await
                .status
        }
    });
    let statuses = futures_util::future::join_all(attempts).await;
    assert_eq!(
        statuses.iter().filter(|status| **status == 200).count(),
        1,
        "{statuses:?}"
    );
}

#[tokio::test]
async fn codes_that_are_guessed_are_counted_like_passwords() {
    let desk = Desk::new().await;
    let browser = desk.signed_in(ANNA).await;
    let begun = browser
        .ask("POST", "/v1/session/totp", Value::Null)
        .await
        .json();
    let phone = Phone::told(begun["secret"].as_str().expect("a secret"));
    for at in 0..10 {
        let guess = json!({"code": format!("guess{at}")});
        assert_eq!(
            browser.ask("PUT", "/v1/session/totp", guess).await.status,
            422
        );
    }
    let right = json!({"code": phone.shows(&desk)});
    let refused = browser.ask("PUT", "/v1/session/totp", right.clone()).await;
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (429, "too_many_logins")
    );
    let password = json!({"old": PASSWORD, "new": "battery staple"});
    let refused = browser.ask("PUT", "/v1/session/password", password).await;
    assert_eq!(refused.status, 429);
    desk.pass(TimeDelta::minutes(15));
    let right = json!({"code": phone.shows(&desk)});
    assert_eq!(
        browser.ask("PUT", "/v1/session/totp", right).await.status,
        200
    );
}

#[tokio::test]
async fn whoever_is_locked_out_is_let_in_on_the_command_line() {
    let desk = Desk::new().await;
    let browser = desk.signed_in(ANNA).await;
    let begun = browser
        .ask("POST", "/v1/session/totp", Value::Null)
        .await
        .json();
    let phone = Phone::told(begun["secret"].as_str().expect("a secret"));
    let code = json!({"code": phone.shows(&desk)});
    browser.ask("PUT", "/v1/session/totp", code).await;
    let (database, store) = (&desk.shop.app.store, &desk.shop.store);
    let with = ("battery staple", [1; 16]);
    let nobody = reset_directly(database, store, BEN, with, desk.now(), "by hand").await;
    assert_eq!(nobody.expect("a look"), None);
    let reset = reset_directly(
        database,
        store,
        "Anna@shop.example",
        with,
        desk.now(),
        "by hand",
    );
    assert!(reset.await.expect("a change").is_some());
    assert_eq!(browser.status().await, 401);
    assert_eq!(
        browser.sign_in(ANNA, PASSWORD, None).await.code(),
        "login_failed"
    );
    assert_eq!(
        browser.sign_in(ANNA, "battery staple", None).await.status,
        200
    );
    let log = browser.get("/v1/audit").await.json();
    let by_hand = log["items"].as_array().expect("a list").iter();
    let by_hand = by_hand.clone().find(|entry| entry["action"] == "by hand");
    assert_eq!(by_hand.expect("an entry")["member"], Value::Null);
}

#[tokio::test]
async fn what_members_do_and_are_refused_is_written_down() {
    let desk = Desk::new().await;
    desk.add(&desk.shop.store, BEN, Role::ReadOnly).await;
    let (anna, ben) = (desk.signed_in(ANNA).await, desk.signed_in(BEN).await);
    anna.ask("PUT", "/v1/skus/cc%20mug", json!({"title": "Mug"}))
        .await;
    anna.ask("PUT", "/v1/skus/cc-mug", json!({"nonsense": 1}))
        .await;
    anna.get("/v1/skus/cc%20mug").await;
    ben.ask("PUT", "/v1/stock/main/cc-mug", json!({})).await;
    let cross = anna.of_any_page("DELETE", "/v1/keys/key_1");
    anna.send(cross, Value::Null).await;
    anna.ask("DELETE", "/v1/session", Value::Null).await;

    let log = ben.get("/v1/audit").await.json();
    assert_eq!(log["next"], Value::Null);
    let items = log["items"].as_array().expect("a list");
    let told: Vec<String> = items
        .iter()
        .rev()
        .map(|entry| {
            let text = |name: &str| entry[name].as_str().unwrap_or("-").to_owned();
            let email = entry["member"]["email"].as_str().unwrap_or("-");
            format!(
                "{} {email} {} [{}] {} {}",
                entry["id"],
                text("action"),
                text("subject"),
                text("outcome"),
                text("code")
            )
        })
        .collect();
    let id = |email: &str| {
        let digits: String = email
            .bytes()
            .take(8)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        format!("mem_{digits}")
    };
    assert_eq!(
        told,
        [
            format!("1 - test [{}] done -", id(ANNA)),
            format!("2 - test [{}] done -", id(BEN)),
            format!("3 {ANNA} POST /v1/session [] done -"),
            format!("4 {BEN} POST /v1/session [] done -"),
            format!("5 {ANNA} PUT /v1/skus/{{sku}} [cc mug] done -"),
            format!("6 {ANNA} PUT /v1/skus/{{sku}} [cc-mug] refused unknown_field"),
            format!(
                "7 {BEN} PUT /v1/stock/{{location}}/{{sku}} [main/cc-mug] refused role_not_allowed"
            ),
            format!("8 {ANNA} DELETE /v1/keys/{{id}} [key_1] refused cross_site"),
            format!("9 {ANNA} DELETE /v1/session [] done -"),
        ]
    );

    let page = ben.get("/v1/audit?limit=4").await.json();
    assert_eq!(page["items"][0]["id"], 9);
    let next = page["next"].as_str().expect("a page");
    let page = ben
        .get(&format!("/v1/audit?limit=4&after={next}"))
        .await
        .json();
    let ids: Vec<&Value> = page["items"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|entry| &entry["id"])
        .collect();
    assert_eq!(ids, [5, 4, 3, 2]);
    desk.shop.assert_sound().await;
}

#[tokio::test]
async fn a_sign_in_that_fails_is_written_down_too() {
    let desk = Desk::new().await;
    desk.browser(1).sign_in(ANNA, "wrong horse", None).await;
    // It is written aside, so that nobody can time it; whoever signs in next may come first.
    let browser = desk.signed_in(ANNA).await;
    let mut log = Value::Null;
    for _ in 0..1_000 {
        log = browser.get("/v1/audit").await.json();
        if log["items"]
            .as_array()
            .is_some_and(|items| 3 <= items.len())
        {
            break;
        }
        tokio::task::yield_now().await;
    }
    let failed = log["items"].as_array().expect("a list").iter();
    let failed = failed.clone().find(|entry| entry["outcome"] == "refused");
    let failed = failed.expect("an entry");
    assert_eq!(failed["code"], "login_failed");
    assert_eq!(failed["member"]["email"], ANNA);
}
