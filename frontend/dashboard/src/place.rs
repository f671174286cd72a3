//! Which page is looked at: what stands behind the `#` of the address, such as `#/stock/cc-mug`.

use crate::format::{decoded, encoded};

/// A page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// What needs a decision.
    Today,
    /// All SKUs.
    Stock,
    /// One SKU.
    Sku(String),
    /// What will be wanted.
    Forecasts,
    /// The same of one SKU.
    Forecast(String),
    /// What is to be ordered at suppliers.
    Reorders,
    /// One of them.
    Reorder(String),
    /// How orders are drafted, and what would have come of another way.
    Ordering,
    /// What waits for what.
    Backorders,
    /// All purchase orders.
    PurchaseOrders,
    /// A new one.
    NewPurchaseOrder,
    /// One of them.
    PurchaseOrder(String),
    /// Promised against real.
    Suppliers,
    /// One of them.
    Supplier(String),
    /// All orders.
    Orders,
    /// One of them.
    Order(String),
    /// Parcels that can leave.
    Parcels,
    /// What to take from which shelf, for printing.
    PickingList,
    /// What was kept.
    Promises,
    /// What is given for a wait, and whether it pays.
    Offers,
    /// What people are told on social media.
    Posts,
    /// Letters.
    Mail,
    /// One of them, in a language.
    Letter(String, String),
    /// Everything that is set once.
    Settings(String),
    /// The first run; with the token of its link.
    SetUp(String),
    /// Taking in a file.
    Import,
    /// A step of the first run after the owner was made.
    Steps(String),
}

impl Place {
    /// Reads it from the address.
    pub fn read(hash: &str) -> Self {
        let path = hash.trim_start_matches('#');
        if let Some(token) = path.strip_prefix("setup=") {
            return Self::SetUp(decoded(token));
        }
        let parts: Vec<String> = path.trim_matches('/').split('/').map(decoded).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        match parts[..] {
            ["stock"] => Self::Stock,
            ["stock", sku] => Self::Sku(sku.to_owned()),
            ["forecasts"] => Self::Forecasts,
            ["forecasts", sku] => Self::Forecast(sku.to_owned()),
            ["reorders"] => Self::Reorders,
            ["reorders", "policy"] => Self::Ordering,
            ["reorders", "of", id] => Self::Reorder(id.to_owned()),
            ["backorders"] => Self::Backorders,
            ["purchase-orders"] => Self::PurchaseOrders,
            ["purchase-orders", "new"] => Self::NewPurchaseOrder,
            ["purchase-orders", "of", id] => Self::PurchaseOrder(id.to_owned()),
            ["suppliers"] => Self::Suppliers,
            ["suppliers", id] => Self::Supplier(id.to_owned()),
            ["orders"] => Self::Orders,
            ["orders", id] => Self::Order(id.to_owned()),
            ["parcels"] => Self::Parcels,
            ["parcels", "picking-list"] => Self::PickingList,
            ["promises"] => Self::Promises,
            ["offers"] => Self::Offers,
            ["posts"] => Self::Posts,
            ["mail"] => Self::Mail,
            ["mail", letter, language] => Self::Letter(letter.to_owned(), language.to_owned()),
            ["settings"] => Self::Settings("store".to_owned()),
            ["settings", part] => Self::Settings(part.to_owned()),
            ["set-up"] => Self::Steps("store".to_owned()),
            ["set-up", step] => Self::Steps(step.to_owned()),
            ["import"] => Self::Import,
            _ => Self::Today,
        }
    }

    /// Its address.
    pub fn href(&self) -> String {
        match self {
            Self::Today => "#/".to_owned(),
            Self::Stock => "#/stock".to_owned(),
            Self::Sku(sku) => format!("#/stock/{}", encoded(sku)),
            Self::Forecasts => "#/forecasts".to_owned(),
            Self::Forecast(sku) => format!("#/forecasts/{}", encoded(sku)),
            Self::Reorders => "#/reorders".to_owned(),
            Self::Reorder(id) => format!("#/reorders/of/{}", encoded(id)),
            Self::Ordering => "#/reorders/policy".to_owned(),
            Self::Backorders => "#/backorders".to_owned(),
            Self::PurchaseOrders => "#/purchase-orders".to_owned(),
            Self::NewPurchaseOrder => "#/purchase-orders/new".to_owned(),
            Self::PurchaseOrder(id) => format!("#/purchase-orders/of/{}", encoded(id)),
            Self::Suppliers => "#/suppliers".to_owned(),
            Self::Supplier(id) => format!("#/suppliers/{}", encoded(id)),
            Self::Orders => "#/orders".to_owned(),
            Self::Order(id) => format!("#/orders/{}", encoded(id)),
            Self::Parcels => "#/parcels".to_owned(),
            Self::PickingList => "#/parcels/picking-list".to_owned(),
            Self::Promises => "#/promises".to_owned(),
            Self::Offers => "#/offers".to_owned(),
            Self::Posts => "#/posts".to_owned(),
            Self::Mail => "#/mail".to_owned(),
            Self::Letter(letter, language) => format!("#/mail/{letter}/{language}"),
            Self::Settings(part) => format!("#/settings/{part}"),
            Self::Import => "#/import".to_owned(),
            Self::SetUp(token) => format!("#setup={}", encoded(token)),
            Self::Steps(step) => format!("#/set-up/{}", encoded(step)),
        }
    }

    /// The page of the navigation that it belongs to.
    pub fn section(&self) -> Self {
        match self {
            Self::Sku(_) => Self::Stock,
            Self::Forecast(_) => Self::Forecasts,
            Self::Reorder(_) | Self::Ordering => Self::Reorders,
            Self::NewPurchaseOrder | Self::PurchaseOrder(_) => Self::PurchaseOrders,
            Self::Supplier(_) => Self::Suppliers,
            Self::Order(_) => Self::Orders,
            Self::PickingList => Self::Parcels,
            Self::Letter(..) => Self::Mail,
            Self::Settings(_) => Self::Settings("store".to_owned()),
            other => other.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Place;

    #[test]
    fn every_page_is_found_again_by_its_address() {
        let id = || "a/b #ü".to_owned();
        let pages = [
            Place::Today,
            Place::Stock,
            Place::Sku(id()),
            Place::Sku("new".to_owned()),
            Place::Forecasts,
            Place::Forecast(id()),
            Place::Reorders,
            Place::Reorder(id()),
            Place::Reorder("policy".to_owned()),
            Place::Ordering,
            Place::Backorders,
            Place::PurchaseOrders,
            Place::NewPurchaseOrder,
            Place::PurchaseOrder(id()),
            Place::PurchaseOrder("new".to_owned()),
            Place::Suppliers,
            Place::Supplier(id()),
            Place::Orders,
            Place::Order(id()),
            Place::Parcels,
            Place::PickingList,
            Place::Promises,
            Place::Offers,
            Place::Posts,
            Place::Mail,
            Place::Letter("delayed".to_owned(), "ja".to_owned()),
            Place::Settings("team".to_owned()),
            Place::SetUp("t_0+/=".to_owned()),
            Place::Steps("tag".to_owned()),
            Place::Import,
        ];
        for page in pages {
            assert_eq!(Place::read(&page.href()), page);
        }
    }
}
