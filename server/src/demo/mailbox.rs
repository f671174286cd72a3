//! The demo shop's mailbox: the letters that ShipsBy would have sent, read from the folder where it puts them.

use std::cmp::Reverse;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

use axum::Router;
use axum::extract::{self, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};
use tracing::error;

use super::message::{self, Message};
use super::shop::{Asked, Refusal, Shop};

/// How a letter's file ends.
const ENDING: &str = "eml";
/// Most letters that are listed.
const LETTERS_MAX: usize = 200;
/// Largest letter that is read, in bytes.
const LETTER_BYTES_MAX: u64 = 1024 * 1024;

/// What a letter may do when it is shown: look as it likes, and open links beside it.
const LETTER_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox";

/// The folder of letters beside a database.
pub fn folder(database: &Path) -> PathBuf {
    database.with_file_name("demo-mail")
}

/// Throws all letters away: the orders that they speak of are gone.
///
/// # Errors
///
/// If a file cannot be removed.
pub fn clear(folder: &Path) -> io::Result<()> {
    for (path, _) in files(folder)? {
        fs::remove_file(path)?;
    }
    Ok(())
}

/// The mailbox, and each letter in it.
pub(super) fn routes() -> Router<Arc<Shop>> {
    Router::new()
        .route("/mailbox", get(list))
        .route("/mailbox/{id}", get(letter))
        .route("/mailbox/{id}/html", get(html))
}

async fn list(State(shop): State<Arc<Shop>>, asked: Asked) -> Response {
    let letters = reading(&shop, |folder| {
        let newest = files(folder)?.into_iter().take(LETTERS_MAX);
        Ok(newest
            .filter_map(|(path, at)| Letter::read(&path, at))
            .collect::<Vec<_>>())
    });
    match letters.await {
        Ok(letters) => {
            let letters: Vec<Value> = letters.iter().map(Letter::listed).collect();
            let page = json!({ "letters": letters, "shelves": shop.shelves() });
            shop.page("mailbox.html", &asked, "/mailbox", page)
        }
        Err(response) => response,
    }
}

async fn letter(
    State(shop): State<Arc<Shop>>,
    extract::Path(id): extract::Path<String>,
    asked: Asked,
) -> Response {
    match found(&shop, &id).await {
        Ok(Some(letter)) => {
            let mut page = letter.listed();
            page["text"] = letter.message.text.clone().into();
            page["is_html"] = letter.message.html.is_some().into();
            let path = format!("/mailbox/{id}");
            let page = json!({ "letter": page, "shelves": shop.shelves() });
            let mut response = shop.page("letter.html", &asked, &path, page);
            let policy = format!("{}; frame-src 'self'", shop.policy);
            if let Ok(policy) = HeaderValue::from_str(&policy) {
                response
                    .headers_mut()
                    .insert(CONTENT_SECURITY_POLICY, policy);
            }
            response
        }
        Ok(None) => shop.refusal(StatusCode::NOT_FOUND, &asked, &Refusal::NO_LETTER),
        Err(response) => response,
    }
}

