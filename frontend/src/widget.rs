//! The views of `<ships-by>`. plain.js and plans.js draw the very same elements where there is no WebAssembly.

mod cart;
mod checkout;
mod handle;
mod parcels;
mod promise;
pub mod wire;
