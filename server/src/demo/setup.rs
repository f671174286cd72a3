//! Fills the demo's store as its merchant would: files first, then what the files do not say.

use std::collections::BTreeSet;
use std::io::Cursor;

use anyhow::{Context, anyhow};
use chrono::{Days, NaiveDate};
use sha2::{Digest, Sha256};
use shared::availability::{BETTER_BY_DAYS, Display};
use shared::ids::{Sku, StoreId};
use shared::money::Money;
use shared::quantity::Quantity;
use shared::shipment::{SplitCharge, SplitPolicy};
use shared::supply::BackorderMode;

use super::products::{self, Product};
use super::scenario::{
    Backorder, CURRENCY, GOODS, Goods, Incoming, LOCATIONS, Location, SPLIT, SUPPLIERS,
    SUPPRESS_WITHIN_DAYS, Supplier, ZONE, warehouses,
};
use super::{OWNER_EMAIL, OWNER_PASSWORD};
use crate::app::App;
use crate::catalogue::KeyKind;
use crate::hex;
use crate::import::Format;
use crate::operations::create_purchase_order::{
    CreatePurchaseOrder, Ordered, create_purchase_order,
};
use crate::operations::import_stock::{ImportStock, import_stock};
use crate::operations::keys::{add_key, named};
use crate::operations::members::{NewMember, add_directly};
use crate::operations::once::{Answer, Asked, Once, Ticket};
use crate::operations::put_location::put_location;
use crate::operations::put_sku::put_sku;
use crate::operations::put_store::{PutStore, put_store};
use crate::operations::put_supplier::put_supplier;
use crate::operations::records::{
    Component, KeyRecord, LocationRecord, PurchaseOrder, Role, SkuRecord, SupplierRecord,
    TransitRecord, Week,
};
use crate::operations::renew::HOLD_RENEWALS;
use crate::operations::set_stock::{SetStock, set_stock};
use crate::store::stores::FIRST_STORE;

/// The key in the demo shop's pages.
pub const PUBLISHABLE_KEY: &str = "pk_demo_shipsby";
/// The key of the demo shop's own server.
pub const SECRET_KEY: &str = "sk_demo_shipsby";

/// Bytes of the hash by which an edition of the demo is told from others.
const EDITION_BYTES: usize = 4;
/// From one delivery of a supplier in the past to the next, in days.
const DELIVERIES_APART_DAYS: u16 = 30;

/// What the merchant calls the shop.
const SHOP_NAME: &str = "Plainsong";
/// Who signs in to its dashboard.
const OWNER_NAME: &str = "Robin Plainsong";

/// With what the demo's endpoints' secrets are made. Everybody knows it, as everything of the demo.
const WEBHOOK_KEY: &str = "c2hpcHNieS1kZW1vLXdlYmhvb2sta2V5LWlzLXB1YmxpYy4=";

/// The demo's accounts outside: the bank and the mailbox of the shop beside it.
pub fn accounts(api_port: u16, shop_port: u16, mail: &std::path::Path) -> String {
    serde_json::json!({
        "public_url": format!("http://127.0.0.1:{api_port}"),
        "hosts": [],
        "webhook_key": WEBHOOK_KEY,
        "stores": {
            store().as_str(): {
                "external": {"url": format!("http://127.0.0.1:{shop_port}/bank"), "private": true, "secret": super::bank::SECRET},
                "mail": {"folder": mail, "from": "Plainsong <orders@plainsong.example>", "postal": "Plainsong, 12 Mill Lane, Portland"},
                "webhooks": {"private": true},
            },
        },
    })
    .to_string()
}

/// The demo's store.
pub fn store() -> StoreId {
    FIRST_STORE.parse().expect("the first store's id is sound")
}

/// Lets pages of `origins` ask, whatever port they are on today.
pub async fn open_to(app: &App, origins: &[String]) -> anyhow::Result<()> {
    let store = store();
    let record = app.store.store_record(&store).await?;
    let mut record = record.context("the database has no store")?;
    if origins.iter().all(|origin| record.origins.contains(origin)) {
        return Ok(());
    }
    let missing = origins
        .iter()
        .filter(|origin| !record.origins.contains(origin));
    let missing: Vec<String> = missing.cloned().collect();
    record.origins.extend(missing);
    put_store(app, &store, record.into()).await?;
    Ok(())
}

