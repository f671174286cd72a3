//! Whether a message is from ShipsBy: signed as [Standard Webhooks](https://www.standardwebhooks.com) say.

use axum::http::HeaderMap;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// How far the time in a signature may be from ours.
const TOLERANCE: TimeDelta = TimeDelta::seconds(300);

/// The id of a message, if whoever knows `secret` signed it about now. Taken over the bytes as they came.
pub fn verified<'a>(
    secret: &str,
    headers: &'a HeaderMap,
    body: &[u8],
    now: DateTime<Utc>,
) -> Option<&'a str> {
    let header = |name| headers.get(name)?.to_str().ok();
    let (id, timestamp) = (header("webhook-id")?, header("webhook-timestamp")?);
    let signed_at = DateTime::from_timestamp(timestamp.parse().ok()?, 0)?;
    if TOLERANCE < (now - signed_at).abs() {
        return None;
    }
    let wanted = signature(secret, id, timestamp, body)?;
    let given = header("webhook-signature")?.split(' ');
    let given = given.filter_map(|one| STANDARD.decode(one.strip_prefix("v1,")?).ok());
    let is_believed = given.fold(false, |believed, one| {
        believed | bool::from(one.ct_eq(&wanted))
    });
    is_believed.then_some(id)
}

/// The bytes of a message's signature; `None` for a secret that is none.
fn signature(secret: &str, id: &str, timestamp: &str, body: &[u8]) -> Option<Vec<u8>> {
    let key = STANDARD.decode(secret.strip_prefix("whsec_")?).ok()?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
        mac.update(part);
    }
    Some(mac.finalize().into_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the test vectors of the libraries of Standard Webhooks.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const AT: i64 = 1_614_265_330;
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn headers(signature: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let at = AT.to_string();
        for (name, value) in [
            ("webhook-id", ID),
            ("webhook-timestamp", &at),
            ("webhook-signature", signature),
        ] {
            headers.insert(name, value.parse().expect("a header"));
        }
        headers
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).expect("an instant")
    }

    #[test]
    fn a_message_is_believed_by_the_signature_of_the_specification_and_beside_others() {
        assert_eq!(
            verified(SECRET, &headers(SIGNATURE), BODY, at(AT)),
            Some(ID)
        );
        let among = headers(&format!("v1,AAAA v2,x {SIGNATURE}"));
        assert_eq!(verified(SECRET, &among, BODY, at(AT)), Some(ID));
    }

    #[test]
    fn a_message_is_not_believed_when_it_is_bent_old_or_signed_by_somebody_else() {
        let signed = headers(SIGNATURE);
        assert_eq!(verified(SECRET, &signed, b"{}", at(AT)), None);
        assert_eq!(verified(SECRET, &signed, BODY, at(AT + 301)), None);
        assert_eq!(verified(SECRET, &signed, BODY, at(AT - 301)), None);
        let other = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
        assert_eq!(verified(other, &signed, BODY, at(AT)), None);
        assert_eq!(verified(SECRET, &HeaderMap::new(), BODY, at(AT)), None);
        assert_eq!(verified(SECRET, &headers("v1,"), BODY, at(AT)), None);
    }
}
