//! Places: cut-offs of single days, what a location is for, and how long carriers take from it.

use std::borrow::Cow;

use chrono::NaiveDate;
use serde_json::{Value, json};
use server::store::Store;
use server::store::settings;
use shared::availability::Location;
use shared::ids::StoreId;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection, SqliteConnection};
use tempfile::TempDir;

use crate::client::Client;
use crate::shop::{TestShop, id};

/// The locations whose stock may be promised.
async fn fulfilling(database: &Store, store: &StoreId) -> Vec<Location> {
    let record = database.store_record(store).await.expect("an answer");
    let locations = database.locations(store).await.expect("locations");
    settings::fulfilling(&record.expect("a store"), locations)
}

#[tokio::test]
async fn a_location_is_put_whole_and_shown_as_it_is() {
    let shop = TestShop::new().await;
    let client = Client::new(&shop).await;
    let body = json!({
        "time_zone": "Europe/Berlin", "cut_off": "14:00", "cut_offs": {"sat": "10:30", "fri": "12:00"},
        "fulfils": false, "parcel_cost": 590, "holidays": ["2026-12-25"],
    });
    let put = client.put("/v1/locations/berlin", body).await;
    assert_eq!(put.status, 200, "{:?}", put.json());
    let shown = client.get("/v1/locations/berlin").await;
    assert_eq!(shown.body, put.body);
    let shown = shown.json();
    assert_eq!(shown["cut_offs"], json!({"fri": "12:00", "sat": "10:30"}));
    assert_eq!(
        (&shown["fulfils"], &shown["parcel_cost"]),
        (&json!(false), &json!(590))
    );

    let usual = client.put(
        "/v1/locations/berlin",
        json!({"time_zone": "Europe/Berlin"}),
    );
    let usual = usual.await.json();
    assert_eq!(usual["cut_offs"], json!({}));
    assert_eq!(
        (&usual["fulfils"], &usual["parcel_cost"]),
        (&json!(true), &json!(0))
    );
    let all = client.get("/v1/locations").await.json();
    assert_eq!(all["items"][0], usual);
}

#[tokio::test]
async fn promises_follow_the_cut_off_of_the_day() {
    let shop = TestShop::new().await;
    let client = Client::new(&shop).await;
    let body = json!({"time_zone": "America/New_York", "cut_offs": {"mon": "09:00"}});
    assert_eq!(client.put("/v1/locations/main", body).await.status, 200);
    let settings = shop
        .app
        .catalogue
        .shop(&shop.store)
        .expect("a shop")
        .settings();
    let calendar = &settings.location.calendar;
    let begun = |now: &str| calendar.first_working_day(id(now));
    // Monday, 23 November, a minute before nine and at nine; Tuesday at noon.
    let date = |text: &str| Some(id::<NaiveDate>(text));
    assert_eq!(begun("2026-11-23T13:59:59Z"), date("2026-11-23"));
    assert_eq!(begun("2026-11-23T14:00:00Z"), date("2026-11-24"));
    assert_eq!(begun("2026-11-24T17:00:00Z"), date("2026-11-24"));
}

