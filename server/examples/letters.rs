//! Writes every letter in every language into a folder, as a web page and as plain text, to look at; what suppliers get as a PDF too.
//!
//! ```sh
//! cargo run --package shipsby-server --example letters -- FOLDER
//! ```

use std::path::PathBuf;

use anyhow::Context;
use server::mail::letter::{KINDS, sample};
use server::mail::render::Template;
use server::mail::trade;
use shared::text::Language;

fn main() -> anyhow::Result<()> {
    let folder = std::env::args_os().nth(1).map(PathBuf::from);
    let folder = folder.context("which folder? cargo run --example letters -- FOLDER")?;
    std::fs::create_dir_all(&folder)?;
    for kind in KINDS {
        for language in Language::ALL {
            let letter = sample(kind, language).context("a kind has a sample")?;
            let mail = Template::ours().mail(&letter)?;
            let name = format!("{kind}.{}", language.tag());
            std::fs::write(folder.join(format!("{name}.html")), mail.html)?;
            let text = format!("Subject: {}\n\n{}", mail.subject, mail.plain);
            std::fs::write(folder.join(format!("{name}.txt")), text)?;
        }
    }
    for language in Language::ALL {
        let order = trade::sample(language);
        let pdf = order.pdf()?;
        let mail = order.mail(None);
        let name = format!("supplier.{}", language.tag());
        std::fs::write(folder.join(format!("{name}.pdf")), pdf)?;
        std::fs::write(folder.join(format!("{name}.html")), mail.html)?;
        let text = format!("Subject: {}\n\n{}", mail.subject, mail.plain);
        std::fs::write(folder.join(format!("{name}.txt")), text)?;
    }
    Ok(())
}
