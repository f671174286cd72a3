//! Codes that change every 30 seconds, from a secret that a phone and the server share (RFC 6238), and what
//! stands for them once where the phone is lost.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use qrcodegen::{QrCode, QrCodeEcc};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Seconds for which a code is shown.
const STEP_S: u64 = 30;
/// Bytes of the server's key.
const KEY_BYTES: std::ops::RangeInclusive<usize> = 32..=64;
/// Steps before and after the present one whose codes are taken: clocks differ, and people type.
const STEPS_AROUND: u64 = 1;
/// Digits of a code.
const DIGITS: usize = 6;
/// Bytes of a recovery code: 80 bits, so that its hash need not be slow.
pub const RECOVERY_BYTES: usize = 10;
/// Digits and letters of base 32 (RFC 4648).
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// Characters of a recovery code that stand together.
const GROUP: usize = 4;

/// The server's key, without which the seeds in a database are worth nothing. It is never shown.
#[derive(Clone)]
pub struct Key(Vec<u8>);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key")
    }
}

impl Key {
    /// Reads a key: 32 to 64 bytes in base64. `None` for anything else.
    pub fn read(text: &str) -> Option<Self> {
        let bytes = STANDARD.decode(text).ok()?;
        KEY_BYTES.contains(&bytes.len()).then_some(Self(bytes))
    }

    /// The secret of a member, made of their seed.
    pub fn secret(&self, store: &str, member: &str, seed: &[u8]) -> Vec<u8> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("keys may be of any length");
        // No id has a line end, so nobody else's three parts look the same.
        for part in [store.as_bytes(), b"\n", member.as_bytes(), b"\n", seed] {
            mac.update(part);
        }
        mac.finalize().into_bytes()[..seed.len().min(32)].to_vec()
    }
}

/// The step whose code this is, of those around a time; `None`: of none.
pub fn step_of(secret: &[u8], code: &str, at_s: u64) -> Option<u64> {
    let now = at_s / STEP_S;
    let steps = now.saturating_sub(STEPS_AROUND)..=now + STEPS_AROUND;
    // All are compared, however early one fits.
    steps.fold(None, |found, step| {
        let is_it = code_of(secret, step).as_bytes().ct_eq(code.as_bytes());
        if bool::from(is_it) { Some(step) } else { found }
    })
}

/// The code of a secret at a time, as a phone shows it.
pub fn code_at(secret: &[u8], at_s: u64) -> String {
    code_of(secret, at_s / STEP_S)
}

/// A code as it is compared: people type spaces and hyphens into it, and small letters.
pub fn as_compared(typed: &str) -> String {
    let kept = typed.chars().filter(char::is_ascii_alphanumeric);
    kept.map(|letter| letter.to_ascii_uppercase()).collect()
}

/// True if something typed may be a code of a phone; else it may be a recovery code.
pub fn is_from_a_phone(code: &str) -> bool {
    code.len() == DIGITS && code.bytes().all(|byte| byte.is_ascii_digit())
}

/// A recovery code as it is shown.
pub fn recovery_code(random: [u8; RECOVERY_BYTES]) -> String {
    let letters = base32(&random);
    let groups: Vec<String> = letters
        .as_bytes()
        .chunks(GROUP)
        .map(|group| group.iter().map(|byte| char::from(*byte)).collect())
        .collect();
    groups.join("-")
}

/// The hash under which a recovery code is kept.
pub fn recovery_hash(code: &str) -> [u8; 32] {
    Sha256::digest(as_compared(code)).into()
}

/// What an app on a phone reads from a picture: whose codes they are, and their secret.
pub fn uri(secret: &[u8], issuer: &str, account: &str) -> String {
    let encoded = |text: &str| {
        percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
    };
    format!(
        "otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits={DIGITS}&period={STEP_S}",
        issuer = encoded(issuer),
        account = encoded(account),
        secret = base32(secret),
    )
}

/// A picture for a camera (ISO/IEC 18004).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Qr {
    /// Modules of a side, without the light ones around it.
    pub modules: u32,
    /// The dark modules as a path of SVG, one unit each.
    pub path: String,
}