async fn html(State(shop): State<Arc<Shop>>, extract::Path(id): extract::Path<String>) -> Response {
    let policy = HeaderValue::from_static(LETTER_POLICY);
    let letter = match found(&shop, &id).await {
        Ok(letter) => letter,
        Err(response) => return response,
    };
    match letter.and_then(|letter| letter.message.html) {
        Some(html) => (
            [
                (CONTENT_SECURITY_POLICY, policy),
                (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
            ],
            Html(html),
        )
            .into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// A letter in the folder.
struct Letter {
    id: String,
    at: DateTime<Utc>,
    message: Message,
}

impl Letter {
    /// Reads it; `None` if it is gone, or larger than a letter is.
    fn read(path: &Path, at: DateTime<Utc>) -> Option<Self> {
        let is_sound = fs::metadata(path).ok()?.len() <= LETTER_BYTES_MAX;
        let raw = is_sound.then(|| fs::read(path))?.ok()?;
        Some(Self {
            id: path.file_stem()?.to_str()?.to_owned(),
            at,
            message: message::read(&raw),
        })
    }

    fn listed(&self) -> Value {
        let written = self.message.date.map(|date| date.to_utc());
        let at = written.unwrap_or(self.at);
        json!({
            "id": self.id,
            "subject": self.message.subject,
            "to": self.message.to,
            "at": at.to_rfc3339_opts(SecondsFormat::Secs, true),
        })
    }
}

async fn found(shop: &Shop, id: &str) -> Result<Option<Letter>, Response> {
    let id = id.to_owned();
    let found = reading(shop, move |folder| {
        // Among those that are there, so that no name leads out of the folder.
        let mut files = files(folder)?.into_iter();
        let file =
            files.find(|(path, _)| path.file_stem().and_then(|stem| stem.to_str()) == Some(&id));
        Ok(file.and_then(|(path, at)| Letter::read(&path, at)))
    });
    found.await
}

/// Reads in the folder, on a thread that may wait for a disk.
async fn reading<T: Send + 'static>(
    shop: &Shop,
    read: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
) -> Result<T, Response> {
    let folder = shop.mail.clone();
    let read = tokio::task::spawn_blocking(move || read(&folder)).await;
    let read = read.unwrap_or_else(|error| Err(io::Error::other(error)));
    read.map_err(|cause| {
        error!(error = %cause, "Cannot read the demo's mailbox: {cause}");
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    })
}

/// The letters of a folder with the time at which each was put there, newest first. None where there is no folder.
fn files(folder: &Path) -> io::Result<Vec<(PathBuf, DateTime<Utc>)>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == ENDING) {
            // A file that was removed since is not there.
            let Ok(about) = fs::metadata(&path) else {
                continue;
            };
            if about.is_file() {
                files.push((path, about.modified()?.into()));
            }
        }
    }
    files.sort_by(|(one, one_at), (other, other_at)| {
        (Reverse(one_at), one).cmp(&(Reverse(other_at), other))
    });
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::time::{Duration, SystemTime};

    fn put(folder: &Path, name: &str, age_s: u64) {
        let path = folder.join(name);
        fs::write(&path, format!("Subject: {name}\n\nWords")).expect("a file");
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 - age_s);
        let file = fs::File::options().append(true).open(&path);
        file.expect("the file").set_modified(at).expect("its time");
    }

    fn names(folder: &Path) -> Vec<String> {
        let files = files(folder).expect("a list");
        let name = |(path, _): (PathBuf, _)| {
            path.file_name()
                .map(|name| name.to_string_lossy().into_owned())
        };
        files.into_iter().filter_map(name).collect()
    }

    #[test]
    fn letters_are_listed_newest_first_and_nothing_else_is() {
        let folder = tempfile::tempdir().expect("a folder");
        put(folder.path(), "old.eml", 60);
        put(folder.path(), "new.eml", 0);
        put(folder.path(), "notes.txt", 30);
        assert_eq!(names(folder.path()), ["new.eml", "old.eml"]);
    }

    #[test]
    fn a_folder_that_is_not_there_has_no_letters() {
        assert_eq!(names(Path::new("/nonexistent/demo-mail")), [""; 0]);
    }

    #[test]
    fn starting_over_throws_letters_away_and_leaves_other_files_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        put(folder.path(), "one.eml", 0);
        put(folder.path(), "notes.txt", 0);
        clear(folder.path()).expect("no letters");
        assert_eq!(names(folder.path()), [""; 0]);
        assert!(folder.path().join("notes.txt").exists());
    }

    #[test]
    fn the_folder_is_beside_the_database() {
        let folder = folder(Path::new("/data/shop/demo.sqlite"));
        assert_eq!(folder, Path::new("/data/shop/demo-mail"));
    }
}
