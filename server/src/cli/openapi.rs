//! `ships-by openapi`

use std::path::PathBuf;

use anyhow::{Context, bail};
use server::http::routes;

/// Options.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Compares with this file instead of printing, and fails if they differ
    #[arg(long, value_name = "FILE")]
    check: Option<PathBuf>,
}

/// Runs the command.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let present = routes::json(&routes::description());
    let Some(path) = args.check else {
        print!("{present}");
        return Ok(());
    };
    let shown = path.display();
    let committed =
        std::fs::read_to_string(&path).with_context(|| format!("cannot read {shown}"))?;
    if committed != present {
        bail!(
            "{shown} is not what the routes are now. Run:\n  cargo run -p shipsby-server -- openapi > {shown}"
        );
    }
    println!("{shown} describes the routes as they are.");
    Ok(())
}
