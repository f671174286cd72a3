//! Bytes as hexadecimal digits.

/// The digits of bytes.
pub fn text(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |four: u8| char::from(DIGITS[usize::from(four)]);
    let digits = |byte: &u8| [digit(byte >> 4), digit(byte & 15)];
    bytes.iter().flat_map(digits).collect()
}

/// The sixteen digits of a number, without a detour over text: every answer has two of them.
pub fn of_u64(number: u64) -> [u8; 16] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |at: u32| DIGITS[usize::try_from(number >> (60 - 4 * at) & 15).unwrap_or(0)];
    std::array::from_fn(|at| digit(u32::try_from(at).unwrap_or(0)))
}

/// The bytes of digits; `None` for any other text.
pub fn bytes(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes().chunks(2);
    let byte = |pair: &[u8]| {
        let pair = std::str::from_utf8(pair)
            .ok()
            .filter(|pair| pair.len() == 2)?;
        u8::from_str_radix(pair, 16).ok()
    };
    digits.map(byte).collect()
}