#[tokio::test]
async fn what_cannot_be_used_of_a_place_is_named_and_changes_nothing() {
    let shop = TestShop::new().await;
    let client = Client::new(&shop).await;
    let location = |field: &str, value: Value| {
        (
            "/v1/locations/attic",
            json!({"time_zone": "UTC", field: value}),
        )
    };
    let store = |transit: Value| ("/v1/store", json!({"name": "S", "transit": transit}));
    let zone = |zone: Value| store(json!([{"zone": zone, "days": 1}]));
    let many: Vec<Value> = (0..101)
        .map(|at| json!({"zone": format!("z{at}"), "days": 1}))
        .collect();
    let cases = [
        (
            location("cut_offs", json!({"friday": "12:00"})),
            "invalid_weekday",
            "/cut_offs",
        ),
        (
            location("cut_offs", json!({"fri": "24:00"})),
            "invalid_time",
            "/cut_offs",
        ),
        (
            location("cut_offs", json!({"fri": "9:00"})),
            "invalid_time",
            "/cut_offs",
        ),
        (
            location("cut_offs", json!({"fri": null})),
            "invalid_time",
            "/cut_offs",
        ),
        (
            location("cut_offs", json!("12:00")),
            "invalid_time",
            "/cut_offs",
        ),
        (location("fulfils", json!(1)), "invalid_value", "/fulfils"),
        (
            location("fulfils", json!("yes")),
            "invalid_value",
            "/fulfils",
        ),
        (
            location("parcel_cost", json!(-1)),
            "invalid_amount",
            "/parcel_cost",
        ),
        (
            location("parcel_cost", json!(4.95)),
            "invalid_amount",
            "/parcel_cost",
        ),
        (
            location("parcel_cost", json!(1_000_000_001)),
            "invalid_amount",
            "/parcel_cost",
        ),
        (
            location("parcel_costs", json!(1)),
            "unknown_field",
            "/parcel_costs",
        ),
        (zone(json!("")), "invalid_zone", "/transit/0/zone"),
        (zone(json!("us east")), "invalid_zone", "/transit/0/zone"),
        (zone(json!("zürich")), "invalid_zone", "/transit/0/zone"),
        (
            zone(json!("x".repeat(33))),
            "invalid_zone",
            "/transit/0/zone",
        ),
        (
            store(json!([{"zone": "us", "days": 61}])),
            "invalid_number",
            "/transit/0/days",
        ),
        (
            store(json!([{"zone": "us"}])),
            "missing_field",
            "/transit/0/days",
        ),
        (
            store(json!([{"zone": "us", "days": 1, "to": "us"}])),
            "unknown_field",
            "/transit/0/to",
        ),
        (
            store(json!([{"zone": "us", "days": 1, "delivery_days": ["x"]}])),
            "invalid_weekday",
            "/transit/0/delivery_days",
        ),
        (
            store(json!([{"zone": "us", "days": 1, "holidays": ["2026-02-30"]}])),
            "invalid_date",
            "/transit/0/holidays",
        ),
        (
            store(json!([{"zone": "us", "days": 1, "from": "moon"}])),
            "unknown_location",
            "/transit/0/from",
        ),
        (
            store(json!([{"zone": "us", "days": 1}, {"zone": "us", "days": 2}])),
            "duplicate_zone",
            "/transit/1/zone",
        ),
        (store(json!(many)), "too_many_lines", "/transit"),
    ];
    let before = shop.app.store.standings().await.expect("stores");
    for ((path, body), code, pointer) in cases {
        let refused = client.put(path, body.clone()).await;
        let told = (refused.status, refused.code(), refused.pointer());
        assert_eq!(
            told,
            (422, code.to_owned(), pointer.to_owned()),
            "{path} {body}"
        );
    }
    assert_eq!(shop.app.store.standings().await.expect("stores"), before);
}

#[tokio::test]
async fn the_location_that_a_store_ships_from_always_fulfils() {
    let shop = TestShop::new().await;
    let client = Client::new(&shop).await;
    let closed = json!({"time_zone": "UTC", "fulfils": false});
    let refused = client.put("/v1/locations/main", closed.clone()).await;
    assert_eq!((refused.status, &*refused.code()), (409, "location_ships"));
    assert_eq!(
        client
            .put("/v1/locations/returns", closed.clone())
            .await
            .status,
        200
    );
    let refused = client
        .put("/v1/store", json!({"name": "S", "location": "returns"}))
        .await;
    assert_eq!(
        (refused.status, &*refused.code()),
        (422, "location_does_not_fulfil")
    );
    assert_eq!(refused.pointer(), "/location");

    let ids = |found: &[Location]| {
        found
            .iter()
            .map(|one| one.id.to_string())
            .collect::<Vec<_>>()
    };
    for name in ["attic", "zoo"] {
        client
            .put(
                &format!("/v1/locations/{name}"),
                json!({"time_zone": "UTC"}),
            )
            .await;
    }
    assert_eq!(
        ids(&fulfilling(&shop.app.store, &shop.store).await),
        ["main", "attic", "zoo"]
    );
    client
        .put("/v1/store", json!({"name": "S", "location": "zoo"}))
        .await;
    client.put("/v1/locations/main", closed).await;
    assert_eq!(
        ids(&fulfilling(&shop.app.store, &shop.store).await),
        ["zoo", "attic"]
    );
}

