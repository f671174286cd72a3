//! `ships-by restore`

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};

use indicatif::HumanBytes;
use server::clock::Clock;
use server::store::{OpenError, ServingLock, Store};
use tokio::time::{Instant, sleep};

/// Options.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The copy that `ships-by backup` wrote
    copy: PathBuf,
    /// The database whose place it takes
    #[arg(long, value_name = "FILE", env = "SHIPSBY_DB")]
    db: PathBuf,
    /// Gets all ready while the server runs, then waits so many seconds at most for it to stop
    #[arg(long, value_name = "SECONDS")]
    wait: Option<u64>,
}

/// How often it is looked whether the server has stopped.
const LOOK_EVERY: Duration = Duration::from_millis(10);

const EXAMPLES: &str = "\
Examples:
  ships-by restore backup-2026-11-23.sqlite --db shop.sqlite

Stop the server first. With a large database, or customers at the door, let all be ready before:
  ships-by restore backup-2026-11-23.sqlite --db shop.sqlite --wait 60
and stop the server when it says so; start it again when it has ended, a moment later.

The copy is checked before anything is changed, and brought up to date if an older
version wrote it. The database that was there is kept beside it, under a name that ends in the time of day;
the copy itself stays as it is.";

/// What SQLite keeps beside a database.
const BESIDE: [&str; 3] = ["", "-wal", "-shm"];

/// Runs the command.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let (copy, db) = (args.copy.display(), args.db.display());
    let refused = || format!("cannot put a copy in the place of {db}");
    let fresh = beside(&args.db, ".restoring");
    // Nobody else makes ready what goes into this place.
    let _turn = Turn::take(&fresh).with_context(refused)?;
    let mut lock = match args.wait {
        None => Some(ServingLock::take(&args.db).with_context(refused)?),
        Some(_) => None,
    };
    let bytes = fs::metadata(&args.copy)
        .with_context(|| format!("cannot look at {copy}"))?
        .len();
    if fs::metadata(beside(&args.copy, "-wal")).is_ok_and(|log| 0 < log.len()) {
        bail!("{copy} is a database in use and no copy of one; make a copy with `ships-by backup`");
    }
    let checked = fill(&fresh, &args.copy).await;
    if checked.is_err() {
        remove(&fresh)?;
    }
    checked.with_context(|| format!("{db} was left as it is"))?;

    if let Some(seconds) = args.wait {
        println!("{copy} is ready. Stop the server now, within {seconds} s.");
        let stopped = once_stopped(&args.db, Duration::from_secs(seconds)).await;
        if stopped.is_err() {
            remove(&fresh)?;
        }
        lock = Some(stopped.with_context(|| format!("{db} was left as it is"))?);
    }
    let kept = set_aside(&args.db).await?;
    fs::rename(&fresh, &args.db).with_context(|| match &kept {
        Some(kept) => format!(
            "cannot rename {}; what was there is {}",
            fresh.display(),
            kept.display()
        ),
        None => format!("cannot rename {}", fresh.display()),
    })?;
    keep_names(&args.db)?;
    println!("{db} is {copy} now, {}.", HumanBytes(bytes));
    if let Some(kept) = kept {
        println!("What was there before is {}.", kept.display());
    }
    drop(lock);
    Ok(())
}

/// Waits until no server runs on the database.
async fn once_stopped(db: &Path, most: Duration) -> anyhow::Result<ServingLock> {
    let asked = Instant::now();
    loop {
        match ServingLock::take(db) {
            Err(OpenError::BeingServed(_)) if asked.elapsed() < most => sleep(LOOK_EVERY).await,
            taken => return Ok(taken?),
        }
    }
}

/// The right to make ready what goes into one place. Its lock file goes with it.
struct Turn {
    _lock: ServingLock,
    file: PathBuf,
}

impl Turn {
    fn take(fresh: &Path) -> Result<Self, OpenError> {
        Ok(Self {
            _lock: ServingLock::take(fresh)?,
            file: beside(fresh, ".lock"),
        })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.file);
    }
}

/// Makes a database of a copy, with the tables of this version, and checks it.
async fn fill(fresh: &Path, copy: &Path) -> anyhow::Result<()> {
    let (shown, from) = (fresh.display(), copy.display());
    remove(fresh)?;
    fs::copy(copy, fresh).with_context(|| format!("cannot copy {from} to {shown}"))?;
    let store = match Store::open(fresh).await {
        Err(OpenError::NoDatabase(_)) => {
            bail!("{from} is no database of ShipsBy; name a copy that `ships-by backup` wrote")
        }
        opened => opened?,
    };
    let faults = store.faults().await?;
    store.close().await;
    if let Some(first) = faults.first() {
        bail!(
            "{from} is not sound ({}: {}, {} faults in all); take another copy",
            first.check,
            first.found,
            faults.len()
        );
    }
    let file = File::open(fresh).with_context(|| format!("cannot open {shown}"))?;
    file.sync_all()
        .with_context(|| format!("cannot write {shown} to the disk"))
}

/// Gives the database another name, if there is one, and returns it.
async fn set_aside(db: &Path) -> anyhow::Result<Option<PathBuf>> {
    if !fs::exists(db).with_context(|| format!("cannot look for {}", db.display()))? {
        return Ok(None);
    }
    // What is still in its log belongs into it. One that cannot be opened is kept with its log.
    if let Ok(store) = Store::open_as_it_is(db).await {
        store.close().await;
    }
    let kept = beside(
        db,
        &format!(
            ".before-{}",
            Clock::system().now().format("%Y%m%dT%H%M%S%3fZ")
        ),
    );
    for part in BESIDE {
        let (from, to) = (beside(db, part), beside(&kept, part));
        if fs::exists(&from).is_ok_and(|there| there) {
            fs::rename(&from, &to)
                .with_context(|| format!("cannot rename {} to {}", from.display(), to.display()))?;
        }
    }
    Ok(Some(kept))
}

/// Removes what an attempt left that was cut short.
fn remove(database: &Path) -> anyhow::Result<()> {
    for part in BESIDE {
        let file = beside(database, part);
        if fs::exists(&file).is_ok_and(|there| there) {
            fs::remove_file(&file).with_context(|| format!("cannot remove {}", file.display()))?;
        }
    }
    Ok(())
}

/// Makes sure that files are found under their names after a power cut.
fn keep_names(database: &Path) -> anyhow::Result<()> {
    let folder = match database.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let keep = || File::open(folder)?.sync_all();
    match cfg!(unix) {
        true => keep().with_context(|| format!("cannot write {} to the disk", folder.display())),
        false => Ok(()),
    }
}

fn beside(database: &Path, ending: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