/// Makes the demo's owner, unless somebody can sign in already.
pub async fn let_owner_in(app: &App) -> anyhow::Result<()> {
    let store = store();
    if !app.store.members(&store).await?.is_empty() {
        return Ok(());
    }
    // Everybody knows the password, so nothing has to be drawn.
    let owner = NewMember {
        id: *b"plainsng",
        email: OWNER_EMAIL.into(),
        name: OWNER_NAME.into(),
        role: Role::Owner,
        password: OWNER_PASSWORD.into(),
        salt: *b"plainsong's salt",
    };
    let now = app.clock.now();
    add_directly(&app.store, &store, owner, now, "ships-by demo").await?;
    Ok(())
}

/// Fills an empty store. `Ok(false)`: it was filled before, and stays as it is.
pub async fn fill(app: &App, products: &[Product]) -> anyhow::Result<bool> {
    if app.catalogue.key(SECRET_KEY).is_some() {
        return Ok(false);
    }
    let store = store();
    for location in LOCATIONS {
        put_location(app, &store, location_record(location)?).await?;
    }
    put_store(app, &store, decided()?).await?;
    for supplier in SUPPLIERS {
        let record = SupplierRecord {
            id: supplier.id.parse()?,
            name: supplier.name.into(),
            working_days: Week::MONDAY_TO_FRIDAY,
            holidays: BTreeSet::new(),
            // Said for each SKU that is made on demand; all else waits for what is ordered.
            lead_time_days: None,
            buffer_days: 0,
            wait_reason: None,
            language: None,
        };
        put_supplier(app, &store, record).await?;
    }
    let shop = app
        .catalogue
        .shop(&store)
        .context("the store is not loaded")?;
    let today = shop.settings().location.calendar.today(app.clock.now());
    let files = [
        (Format::WooCommerce, products::PRODUCTS_CSV.to_owned()),
        (Format::ShopifyInventory, products::INVENTORY_CSV.to_owned()),
        (Format::SupplierDeliveries, deliveries(today)),
    ];
    for (format, file) in files {
        import(app, &store, format, file).await?;
    }
    for goods in GOODS {
        let about = || format!("cannot set up `{}`", goods.sku);
        let record = sku_record(goods, products, today)?;
        let sku = record.sku.clone();
        put_sku(app, &store, record).await.with_context(about)?;
        let elsewhere = Some(goods.on_hand_east).filter(|units| 0 < *units);
        for (location, on_hand) in warehouses().zip([goods.on_hand, elsewhere]) {
            let Some(on_hand) = on_hand else { continue };
            let set = SetStock {
                sku: sku.clone(),
                location: location.id.parse()?,
                quantity: Quantity::new(on_hand),
                if_quantity: None,
                committed: None,
                safety_stock: None,
            };
            set_stock(app, &store, set).await.with_context(about)?;
        }
        for incoming in goods.incoming {
            order(app, &store, goods, incoming, today)
                .await
                .with_context(about)?;
        }
    }
    // Last, because they tell that the store is filled.
    let keys = [
        (KeyKind::Publishable, PUBLISHABLE_KEY),
        (KeyKind::Secret, SECRET_KEY),
    ];
    for (kind, key) in keys {
        let key = named(kind, &key_name(), app.clock.now(), key.into());
        add_key(&app.store, &store, &key).await?;
    }
    app.catalogue.put_keys(app.store.load_keys().await?);
    Ok(true)
}

/// False for a database that was filled by another edition of the demo: it lacks what was added since.
pub fn is_of_this_edition(keys: &[KeyRecord]) -> bool {
    keys.iter().any(|key| key.label == key_name())
}

/// Names the demo's keys after what it sets up.
fn key_name() -> String {
    let scenario =
        format!("{LOCATIONS:?} {SUPPLIERS:?} {GOODS:?} {SPLIT:?} {SUPPRESS_WITHIN_DAYS}");
    let edition = Sha256::digest(scenario);
    format!(
        "the demo's, known to everybody ({})",
        hex::text(&edition[..EDITION_BYTES])
    )
}