#[tokio::test]
async fn transit_times_are_kept_unless_said_otherwise_and_found_for_each_location() {
    let shop = TestShop::new().await;
    let client = Client::new(&shop).await;
    client
        .put(
            "/v1/locations/attic",
            json!({"time_zone": "UTC", "parcel_cost": 700}),
        )
        .await;
    let transit = json!([
        {"zone": "us", "days": 3, "delivery_days": ["mon", "tue", "wed", "thu", "fri", "sat"], "holidays": ["2026-11-26"]},
        {"zone": "us", "from": "attic", "days": 5},
        {"zone": "eu-1", "from": "attic", "days": 0},
    ]);
    let put = client
        .put("/v1/store", json!({"name": "S", "transit": transit}))
        .await;
    assert_eq!(put.status, 200, "{:?}", put.json());
    assert_eq!(client.get("/v1/store").await.body, put.body);
    let shown = &put.json()["transit"];
    assert_eq!(shown[0]["from"], Value::Null);
    assert_eq!(shown[0]["holidays"], json!(["2026-11-26"]));
    assert_eq!(shown[1]["from"], "attic");
    assert_eq!(
        shown[1]["delivery_days"],
        json!(["mon", "tue", "wed", "thu", "fri"])
    );
    let kept = client
        .put("/v1/store", json!({"name": "Other"}))
        .await
        .json();
    assert_eq!(&kept["transit"], shown);

    let found = fulfilling(&shop.app.store, &shop.store).await;
    let times: Vec<Vec<_>> = found
        .iter()
        .map(|one| {
            one.transit
                .iter()
                .map(|one| (&*one.zone, one.days))
                .collect()
        })
        .collect();
    assert_eq!(times, [vec![("us", 3)], vec![("us", 5), ("eu-1", 0)]]);
    assert_eq!((found[0].parcel_cost, found[1].parcel_cost), (0, 700));
    // Handed over the day before Thanksgiving: Friday, Saturday, Monday.
    let at_the_door = found[0].transit[0].deliver_by(id("2026-11-25"));
    assert_eq!(at_the_door, Some(id("2026-11-30")));

    let none = client
        .put("/v1/store", json!({"name": "S", "transit": []}))
        .await
        .json();
    assert_eq!(none["transit"], json!([]));
    shop.assert_sound().await;
}

#[tokio::test]
async fn a_location_knows_the_commit_that_last_changed_it() {
    let shop = TestShop::new().await;
    let client = Client::new(&shop).await;
    client
        .put("/v1/locations/attic", json!({"time_zone": "UTC"}))
        .await;
    let of = |found: &[Location]| found.iter().map(|one| one.revision).collect::<Vec<_>>();
    let before = of(&fulfilling(&shop.app.store, &shop.store).await);
    client
        .put(
            "/v1/locations/attic",
            json!({"time_zone": "UTC", "parcel_cost": 1}),
        )
        .await;
    let after = of(&fulfilling(&shop.app.store, &shop.store).await);
    assert_eq!(before[0], after[0]);
    assert!(before[1] < after[1]);

    let transit = json!({"name": "S", "transit": [{"zone": "us", "days": 3}]});
    client.put("/v1/store", transit.clone()).await;
    let slower = of(&fulfilling(&shop.app.store, &shop.store).await);
    assert!(after[1] < slower[0] && slower[0] == slower[1]);
    client.put("/v1/store", transit).await;
    client.put("/v1/store", json!({"name": "Other"})).await;
    assert_eq!(of(&fulfilling(&shop.app.store, &shop.store).await), slower);
    client
        .put("/v1/store", json!({"name": "S", "transit": []}))
        .await;
    assert!(slower[0] < of(&fulfilling(&shop.app.store, &shop.store).await)[0]);
}

/// A shop as the first version left it.
const BEFORE: &str = "
    BEGIN;
    INSERT INTO store
    VALUES ('default', 'Shop', 'main', 'EUR', 'off', 0, 2, 'exact', 90, 30, 1, 1, '[]', 1, 1);
    INSERT INTO location
    VALUES ('default', 'main', 'Main', 'Europe/Berlin', '1111110', '1111100', '[\"2026-12-25\"]', '11:30', 2, 1, 1);
    COMMIT;";

#[tokio::test]
async fn a_shop_of_the_version_before_keeps_its_days_and_hours() {
    let directory = TempDir::new().expect("a directory");
    let path = directory.path().join("shop.sqlite");
    let options = SqliteConnectOptions::new()
        .filename(&path)
        .create_if_missing(true);
    let mut first = SqliteConnection::connect_with(&options)
        .await
        .expect("a database");
    let mut migrations = sqlx::migrate!("./migrations/sqlite");
    migrations.migrations = Cow::Owned(vec![migrations.migrations[0].clone()]);
    migrations.run(&mut first).await.expect("the first tables");
    sqlx::raw_sql(BEFORE)
        .execute(&mut first)
        .await
        .expect("a shop");
    first.close().await.expect("closed");

    let database = Store::open(&path).await.expect("the tables of today");
    let store = id("default");
    let record = database
        .store_record(&store)
        .await
        .expect("an answer")
        .expect("a store");
    assert_eq!((record.horizon_days, record.transit.len()), (90, 0));
    let found = fulfilling(&database, &store).await;
    assert_eq!(found.len(), 1);
    let calendar = &found[0].calendar;
    assert!(!calendar.working_days.includes(id("2026-12-25")));
    assert!(calendar.working_days.includes(id("2026-12-26")));
    let cut_off = calendar.cut_off_of(id("2026-11-27"));
    assert_eq!(
        cut_off,
        id::<chrono::DateTime<chrono::Utc>>("2026-11-27T10:30:00Z")
    );
    assert_eq!((found[0].parcel_cost, found[0].revision), (0, 1));
    database.close().await;
}
