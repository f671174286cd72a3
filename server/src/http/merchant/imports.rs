//! Imports: stock files over HTTP.

use std::io::{Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Json;
use axum::body::Body;
use axum::extract::{FromRef, FromRequest, FromRequestParts, Query, Request, State};
use axum::http::header;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Refusals;
use super::asking::{self, asked, idempotency_key, sent};
use super::reservations::instant;
use crate::app::App;
use crate::error::Problem;
use crate::http::auth::Merchant;
use crate::http::body::whole;
use crate::http::named::Named;
use crate::import::{Broken, Format, FormatError, Remark};
use crate::operations::import_stock::{ImportError, ImportStock, StockImported, import_stock};
use crate::operations::once::{self, Asked, Once};
use crate::operations::show;
use crate::operations::turns::{Turn, UnderWay};

/// Most bytes of a file over HTTP; the command line takes larger ones.
pub const IMPORT_BYTES_MAX: usize = 10 * 1024 * 1024;
/// Seconds after which an import that found others under way is worth another try.
const IMPORTS_RETRY_S: u32 = 5;

/// How the routes of all files begin, as their answers are kept.
const ROUTES: &str = "POST /v1/imports/";

/// How a file is to be taken in.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Asking {
    /// Where goods are of a file that does not say; only lines of this location, of a file that
    /// does. An id or a name.
    location: Option<String>,
    /// True: say what would change, and change nothing. Needs no Idempotency-Key.
    #[serde(default)]
    dry_run: bool,
}

/// What came of a file.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Import)]
pub struct Answer {
    /// Lines read, without the header.
    rows_read: u64,
    /// Lines that changed something. Of sales: days of a SKU.
    changed: u64,
    /// Lines that say what was known. Of sales: days of a SKU.
    unchanged: u64,
    /// Lines that are not about stock.
    skipped: u64,
    /// The first 100 lines that were refused; the others count all the same.
    refused: Vec<RemarkAnswer>,
    /// All lines that were refused.
    refused_count: u64,
    /// The first 100 warnings.
    warnings: Vec<RemarkAnswer>,
    /// All warnings.
    warnings_count: u64,
    /// True: nothing was changed in truth.
    dry_run: bool,
}

/// Something to be said about a line.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportRemark)]
pub struct RemarkAnswer {
    /// Its number in the file.
    line: u64,
    /// A stable code.
    code: &'static str,
    /// What there is to say, and what to do.
    detail: String,
}

/// What is being taken in, and what was last.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Imports)]
pub struct UnderWayAnswer {
    /// What is being taken in now; null: nothing. Of several servers each knows its own.
    under_way: Option<FileUnderWay>,
    /// What was last taken in within 24 hours; null: nothing.
    last: Option<LastFile>,
}

/// A file that is being taken in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportUnderWay)]
pub struct FileUnderWay {
    /// Its format.
    format: &'static str,
    /// True: it is only tried.
    dry_run: bool,
    /// Instant (RFC 3339) since which.
    since: String,
    /// How long it is, in bytes.
    bytes: u64,
    /// How much of it has been read; once that is all of it the rest is being written.
    bytes_read: u64,
}

/// A file that was taken in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LastImport)]
pub struct LastFile {
    /// Its format.
    format: String,
    /// Instant (RFC 3339) at which it was taken in.
    at: String,
    /// What was answered: see POST /v1/imports/{format}.
    #[schema(value_type = Object)]
    answer: serde_json::Value,
}

/// A file, read whole: a client that is slow in sending it holds up nobody's writes.
pub struct File {
    asking: Asking,
    /// `None` for a dry run.
    asked: Option<Asked>,
    bytes: axum::body::Bytes,
    turn: Turn,
}

/// Takes a file of stock or of past deliveries in
#[utoipa::path(
    post,
    path = "/v1/imports/{format}",
    tag = "merchants",
    params(
        ("format" = String, Path, description = "`shipsby`, `woocommerce`, `shopify-inventory`, `supplier-deliveries` or `sales`"),
        ("Idempotency-Key" = Option<String>, Header, description = "Names the request, so that sending it again does nothing. Needed unless it is a dry run"),
        Asking,
    ),
    request_body(content = String, content_type = "text/csv"),
    responses((status = 200, description = "What was taken in", body = Answer), Refusals),
    security(("secret" = []))
)]
pub async fn import(
    State(app): State<App>,
    Named(format): Named<String>,
    file: File,
) -> Result<Response, Problem> {
    let format: Format = format.parse().map_err(|error: FormatError| {
        Problem::new(
            404,
            "unknown_format",
            "There is no such format",
            format!("{error}."),
        )
    })?;
    let request = ImportStock {
        format,
        location: file.asking.location,
        dry_run: file.asking.dry_run,
    };
    let once = match file.asked {
        Some(asked) => Some(Once::claim(&app, asked, imported)?),
        None => None,
    };
    let under_way = Arc::new(UnderWay {
        format: request.format.name(),
        dry_run: request.dry_run,
        since: app.clock.now(),
        bytes: file.bytes.len() as u64,
        bytes_read: AtomicU64::new(0),
    });
    file.turn.begins(&under_way);
    let bytes = Watched {
        file: Cursor::new(file.bytes),
        under_way,
    };
    let outcome = import_stock(&app, file.turn, request, bytes, once).await?;
    Ok(sent(outcome, imported))
}

