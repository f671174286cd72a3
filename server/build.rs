//! Builds the server again when the widget's files change: they are built into it.

fn main() {
    println!("cargo::rerun-if-changed=../dist/embed");
}
