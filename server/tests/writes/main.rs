//! The writing side: the store's contract, what acts do and refuse, imports, the merchant's routes.

mod acts;
mod history;
mod imports;
mod routes;
mod shop;
mod store;
