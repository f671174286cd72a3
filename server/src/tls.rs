//! One implementation of TLS for all that this program reaches: rustls on ring.

/// Says which implementation of cryptography rustls uses. Whoever builds a client says it before; all but the first are
/// told that it is settled, and it is always the same.
pub fn settle() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}
