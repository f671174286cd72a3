//! The pages, one file each.

mod another_date;
mod backorders;
mod forecast;
mod forecasts;
mod mail;
mod offers;
mod order;
mod ordering;
mod orders;
mod parcels;
mod posts;
mod promises;
mod purchase_order;
mod purchase_orders;
mod reorder;
mod reorders;
pub mod set_up;
mod settings;
pub mod sign_in;
mod sku;
mod stock;
mod supplier;
mod suppliers;
mod timeline;
mod today;
mod wait_reason;
mod what_if;

use leptos::prelude::*;

use crate::place::Place;

/// The page of a place.
pub fn page(place: &Place) -> AnyView {
    match place {
        Place::Today | Place::SetUp(_) => today::page(),
        Place::Stock => stock::page(),
        Place::Sku(sku) => sku::page(sku.clone()),
        Place::Forecasts => forecasts::page(),
        Place::Forecast(sku) => forecast::page(sku.clone()),
        Place::Reorders => reorders::page(),
        Place::Reorder(id) => reorder::page(id.clone()),
        Place::Ordering => ordering::page(),
        Place::Backorders => backorders::page(),
        Place::PurchaseOrders => purchase_orders::page(),
        Place::NewPurchaseOrder => purchase_orders::new(),
        Place::PurchaseOrder(id) => purchase_order::page(id.clone()),
        Place::Suppliers => suppliers::page(),
        Place::Supplier(id) => supplier::page(id.clone()),
        Place::Orders => orders::page(),
        Place::Order(id) => order::page(id.clone()),
        Place::Parcels => parcels::page(),
        Place::PickingList => parcels::picking_list(),
        Place::Promises => promises::page(),
        Place::Offers => offers::page(),
        Place::Posts => posts::page(),
        Place::Mail => mail::page(),
        Place::Letter(letter, language) => mail::letter(letter.clone(), language.clone()),
        Place::Settings(part) => settings::page(part),
        Place::Steps(step) => set_up::steps(step),
        Place::Import => set_up::import_page(),
    }
}
