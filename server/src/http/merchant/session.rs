//! Signing in and out, and one's own account.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use rand::TryRngCore;
use rand::rngs::OsRng;
use serde::{Deserialize, Serialize};
use shared::ids::StoreId;
use utoipa::ToSchema;

use super::Refusals;
use super::fields::Password;
use crate::app::App;
use crate::catalogue::Shop;
use crate::error::Problem;
use crate::http::auth::counted_as;
use crate::http::body::ApiJson;
use crate::http::session::{
    Peer, SignedIn, cookie, login_required, no_cookie, refuse_other_pages, shown,
};
use crate::limits::RECOVERY_CODES;
use crate::operations::check_availability::instant;
use crate::operations::own_account::{
    ChangePassword, Own, begin_totp, change_password, confirm_totp, end_totp,
};
use crate::operations::records::{Member, Session, TotpState};
use crate::operations::sign_in::{self, Drawn, SignIn, SignInError, sign_in, sign_out};
use crate::totp::{self, Qr, qr};

/// Seconds after which it is worth trying again where many sign in.
const BUSY_RETRY_S: u32 = 1;

/// What somebody shows to sign in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SignInRequest)]
pub struct Request {
    /// Your address.
    email: String,
    /// Your password.
    password: String,
    /// The code that your phone shows, or a recovery code; where codes are asked for.
    code: Option<String>,
    /// The store's id, where you are a member of several; else the one of which you have been a member for longest.
    store: Option<String>,
}

/// Another password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PasswordRequest)]
pub struct PasswordRequest {
    /// The one that you have.
    old: String,
    /// The one that you want.
    new: Password,
}

/// A code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CodeRequest)]
pub struct CodeRequest {
    /// What your phone shows, or (to end it) a recovery code.
    code: String,
}

/// Who is signed in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Session)]
pub struct Answer {
    /// You.
    member: MemberAnswer,
    /// The store's id.
    store: String,
    /// What the store is called.
    title: String,
    /// Instant (RFC 3339) at which the session ends, unless it is used before; 7 days after signing in at the latest.
    expires_at: String,
}

/// A member.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Member)]
pub struct MemberAnswer {
    /// Their id.
    id: String,
    /// Their address.
    email: String,
    /// What they are called.
    name: String,
    /// `owner`, `staff` or `read_only`.
    role: &'static str,
    /// True if they are asked for a code.
    totp: bool,
    /// Instant (RFC 3339) since which they are a member.
    created_at: String,
}

/// A secret for a phone.
#[derive(Serialize, ToSchema)]
#[schema(as = TotpSecret)]
pub struct SecretAnswer {
    /// In base 32, to be typed.
    secret: String,
    /// For a picture to be photographed: `otpauth://...`.
    uri: String,
    /// The picture; null where the address is too long for one.
    qr: Option<QrAnswer>,
}

/// A picture for the camera of a phone.
#[derive(Serialize, ToSchema)]
#[schema(as = Qr)]
pub struct QrAnswer {
    /// Modules of a side. Leave four light ones around it.
    modules: u32,
    /// The dark modules as a path of SVG, one unit each.
    path: String,
}

/// What opens where the phone is lost.
#[derive(Serialize, ToSchema)]
#[schema(as = RecoveryCodes)]
pub struct RecoveryAnswer {
    /// Each opens once. They are shown this once.
    recovery_codes: Vec<String>,
}

/// Says who is signed in
#[utoipa::path(
    get,
    path = "/v1/session",
    tag = "dashboard",
    responses((status = 200, description = "You are", body = Answer), Refusals),
    security(("session" = []))
)]
pub async fn show(signed_in: SignedIn) -> Json<Answer> {
    let SignedIn {
        store,
        shop,
        session,
    } = signed_in;
    Json(Answer::of(&store, &shop, &session))
}

