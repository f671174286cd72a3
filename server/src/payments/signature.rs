//! Signatures of messages between machines: those of [Standard Webhooks](https://www.standardwebhooks.com) for ours and the
//! merchant's, and Stripe's own. Both are taken over the bytes as they came, before anybody reads them.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::hex;

/// How far the time in a signature may be from ours.
pub const TOLERANCE: TimeDelta = TimeDelta::seconds(300);
/// What a secret of Standard Webhooks begins with.
const SECRET_PREFIX: &str = "whsec_";

/// A secret that signs messages. It is shown to nobody but whom it is made for.
#[derive(Clone)]
pub struct Secret(Vec<u8>);

/// The text is no secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be whsec_ and 24 to 64 bytes in base64")]
pub struct NoSecret;

/// Why a message is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Distrust {
    /// A header is missing or cannot be read.
    #[error("the message has no signature that can be read")]
    Unreadable,
    /// It was signed too long ago, or is from the future.
    #[error("the message was signed more than {} s from now", TOLERANCE.num_seconds())]
    TooOld,
    /// Nobody who knows the secret signed this.
    #[error("the signature is not of this message")]
    Forged,
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret")
    }
}

impl Secret {
    /// Reads a secret of Standard Webhooks: `whsec_` and base64.
    ///
    /// # Errors
    ///
    /// [`NoSecret`].
    pub fn standard(text: &str) -> Result<Self, NoSecret> {
        let encoded = text.strip_prefix(SECRET_PREFIX).ok_or(NoSecret)?;
        let bytes = STANDARD.decode(encoded).map_err(|_| NoSecret)?;
        match (24..=64).contains(&bytes.len()) {
            true => Ok(Self(bytes)),
            false => Err(NoSecret),
        }
    }

    /// A secret of Standard Webhooks that is made here.
    pub fn made_of(bytes: [u8; 32]) -> Self {
        Self(bytes.to_vec())
    }

    /// The secret as its owner is told it, once.
    pub fn text(&self) -> String {
        format!("{SECRET_PREFIX}{}", STANDARD.encode(&self.0))
    }

    /// Stripe's secrets are their letters.
    pub fn of_stripe(text: &str) -> Self {
        Self(text.as_bytes().to_owned())
    }

    /// The value of `webhook-signature` for a message.
    pub fn sign(&self, id: &str, at: DateTime<Utc>, body: &[u8]) -> String {
        let mac = self.over(&[
            id.as_bytes(),
            b".",
            at.timestamp().to_string().as_bytes(),
            b".",
            body,
        ]);
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }

    fn over(&self, parts: &[&[u8]]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("a key of any length will do");
        for part in parts {
            mac.update(part);
        }
        mac
    }
}

/// Believes a message signed as Standard Webhooks say, with one of some secrets: two while they are changed.
///
/// # Errors
///
/// [`Distrust`].
pub fn verify_standard(
    secrets: &[Secret],
    id: &str,
    timestamp: &str,
    signatures: &str,
    body: &[u8],
    now: DateTime<Utc>,
) -> Result<(), Distrust> {
    in_time(timestamp, now)?;
    let given = signatures
        .split(' ')
        .filter_map(|one| one.strip_prefix("v1,"));
    let given: Vec<Vec<u8>> = given
        .filter_map(|text| STANDARD.decode(text).ok())
        .collect();
    if given.is_empty() {
        return Err(Distrust::Unreadable);
    }
    let fits = |secret: &Secret| {
        let parts = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body];
        given
            .iter()
            .any(|one| secret.over(&parts).verify_slice(one).is_ok())
    };
    match secrets.iter().any(fits) {
        true => Ok(()),
        false => Err(Distrust::Forged),
    }
}

/// Believes a message of Stripe: `Stripe-Signature: t=...,v1=...`, several of them while the secret is changed.
///
/// # Errors
///
/// [`Distrust`].
pub fn verify_stripe(
    secrets: &[Secret],
    header: &str,
    body: &[u8],
    now: DateTime<Utc>,
) -> Result<(), Distrust> {
    let fields: Vec<(&str, &str)> = header
        .split(',')
        .filter_map(|field| field.trim().split_once('='))
        .collect();
    let timestamp = fields
        .iter()
        .find(|(name, _)| *name == "t")
        .ok_or(Distrust::Unreadable)?
        .1;
    in_time(timestamp, now)?;
    let given = fields.iter().filter(|(name, _)| *name == "v1");
    let given: Vec<Vec<u8>> = given.filter_map(|(_, digits)| hex::bytes(digits)).collect();
    if given.is_empty() {
        return Err(Distrust::Unreadable);
    }
    let fits = |secret: &Secret| {
        let parts = [timestamp.as_bytes(), b".", body];
        given
            .iter()
            .any(|one| secret.over(&parts).verify_slice(one).is_ok())
    };
    match secrets.iter().any(fits) {
        true => Ok(()),
        false => Err(Distrust::Forged),
    }
}

