//! Judges what `shared::demand` says: forecasts beside those of statsforecast, reorder points beside the textbook's.
//!
//! The demand is that of 1,251 car parts in 51 months (`data`), lead times are those of real suppliers (`shop`). Half of the parts were there to
//! develop with; the other half was kept aside and is judged the same way. Fails where a bar is missed in either half.
//! docs/forecasts.md has the figures, docs/decisions/demand-is-a-mixture.md what was tried and lost.

mod chance;
mod data;
mod forecasts;
mod peers;
mod report;
mod shop;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};

use crate::report::Report;

fn main() -> anyhow::Result<ExitCode> {
    let asked = asked()?;
    let peers = peers::read(&asked.peers)?;
    let mut is_met = true;
    for half in data::halves()? {
        if asked.developing && half.name != data::DEVELOPING {
            continue;
        }
        let report = Report::of(&half, &peers)?;
        print!("{report}");
        is_met &= report.is_met();
    }
    Ok(if is_met {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

struct Asked {
    /// The file that `peers.py` wrote.
    peers: PathBuf,
    /// Only the half that is there to develop with.
    developing: bool,
}

fn asked() -> anyhow::Result<Asked> {
    let mut arguments = std::env::args().skip(1);
    let (mut peers, mut developing) = (None, false);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--peers" => peers = arguments.next().map(PathBuf::from),
            "--developing" => developing = true,
            other => bail!("{other} is not known: demand --peers FILE [--developing]"),
        }
    }
    let peers = peers
        .context("--peers names the file that peers.py wrote; `make demand` does all of it")?;
    Ok(Asked { peers, developing })
}
