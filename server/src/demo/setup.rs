//! Fills the demo's store as its merchant would: files first, then what the files do not say.

use std::collections::BTreeSet;

use anyhow::{Context, anyhow};
use chrono::{Days, NaiveDate};
use sha2::{Digest, Sha256};
use shared::availability::{BETTER_BY_DAYS, Display};
use shared::ids::{LocationId, Sku, StoreId};
use shared::money::Money;
use shared::quantity::Quantity;
use shared::shipment::{SplitCharge, SplitPolicy};
use shared::supply::BackorderMode;

use super::products::{self, Product};
use super::scenario::{Backorder, CURRENCY, GOODS, Goods, Incoming, LOCATION, SPLIT, SUPPLIERS};
use crate::app::App;
use crate::catalogue::KeyKind;
use crate::import::Format;
use crate::operations::create_purchase_order::{
    CreatePurchaseOrder, Ordered, create_purchase_order,
};
use crate::operations::import_stock::{ImportStock, import_stock};
use crate::operations::keys::{add_key, named};
use crate::operations::once::{Answer, Asked, Once, Ticket};
use crate::operations::put_location::put_location;
use crate::operations::put_sku::put_sku;
use crate::operations::put_store::{PutStore, put_store};
use crate::operations::put_supplier::put_supplier;
use crate::operations::records::{LocationRecord, PurchaseOrder, SkuRecord, SupplierRecord, Week};
use crate::operations::set_stock::{SetStock, set_stock};
use crate::store::stores::FIRST_STORE;

/// The key in the demo shop's pages.
pub const PUBLISHABLE_KEY: &str = "pk_demo_shipsby";
/// The key of the demo shop's own server.
pub const SECRET_KEY: &str = "sk_demo_shipsby";

/// What the merchant calls the shop.
const SHOP_NAME: &str = "Plainsong";

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

/// Fills an empty store. `Ok(false)`: it was filled before, and stays as it is.
pub async fn fill(app: &App, products: &[Product]) -> anyhow::Result<bool> {
    if app.catalogue.key(SECRET_KEY).is_some() {
        return Ok(false);
    }
    let store = store();
    let location: LocationId = LOCATION.id.parse()?;
    put_location(app, &store, location_record(&location)?).await?;
    put_store(app, &store, decided(location.clone())?).await?;
    for supplier in SUPPLIERS {
        let record = SupplierRecord {
            id: supplier.id.parse()?,
            name: supplier.name.into(),
            working_days: Week::MONDAY_TO_FRIDAY,
            holidays: BTreeSet::new(),
            // Said for each SKU that is made on demand; all else waits for what is ordered.
            lead_time_days: None,
            buffer_days: 0,
        };
        put_supplier(app, &store, record).await?;
    }
    let shop = app
        .catalogue
        .shop(&store)
        .context("the store is not loaded")?;
    let today = shop.settings().location.calendar.today(app.clock.now());
    import(app, &store, Format::WooCommerce, products::PRODUCTS_CSV).await?;
    import(
        app,
        &store,
        Format::ShopifyInventory,
        products::INVENTORY_CSV,
    )
    .await?;
    for goods in GOODS {
        let about = || format!("cannot set up `{}`", goods.sku);
        let record = sku_record(goods, products, today)?;
        let sku = record.sku.clone();
        put_sku(app, &store, record).await.with_context(about)?;
        if let Some(on_hand) = goods.on_hand {
            let set = SetStock {
                sku: sku.clone(),
                location: location.clone(),
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
        let key = named(
            kind,
            "the demo's, known to everybody",
            app.clock.now(),
            key.into(),
        );
        add_key(&app.store, &store, &key).await?;
    }
    app.catalogue.put_keys(app.store.load_keys().await?);
    Ok(true)
}

async fn import(
    app: &App,
    store: &StoreId,
    format: Format,
    file: &'static str,
) -> anyhow::Result<()> {
    let request = ImportStock {
        format,
        location: None,
        dry_run: false,
    };
    let about = || format!("cannot import the demo's {} file", format.name());
    let turn = app.imports.of(store).with_context(about)?;
    import_stock(app, turn, request, file.as_bytes(), None)
        .await
        .with_context(about)?;
    Ok(())
}

fn location_record(id: &LocationId) -> anyhow::Result<LocationRecord> {
    let holidays: Result<_, _> = LOCATION.holidays.iter().map(|day| day.parse()).collect();
    let time_zone = LOCATION.zone.parse().map_err(|_| anyhow!("no such zone"))?;
    Ok(LocationRecord {
        holidays: holidays?,
        cut_off: chrono::NaiveTime::parse_from_str(LOCATION.cut_off, "%H:%M")?,
        processing_days: LOCATION.processing_days,
        receiving_days: LOCATION.receiving_days,
        ..LocationRecord::usual(id.clone(), LOCATION.name.into(), time_zone)
    })
}

fn decided(location: LocationId) -> anyhow::Result<PutStore> {
    let currency = CURRENCY.parse()?;
    let policy = shared::availability::PromisePolicy::default();
    let fee = Money::new(SPLIT.per_extra_parcel_cents.into(), currency);
    Ok(PutStore {
        name: SHOP_NAME.into(),
        location: Some(location),
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
        suppress_within_days: policy.suppress_within_days,
        better_by_days: BETTER_BY_DAYS,
        promise_level: None,
        origins: Some(Vec::new()),
        transit: None,
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
        ordered_on: None,
        mode: None,
        shipped_on: None,
        expected_on: Some(later(today, incoming.arrives_in_days)),
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