fn in_time(timestamp: &str, now: DateTime<Utc>) -> Result<(), Distrust> {
    let at = timestamp
        .parse()
        .ok()
        .and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    let at = at.ok_or(Distrust::Unreadable)?;
    match (now - at).abs() <= TOLERANCE {
        true => Ok(()),
        false => Err(Distrust::TooOld),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification.
    const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).expect("an instant")
    }

    #[test]
    fn a_message_is_believed_as_it_was_signed_and_no_other() {
        let secret = Secret::standard(SECRET).expect("a secret");
        let other = Secret::standard("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("a secret");
        let (now, body) = (at(1_700_000_000), br#"{"type":"payment.capture"}"#);
        let signed = secret.sign("msg_1", now, body);
        let check = |secrets: &[Secret], id: &str, time: &str, signature: &str, body: &[u8]| {
            verify_standard(secrets, id, time, signature, body, now)
        };
        let both = [other.clone(), secret.clone()];
        assert_eq!(check(&both, "msg_1", "1700000000", &signed, body), Ok(()));
        let two = format!("v1,AAAA {signed} v2,x");
        assert_eq!(check(&both, "msg_1", "1700000000", &two, body), Ok(()));
        assert_eq!(
            check(&[other], "msg_1", "1700000000", &signed, body),
            Err(Distrust::Forged)
        );
        assert_eq!(
            check(&both, "msg_2", "1700000000", &signed, body),
            Err(Distrust::Forged)
        );
        assert_eq!(
            check(&both, "msg_1", "1700000001", &signed, body),
            Err(Distrust::Forged)
        );
        assert_eq!(
            check(&both, "msg_1", "1699999699", &signed, body),
            Err(Distrust::TooOld)
        );
        assert_eq!(
            check(&both, "msg_1", "soon", &signed, body),
            Err(Distrust::Unreadable)
        );
        assert_eq!(
            check(&both, "msg_1", "1700000000", "v2,AAAA", body),
            Err(Distrust::Unreadable)
        );
        for at in 0..body.len() {
            let mut bent = body.to_vec();
            bent[at] ^= 1;
            assert_eq!(
                check(&both, "msg_1", "1700000000", &signed, &bent),
                Err(Distrust::Forged)
            );
        }
    }

    #[test]
    fn the_signature_is_the_one_of_the_specification() {
        // From the test vectors of the libraries of Standard Webhooks.
        let secret = Secret::standard("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("a secret");
        let signed = secret.sign(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            at(1_614_265_330),
            br#"{"test": 2432232314}"#,
        );
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn stripes_messages_are_believed_by_any_of_its_signatures() {
        let secret = Secret::of_stripe("whsec_test");
        let (now, body) = (at(1_700_000_000), b"{}");
        let mac = secret.over(&[b"1700000000", b".", body]);
        let digits = hex::text(&mac.finalize().into_bytes());
        let header = format!("t=1700000000,v1=00ff,v1={digits},v0=aa");
        let secrets = [secret];
        assert_eq!(verify_stripe(&secrets, &header, body, now), Ok(()));
        assert_eq!(
            verify_stripe(&secrets, &header, b"{ }", now),
            Err(Distrust::Forged)
        );
        assert_eq!(
            verify_stripe(&secrets, &header, body, at(1_700_000_301)),
            Err(Distrust::TooOld)
        );
        assert_eq!(
            verify_stripe(&secrets, "v1=00", body, now),
            Err(Distrust::Unreadable)
        );
        assert_eq!(
            verify_stripe(&secrets, "t=1700000000", body, now),
            Err(Distrust::Unreadable)
        );
    }

    #[test]
    fn secrets_are_long_and_never_shown() {
        assert_eq!(Secret::standard("whsec_c2hvcnQ=").err(), Some(NoSecret));
        assert_eq!(
            Secret::standard("C2FVsBQIhrscChlQIMV+b5sSYspob7oD").err(),
            Some(NoSecret)
        );
        assert_eq!(format!("{:?}", Secret::of_stripe("whsec_test")), "Secret");
    }
}