/// Says what is being taken in, and what was last: a file that was sent goes on when nobody waits for the answer
#[utoipa::path(
    get,
    path = "/v1/imports",
    tag = "merchants",
    responses((status = 200, description = "What is under way, and what was last", body = UnderWayAnswer), Refusals),
    security(("secret" = []))
)]
pub async fn under_way(
    State(app): State<App>,
    merchant: Merchant,
) -> Result<Json<UnderWayAnswer>, Problem> {
    let under_way = app.imports.under_way(&merchant.store);
    let last = show::last_answer(&app, &merchant.store, ROUTES).await?;
    Ok(Json(UnderWayAnswer {
        under_way: under_way.map(|file| FileUnderWay {
            format: file.format,
            dry_run: file.dry_run,
            since: instant(file.since),
            bytes: file.bytes,
            bytes_read: file.bytes_read.load(Ordering::Relaxed),
        }),
        last: last.map(|(route, at, answer)| LastFile {
            format: route.trim_start_matches(ROUTES).to_owned(),
            at: instant(at),
            answer: serde_json::from_slice(&answer.body).unwrap_or_default(),
        }),
    }))
}

/// A file that says how far it has been read.
#[derive(Clone)]
struct Watched {
    file: Cursor<axum::body::Bytes>,
    under_way: Arc<UnderWay>,
}

impl Read for Watched {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let read = self.file.read(into)?;
        self.under_way.has_read(self.file.position());
        Ok(read)
    }
}

impl<S> FromRequest<S> for File
where
    App: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let merchant = Merchant::from_request_parts(&mut parts, state).await?;
        let Ok(Query(asking)) = Query::<Asking>::from_request_parts(&mut parts, state).await else {
            let detail = "the parameters are location and dry_run (true or false)";
            return Err(Problem::invalid("?", "invalid_parameter", detail));
        };
        let kind = parts.headers.get(header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let essence = kind.split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("text/csv") {
            return Err(Problem::new(
                415,
                "unsupported_media_type",
                "The body is not CSV",
                "Send the file as it is with the header Content-Type: text/csv.",
            ));
        }
        let key = match asking.dry_run {
            true => None,
            false => Some(idempotency_key(&parts)?),
        };
        // Before the body, so that a store holds no more than one in memory.
        let turn = App::from_ref(state).imports.of(&merchant.store);
        let turn = turn.ok_or_else(|| {
            let detail = "Another file of this store is being taken in. Nothing was changed; send it again in a moment.";
            Problem::new(409, "import_under_way", "The store is being imported to", detail)
                .retry_after_s(IMPORTS_RETRY_S)
        })?;
        let bytes = whole(Request::from_parts(parts.clone(), Body::new(body)), state).await?;
        let asked = key.map(|key| asked(&parts, &merchant.store, key, &bytes));
        Ok(Self {
            asking,
            asked,
            bytes,
            turn,
        })
    }
}

impl From<ImportError> for Problem {
    fn from(error: ImportError) -> Self {
        match error {
            ImportError::Act(error) => error.into(),
            ImportError::TooMany => Self::new(
                503,
                "busy",
                "Too much is being imported",
                "Other files are being taken in. Nothing was changed; send it again in a moment.",
            )
            .retry_after_s(IMPORTS_RETRY_S),
            ImportError::Broken(file) => broken(&file),
        }
    }
}

/// The problem of a file that cannot be used as a whole.
pub fn broken(file: &Broken) -> Problem {
    Problem::new(
        422,
        file.code,
        "The file cannot be used",
        format!("{} Nothing was changed.", file.detail),
    )
}

fn imported(imported: &StockImported) -> once::Answer {
    let remarks = |remarks: &[Remark]| remarks.iter().map(RemarkAnswer::from).collect();
    let report = &imported.report;
    asking::answer(
        200,
        &Answer {
            rows_read: report.rows_read,
            changed: imported.changed,
            unchanged: imported.unchanged,
            skipped: report.skipped,
            refused: remarks(&report.refused),
            refused_count: report.refused_count,
            warnings: remarks(&report.warnings),
            warnings_count: report.warnings_count,
            dry_run: imported.dry_run,
        },
    )
}

impl From<&Remark> for RemarkAnswer {
    fn from(remark: &Remark) -> Self {
        Self {
            line: remark.line,
            code: remark.code,
            detail: remark.detail.clone(),
        }
    }
}
