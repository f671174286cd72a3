//! The widget's files: those that are built into the server, and those of earlier versions.
//!
//! A page may be pinned to a version for as long as its merchant likes, so a server leaves its files to
//! the next one.

use std::collections::HashMap;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;
use serde::Deserialize;

use crate::error::Problem;

/// What `make widget` leaves in dist/embed. Read from there by development builds.
#[derive(RustEmbed)]
#[folder = "../dist/embed"]
#[allow_missing = true]
struct Built;

/// Most versions that are served. Pages that were pinned to one before these have to be pinned anew.
const VERSIONS_MAX: usize = 20;
const MANIFEST: &str = "manifest.json";

/// All versions of the widget that this server has.
#[derive(Debug)]
pub struct Bundles {
    current: Bundle,
    earlier: Vec<Bundle>,
}

/// The widget's files of one version, as they are served.
#[derive(Debug)]
pub struct Bundle {
    version: String,
    files: HashMap<String, File>,
}

#[derive(Debug)]
struct File {
    plain: Bytes,
    brotli: Option<Bytes>,
    gzip: Option<Bytes>,
    kind: &'static str,
    tag: HeaderValue,
}

/// The part of manifest.json that the server reads.
#[derive(Deserialize)]
struct Manifest {
    version: String,
}

/// How long a file may be kept.
#[derive(Debug, Clone, Copy)]
pub enum Kept {
    /// For ever: its address names its version.
    Pinned,
    /// For minutes.
    Shortly,
}

impl Bundles {
    /// The bundle that is built in, and no other.
    pub fn built_in() -> Self {
        Self {
            current: Bundle::built_in::<Built>(),
            earlier: Vec::new(),
        }
    }

    /// The bundle that is built in, and those that earlier servers left in `folder`. Leaves its own
    /// there too, for later ones.
    ///
    /// # Errors
    ///
    /// Where the folder cannot be read or written to.
    pub fn kept_in(folder: &Path) -> io::Result<Self> {
        let mut bundles = Self::built_in();
        bundles.current.keep_in(folder)?;
        let mut found: Vec<(SystemTime, PathBuf)> = Vec::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            found.push((entry.metadata()?.modified()?, entry.path()));
        }
        found.sort_unstable_by(|a, b| b.cmp(a));
        for (_, path) in found.into_iter().take(VERSIONS_MAX) {
            let bundle = Bundle::read(&path)?;
            // What a server was writing when it was stopped has another version than its folder.
            if path
                .file_name()
                .is_some_and(|name| *name == *bundle.version)
                && bundle.version != bundles.current.version
            {
                bundles.earlier.push(bundle);
            }
        }
        Ok(bundles)
    }

    /// The bundle of this server.
    pub fn current(&self) -> &Bundle {
        &self.current
    }

    /// The bundle of a version, if it is known.
    pub fn version(&self, version: &str) -> Option<&Bundle> {
        let mut known = [&self.current].into_iter().chain(&self.earlier);
        known.find(|bundle| bundle.version == version)
    }
}

impl Bundle {
    /// The files that were built in from a folder.
    pub fn built_in<Folder: RustEmbed>() -> Self {
        let names = Folder::iter().map(|name| name.into_owned()).collect();
        let content = |name: &str| {
            Folder::get(name).map(|file| match file.data {
                std::borrow::Cow::Borrowed(bytes) => Bytes::from_static(bytes),
                std::borrow::Cow::Owned(bytes) => Bytes::from(bytes),
            })
        };
        Self::new(names, content)
    }

    fn new(names: Vec<String>, content: impl Fn(&str) -> Option<Bytes>) -> Self {
        let version = content(MANIFEST)
            .and_then(|json| serde_json::from_slice::<Manifest>(&json).ok())
            .map(|manifest| manifest.version)
            .unwrap_or_default();
        let files = names
            .into_iter()
            .filter(|name| !name.ends_with(".br") && !name.ends_with(".gz"))
            .filter_map(|name| {
                let plain = content(&name)?;
                let file = File {
                    tag: tag(&plain),
                    kind: kind(&name),
                    brotli: content(&format!("{name}.br")),
                    gzip: content(&format!("{name}.gz")),
                    plain,
                };
                Some((name, file))
            })
            .collect();
        Self { version, files }
    }