async fn import(app: &App, store: &StoreId, format: Format, file: String) -> anyhow::Result<()> {
    let request = ImportStock {
        format,
        location: None,
        dry_run: false,
    };
    let about = || format!("cannot import the demo's {} file", format.name());
    let turn = app.imports.of(store).with_context(about)?;
    import_stock(app, turn, request, Cursor::new(file), None)
        .await
        .with_context(about)?;
    Ok(())
}

/// The suppliers' deliveries of the past, as a file that a merchant would import. They name no days, so they
/// say how long supply takes and nothing of how late it is.
fn deliveries(today: NaiveDate) -> String {
    let mut file = "po_number,supplier,ordered_on,received_on\n".to_owned();
    for Supplier { id, took_days, .. } in SUPPLIERS {
        for (at, took) in (1_u16..).zip(took_days.iter().rev()) {
            let received = earlier(today, at * DELIVERIES_APART_DAYS);
            let ordered = earlier(received, *took);
            file.push_str(&format!("{id}-{at},{id},{ordered},{received}\n"));
        }
    }
    file
}

fn location_record(location: &Location) -> anyhow::Result<LocationRecord> {
    let holidays: Result<_, _> = location.holidays.iter().map(|day| day.parse()).collect();
    let time_zone = location.zone.parse().map_err(|_| anyhow!("no such zone"))?;
    Ok(LocationRecord {
        holidays: holidays?,
        cut_off: chrono::NaiveTime::parse_from_str(location.cut_off, "%H:%M")?,
        processing_days: location.processing_days,
        receiving_days: location.receiving_days,
        fulfils: location.fulfils,
        parcel_cost: location.parcel_cost,
        ..LocationRecord::usual(location.id.parse()?, location.name.into(), time_zone)
    })
}

fn decided() -> anyhow::Result<PutStore> {
    let currency = CURRENCY.parse()?;
    let policy = shared::availability::PromisePolicy::default();
    let fee = Money::new(SPLIT.per_extra_parcel_cents.into(), currency);
    Ok(PutStore {
        name: SHOP_NAME.into(),
        location: Some(LOCATIONS[0].id.parse()?),
        currency: Some(currency),
        split: SplitPolicy {
            charge: SplitCharge::PerExtraParcel(fee),
            parcels_max: SPLIT.parcels_max,
        },
        display: Display::Exact,
        horizon_days: policy.horizon_days,
        overdue_fence_days: policy.overdue_fence_days,
        overdue_offset_days: policy.overdue_offset_days,
        min_shipment: policy.min_shipment,
        suppress_within_days: Some(SUPPRESS_WITHIN_DAYS),
        better_by_days: BETTER_BY_DAYS,
        hold_renewals: HOLD_RENEWALS,
        delays: None,
        promise_level: None,
        publish_kept_rate: None,
        share_pages: None,
        product_url: None,
        origins: Some(Vec::new()),
        transit: Some(warehouses().map(transit_from).collect::<Result<_, _>>()?),
    })
}

fn transit_from(location: &Location) -> anyhow::Result<TransitRecord> {
    let holidays: Result<_, _> = LOCATIONS[0]
        .holidays
        .iter()
        .map(|day| day.parse())
        .collect();
    Ok(TransitRecord {
        zone: ZONE.into(),
        from: Some(location.id.parse()?),
        days: location.transit_days,
        delivery_days: Week::MONDAY_TO_FRIDAY,
        holidays: holidays?,
    })
}