/// Signs in, and sets the cookie `__Host-sid`
///
/// `401 login_failed` where the address or the password is not right: the same for an address that nobody has. `401 code_required`
/// where a code is asked for and missing, wrong or used before. `429 too_many_logins` after ten that failed in 15 minutes,
/// for an account or an address of the network.
#[utoipa::path(
    post,
    path = "/v1/session",
    tag = "dashboard",
    request_body = Request,
    responses(
        (status = 200, description = "You are signed in, and Set-Cookie has the session", body = Answer),
        (status = 429, description = "Too many attempts failed lately", body = Problem, content_type = "application/problem+json"),
        Refusals,
    ),
    security(())
)]
pub async fn begin(
    State(app): State<App>,
    Peer(address): Peer,
    headers: HeaderMap,
    uri: Uri,
    ApiJson(request): ApiJson<Request>,
) -> Result<Response, Problem> {
    refuse_other_pages(&app, &headers, &uri)?;
    // A name that no store can have is nobody's, like one that no store has.
    let store = request.store.map(|store| store.parse::<StoreId>());
    let store = store.transpose().map_err(|_| SignInError::Failed)?;
    let wanted = SignIn {
        email: request.email,
        password: request.password,
        code: request.code.filter(|code| !code.trim().is_empty()),
        store,
        address: counted_as(address),
        before: shown(&headers).map(str::to_owned),
    };
    let (token, salt) = (drawn()?, drawn()?);
    let signed_in = sign_in(&app, wanted, Drawn { token, salt }).await?;
    with_cookie(&app, &signed_in)
}

/// Signs out: the session ends, and the cookie goes
#[utoipa::path(
    delete,
    path = "/v1/session",
    tag = "dashboard",
    responses((status = 204, description = "You are signed out, or were not signed in"), Refusals),
    security(("session" = []))
)]
pub async fn end(
    State(app): State<App>,
    signed_in: Result<SignedIn, Problem>,
) -> Result<Response, Problem> {
    match signed_in {
        Ok(signed_in) => sign_out(&app, &signed_in.store, &signed_in.session).await?,
        Err(problem) if problem.code == login_required().code => {}
        Err(problem) => return Err(problem),
    }
    let headers = [(header::SET_COOKIE, no_cookie())];
    Ok((StatusCode::NO_CONTENT, headers).into_response())
}

/// Changes your password, and ends all of your sessions but the one that begins with it
#[utoipa::path(
    put,
    path = "/v1/session/password",
    tag = "dashboard",
    request_body = PasswordRequest,
    responses(
        (status = 200, description = "It is changed, and Set-Cookie has another session", body = Answer),
        (status = 429, description = "Too many attempts failed lately", body = Problem, content_type = "application/problem+json"),
        Refusals,
    ),
    security(("session" = []))
)]
pub async fn put_password(
    State(app): State<App>,
    Peer(address): Peer,
    signed_in: SignedIn,
    ApiJson(request): ApiJson<PasswordRequest>,
) -> Result<Response, Problem> {
    let change = ChangePassword {
        old: request.old,
        new: request.new.0,
        salt: drawn()?,
        token: drawn()?,
    };
    let signed_in = change_password(&app, own(signed_in, address), change).await?;
    with_cookie(&app, &signed_in)
}

/// Makes a secret for your phone; codes are asked for once it is confirmed
#[utoipa::path(
    post,
    path = "/v1/session/totp",
    tag = "dashboard",
    responses((status = 200, description = "The secret", body = SecretAnswer), Refusals),
    security(("session" = []))
)]
pub async fn begin_codes(
    State(app): State<App>,
    Peer(address): Peer,
    signed_in: SignedIn,
) -> Result<Json<SecretAnswer>, Problem> {
    let begun = begin_totp(&app, own(signed_in, address), drawn()?).await?;
    Ok(Json(SecretAnswer {
        secret: begun.secret,
        qr: qr(&begun.uri).map(|Qr { modules, path }| QrAnswer { modules, path }),
        uri: begun.uri,
    }))
}