    fn read(folder: &Path) -> io::Result<Self> {
        let mut contents = HashMap::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            contents.insert(name, Bytes::from(fs::read(entry.path())?));
        }
        let names = contents.keys().cloned().collect();
        Ok(Self::new(names, |name| contents.get(name).cloned()))
    }

    /// Writes all files, the manifest last, since without it the rest is no bundle.
    fn keep_in(&self, folder: &Path) -> io::Result<()> {
        fs::create_dir_all(folder)?;
        let folder = folder.join(&self.version);
        if self.version.is_empty() || folder.join(MANIFEST).try_exists()? {
            return Ok(());
        }
        fs::create_dir_all(&folder)?;
        let mut files: Vec<_> = self.files.iter().collect();
        files.sort_unstable_by_key(|(name, _)| *name == MANIFEST);
        for (name, file) in files {
            for (ending, content) in [(".br", &file.brotli), (".gz", &file.gzip)] {
                if let Some(content) = content {
                    fs::write(folder.join(format!("{name}{ending}")), content)?;
                }
            }
            fs::write(folder.join(name), &file.plain)?;
        }
        Ok(())
    }

    /// Answers with a file.
    ///
    /// # Errors
    ///
    /// 404 where there is no such file, or the widget was not built.
    pub fn answer(&self, name: &str, kept: Kept, headers: &HeaderMap) -> Result<Response, Problem> {
        if self.files.is_empty() {
            return Err(Problem::new(
                404,
                "widget_not_built",
                "The widget is not built into this server",
                "Run `make widget`, then build the server again.",
            ));
        }
        let mut response = self.given(name, headers).ok_or_else(Problem::not_found)?;
        let cache = match kept {
            Kept::Pinned => "public, max-age=31536000, immutable",
            Kept::Shortly => "public, max-age=300, stale-while-revalidate=86400",
        };
        let headers = response.headers_mut();
        let mut set = |name: HeaderName, value| {
            headers.insert(name, HeaderValue::from_static(value));
        };
        set(header::CACHE_CONTROL, cache);
        set(HeaderName::from_static("timing-allow-origin"), "*");
        Ok(response)
    }

    /// A file as it is, or that it is still what the reader knows; `None`: there is no such file.
    pub fn given(&self, name: &str, headers: &HeaderMap) -> Option<Response> {
        let file = self.files.get(name)?;
        let unchanged = headers
            .get(header::IF_NONE_MATCH)
            .is_some_and(|known| known == file.tag);
        let mut response = if unchanged {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            file.content(headers)
        };
        let headers = response.headers_mut();
        let vary = HeaderValue::from_static("Accept-Encoding");
        headers.insert(header::VARY, vary);
        headers.insert(header::ETAG, file.tag.clone());
        Some(response)
    }
}

impl File {
    fn content(&self, headers: &HeaderMap) -> Response {
        let accepted = headers
            .get(header::ACCEPT_ENCODING)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let (content, encoding) = match (&self.brotli, &self.gzip) {
            (Some(brotli), _) if accepts(accepted, "br") => (brotli, Some("br")),
            (_, Some(gzip)) if accepts(accepted, "gzip") => (gzip, Some("gzip")),
            _ => (&self.plain, None),
        };
        let mut response = content.clone().into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.kind));
        if let Some(encoding) = encoding {
            let encoding = HeaderValue::from_static(encoding);
            headers.insert(header::CONTENT_ENCODING, encoding);
        }
        response
    }
}

fn accepts(accepted: &str, encoding: &str) -> bool {
    accepted.split(',').any(|one| {
        let (name, weight) = one.split_once(';').unwrap_or((one, ""));
        let refused = weight.trim().trim_start_matches("q=").parse() == Ok(0.0);
        name.trim().eq_ignore_ascii_case(encoding) && !refused
    })
}

fn kind(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("js") => "text/javascript; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("woff2") => "font/woff2",
        _ => "text/plain; charset=utf-8",
    }
}

fn tag(content: &Bytes) -> HeaderValue {
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    // Weak, because it is the same however the file is compressed.
    HeaderValue::from_str(&format!("W/\"{:016x}\"", hasher.finish()))
        .expect("hexadecimal digits may stand in a header")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_earlier_versions_stay_until_they_are_too_many() {
        let folder = tempfile::tempdir().expect("a folder");
        let begun = Bundles::kept_in(folder.path()).expect("a first start");
        assert!(begun.earlier.is_empty());
        let made = |version: &str| {
            let json = format!("{{\"version\":\"{version}\"}}");
            let script = Bytes::from(format!("// {version}"));
            let names = vec!["ships-by.js".into(), MANIFEST.into()];
            Bundle::new(names, |name| match name {
                MANIFEST => Some(Bytes::from(json.clone())),
                "ships-by.js" => Some(script.clone()),
                _ => None,
            })
        };
        for version in ["0.1.0-a", "0.1.0-b"] {
            made(version).keep_in(folder.path()).expect("kept");
        }
        // Stopped while it was being written.
        fs::create_dir(folder.path().join("0.1.0-c")).expect("a folder");
        fs::write(folder.path().join("0.1.0-c/ships-by.js"), "half").expect("a file");

        let again = Bundles::kept_in(folder.path()).expect("a second start");
        let mut versions: Vec<_> = again
            .earlier
            .iter()
            .map(|bundle| &*bundle.version)
            .collect();
        versions.sort_unstable();
        assert_eq!(versions, ["0.1.0-a", "0.1.0-b"]);
        let kept = again.version("0.1.0-a").expect("a version");
        assert_eq!(kept.files["ships-by.js"].plain, "// 0.1.0-a");
        assert_eq!(again.version("0.1.0-c").map(|bundle| &bundle.version), None);

        for number in 0..VERSIONS_MAX {
            made(&format!("0.2.0-{number}"))
                .keep_in(folder.path())
                .expect("kept");
        }
        let later = Bundles::kept_in(folder.path()).expect("a third start");
        assert!(later.earlier.len() <= VERSIONS_MAX);
    }

    #[test]
    fn an_encoding_is_used_only_where_it_is_accepted() {
        for (accepted, expected) in [
            ("gzip, deflate, br", true),
            ("BR;q=0.5", true),
            ("gzip", false),
            ("br;q=0", false),
            ("", false),
            ("brotli", false),
        ] {
            assert_eq!(accepts(accepted, "br"), expected, "{accepted}");
        }
    }
}