fn sku_record(goods: &Goods, shown: &[Product], today: NaiveDate) -> anyhow::Result<SkuRecord> {
    let title = shown
        .iter()
        .flat_map(|product| &product.variants)
        .find(|variant| variant.sku == goods.sku)
        .map(|variant| variant.title.clone());
    let (backorder, limit, reason) = match goods.backorder {
        Backorder::Deny => (BackorderMode::Deny, None, None),
        Backorder::Allow { limit, reason } => (BackorderMode::Allow, limit, reason),
        Backorder::MadeToOrder { reason } => (BackorderMode::AllowSilent, None, Some(reason)),
    };
    let component = |(sku, quantity): &(&str, u32)| {
        let quantity = Quantity::new(*quantity);
        Ok::<_, anyhow::Error>(Component {
            sku: sku.parse()?,
            quantity,
        })
    };
    let lead_time_days = SUPPLIERS
        .iter()
        .find(|supplier| goods.made_to_order && Some(supplier.id) == goods.supplier)
        .map(|supplier| supplier.lead_time_days);
    Ok(SkuRecord {
        title,
        backorder,
        backorder_limit: limit.map(Quantity::new),
        reason: reason.map(Into::into),
        released_on: goods.released_in_days.map(|days| later(today, days)),
        low_stock_threshold: Quantity::new(goods.low_stock_threshold),
        supplier: goods.supplier.map(str::parse).transpose()?,
        lead_time_days,
        kit: goods.kit.iter().map(component).collect::<Result<_, _>>()?,
        ..SkuRecord::new(goods.sku.parse()?)
    })
}

async fn order(
    app: &App,
    store: &StoreId,
    goods: &Goods,
    incoming: &Incoming,
    today: NaiveDate,
) -> anyhow::Result<()> {
    let sku: Sku = goods.sku.parse()?;
    let request = CreatePurchaseOrder {
        id: Some(incoming.purchase_order.parse()?),
        supplier: goods.supplier.map(str::parse).transpose()?,
        location: None,
        ordered_on: Some(earlier(today, incoming.ordered_days_ago)),
        mode: None,
        shipped_on: incoming.shipped_days_ago.map(|days| earlier(today, days)),
        expected_on: incoming.arrives_in_days.map(|days| away(today, days)),
        wait_reason: None,
        lines: vec![Ordered {
            sku,
            quantity: Quantity::new(incoming.quantity),
            expected_on: None,
        }],
    };
    let asked = Asked {
        ticket: Ticket {
            store: store.clone(),
            route: "POST /v1/purchase-orders".into(),
            key: format!("demo-{}", incoming.purchase_order),
        },
        fingerprint: Sha256::digest(incoming.purchase_order).into(),
    };
    let once = Once::claim(app, asked, answered)?;
    create_purchase_order(app, store, request, once).await?;
    Ok(())
}

/// Nobody reads this answer: it is kept because each is.
fn answered(_order: &PurchaseOrder) -> Answer {
    Answer {
        status: 201,
        body: Vec::new(),
    }
}

fn later(today: NaiveDate, days: u16) -> NaiveDate {
    today
        .checked_add_days(Days::new(days.into()))
        .unwrap_or(today)
}

fn earlier(today: NaiveDate, days: u16) -> NaiveDate {
    today
        .checked_sub_days(Days::new(days.into()))
        .unwrap_or(today)
}

fn away(today: NaiveDate, days: i16) -> NaiveDate {
    match days < 0 {
        true => earlier(today, days.unsigned_abs()),
        false => later(today, days.unsigned_abs()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(label: &str) -> KeyRecord {
        named(
            KeyKind::Secret,
            label,
            "2026-11-23T15:00:00Z".parse().expect("an instant"),
            SECRET_KEY.into(),
        )
        .record
    }

    #[test]
    fn what_an_older_demo_set_up_is_told_by_its_keys() {
        assert!(is_of_this_edition(&[key("my own"), key(&key_name())]));
        assert!(!is_of_this_edition(&[key(
            "the demo's, known to everybody"
        )]));
    }

    #[test]
    fn deliveries_of_the_past_all_lie_in_the_past_in_the_order_in_which_they_came() {
        let file = deliveries("2026-11-23".parse().expect("a date"));
        let lines: Vec<&str> = file.lines().skip(1).collect();
        assert_eq!(lines.len(), 12);
        assert_eq!(
            lines[0],
            "atlantic-knit-1,atlantic-knit,2026-09-11,2026-10-24"
        );
        assert_eq!(
            lines[11],
            "atlantic-knit-12,atlantic-knit,2025-10-18,2025-11-28"
        );
    }
}