/// Draws a text; nothing where it is too long for a picture.
pub fn qr(text: &str) -> Option<Qr> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
    let size = code.size();
    let mut path = String::new();
    for y in 0..size {
        let mut x = 0;
        while x < size {
            let run = (x..size).take_while(|x| code.get_module(*x, y)).count();
            if 0 < run {
                path.push_str(&format!("M{x} {y}h{run}v1h-{run}z"));
            }
            x += i32::try_from(run).unwrap_or(size) + 1;
        }
    }
    Some(Qr {
        modules: u32::try_from(size).unwrap_or_default(),
        path,
    })
}

/// Bytes in base 32, without padding.
pub fn base32(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(5) * 8);
    let (mut kept, mut bits) = (0_u32, 0);
    for byte in bytes {
        kept = kept << 8 | u32::from(*byte);
        bits += 8;
        while 5 <= bits {
            bits -= 5;
            text.push(digit(kept >> bits));
        }
        kept &= (1 << bits) - 1;
    }
    if 0 < bits {
        text.push(digit(kept << (5 - bits)));
    }
    text
}

fn digit(five: u32) -> char {
    char::from(BASE32[usize::try_from(five & 31).unwrap_or(0)])
}

/// The code of a step: RFC 4226, 5.3, with the step in the place of the counter.
fn code_of(secret: &[u8], step: u64) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret).expect("keys may be of any length");
    mac.update(&step.to_be_bytes());
    let hash = mac.finalize().into_bytes();
    let offset = usize::from(hash[hash.len() - 1] & 15);
    let four = [
        hash[offset] & 0x7f,
        hash[offset + 1],
        hash[offset + 2],
        hash[offset + 3],
    ];
    format!("{:0DIGITS$}", u32::from_be_bytes(four) % 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_rfc_6238() {
        let secret = b"12345678901234567890";
        // The last six of the eight digits that appendix B lists.
        for (at_s, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(code_at(secret, at_s), code, "{at_s}");
            assert_eq!(step_of(secret, code, at_s), Some(at_s / 30));
            assert_eq!(step_of(secret, code, at_s + 30), Some(at_s / 30));
            assert_eq!(step_of(secret, code, at_s - 30), Some(at_s / 30));
            assert_eq!(step_of(secret, code, at_s + 90), None);
            assert_eq!(step_of(secret, &code[1..], at_s), None);
        }
    }

    #[test]
    fn a_picture_has_what_cameras_look_for_in_three_corners() {
        let picture = qr(&uri(b"12345678901234567890", "Shop", "anna@shop.example"));
        let Qr { modules, path } = picture.expect("a picture");
        assert_eq!(modules % 4, 1, "versions grow by four modules");
        for (x, y) in [(0, 0), (modules - 7, 0), (0, modules - 7)] {
            let top = format!("M{x} {y}h7v1h-7z");
            assert!(path.contains(&top), "no {top} in {path}");
        }
        assert_eq!(qr(&"x".repeat(10_000)), None);
    }

    #[test]
    fn base_32_is_that_of_rfc_4648() {
        for (bytes, text) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(base32(bytes.as_bytes()), text);
        }
    }

    #[test]
    fn a_recovery_code_is_the_same_however_it_is_typed() {
        let code = recovery_code([0x5a; RECOVERY_BYTES]);
        assert_eq!(code.len(), 19);
        assert!(!is_from_a_phone(&as_compared(&code)));
        let typed = code.to_lowercase().replace('-', " ");
        assert_eq!(recovery_hash(&typed), recovery_hash(&code));
        assert!(is_from_a_phone(&as_compared("123 456")));
    }

    #[test]
    fn an_app_is_told_whose_codes_they_are() {
        assert_eq!(
            uri(b"foobar", "Plain song", "anna@shop.example"),
            "otpauth://totp/Plain%20song:anna%40shop%2Eexample?secret=MZXW6YTBOI&issuer=Plain%20song&algorithm=SHA1&digits=6&period=30"
        );
    }
}