/// Confirms the secret with a code: from now on codes are asked for
#[utoipa::path(
    put,
    path = "/v1/session/totp",
    tag = "dashboard",
    request_body = CodeRequest,
    responses(
        (status = 200, description = "Codes are asked for; these open once each where the phone is lost", body = RecoveryAnswer),
        (status = 429, description = "Too many attempts failed lately", body = Problem, content_type = "application/problem+json"),
        Refusals,
    ),
    security(("session" = []))
)]
pub async fn confirm_codes(
    State(app): State<App>,
    Peer(address): Peer,
    signed_in: SignedIn,
    ApiJson(request): ApiJson<CodeRequest>,
) -> Result<Json<RecoveryAnswer>, Problem> {
    let drawn = (0..RECOVERY_CODES).map(|_| Ok(totp::recovery_code(drawn()?)));
    let recovery_codes: Vec<String> = drawn.collect::<Result<_, Problem>>()?;
    let hashes = recovery_codes
        .iter()
        .map(|code| totp::recovery_hash(code))
        .collect();
    confirm_totp(&app, own(signed_in, address), request.code, hashes).await?;
    Ok(Json(RecoveryAnswer { recovery_codes }))
}

/// Ends that codes are asked for
#[utoipa::path(
    delete,
    path = "/v1/session/totp",
    tag = "dashboard",
    request_body = CodeRequest,
    responses(
        (status = 204, description = "No codes are asked for any more"),
        (status = 429, description = "Too many attempts failed lately", body = Problem, content_type = "application/problem+json"),
        Refusals,
    ),
    security(("session" = []))
)]
pub async fn end_codes(
    State(app): State<App>,
    Peer(address): Peer,
    signed_in: SignedIn,
    ApiJson(request): ApiJson<CodeRequest>,
) -> Result<StatusCode, Problem> {
    end_totp(&app, own(signed_in, address), request.code).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Random bytes.
///
/// # Errors
///
/// 500 if the source of them fails.
pub fn drawn<const COUNT: usize>() -> Result<[u8; COUNT], Problem> {
    let mut bytes = [0; COUNT];
    OsRng.try_fill_bytes(&mut bytes).map_err(|error| {
        tracing::error!(error = %error, "Cannot draw random bytes: {error}");
        Problem::internal()
    })?;
    Ok(bytes)
}

/// The answer to somebody who has just signed in.
pub fn with_cookie(app: &App, signed_in: &sign_in::SignedIn) -> Result<Response, Problem> {
    let sign_in::SignedIn {
        token,
        store,
        session,
    } = signed_in;
    let shop = app.catalogue.shop(store).ok_or_else(Problem::internal)?;
    let headers = [(header::SET_COOKIE, cookie(token))];
    Ok((headers, Json(Answer::of(store, &shop, session))).into_response())
}

fn own(signed_in: SignedIn, address: std::net::IpAddr) -> Own {
    Own {
        store: signed_in.store,
        member: signed_in.session.member,
        address: counted_as(address),
    }
}

impl Answer {
    fn of(store: &StoreId, shop: &Shop, session: &Session) -> Self {
        Self {
            member: MemberAnswer::of(&session.member),
            store: store.to_string(),
            title: shop.settings().name.clone(),
            expires_at: instant(sign_in::expires_at(session)),
        }
    }
}

impl MemberAnswer {
    /// A member as everybody who may see members sees them.
    pub fn of(member: &Member) -> Self {
        Self {
            id: member.id.clone(),
            email: member.email.clone(),
            name: member.name.clone(),
            role: member.role.name(),
            totp: member.totp == TotpState::On,
            created_at: instant(member.created_at),
        }
    }
}

impl From<SignInError> for Problem {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::Failed => Self::new(
                401,
                "login_failed",
                "The address or the password is not right",
                "Check both. Who is locked out is helped by an owner, or by `ships-by members reset`.",
            ),
            SignInError::CodeRequired => Self::new(
                401,
                "code_required",
                "A code is needed",
                "Send `code`: what your phone shows now, each once, or a recovery code.",
            ),
            SignInError::TooMany { retry_after_s } => Self::new(
                429,
                "too_many_logins",
                "Too many attempts failed",
                "Wait as Retry-After says, then try again.",
            )
            .retry_after_s(retry_after_s),
            SignInError::Busy(_) => Self::new(
                503,
                "busy",
                "Too many sign in right now",
                "Nothing was changed. Try again in a moment.",
            )
            .retry_after_s(BUSY_RETRY_S),
            SignInError::Act(error) => error.into(),
        }
    }
}
