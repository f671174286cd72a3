//! Tells systemd how the server is (`Type=notify`). Where nobody has asked to be told, nothing happens.

use std::ffi::OsStr;
use std::io;

/// Says that the facts are loaded and the port is open.
pub fn ready() {
    tell("READY=1");
}

/// Says that the server ends what is under way.
pub fn stopping() {
    tell("STOPPING=1");
}

fn tell(state: &str) {
    let Some(socket) = std::env::var_os("NOTIFY_SOCKET") else {
        return;
    };
    if let Err(error) = send(&socket, state) {
        tracing::warn!(%error, "Cannot tell systemd `{state}`: {error}");
    }
}

#[cfg(target_os = "linux")]
fn send(socket: &OsStr, state: &str) -> io::Result<()> {
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::net::{SocketAddr, UnixDatagram};

    // A name that begins with @ is none of a file.
    let address = match socket.as_bytes() {
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
        _ => SocketAddr::from_pathname(socket)?,
    };
    let own = UnixDatagram::unbound()?;
    own.send_to_addr(state.as_bytes(), &address).map(|_| ())
}

#[cfg(not(target_os = "linux"))]
fn send(_socket: &OsStr, _state: &str) -> io::Result<()> {
    Ok(())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net::{SocketAddr, UnixDatagram};

    use super::send;

    #[test]
    fn systemd_hears_it_by_either_kind_of_name() {
        let folder = tempfile::TempDir::new().expect("a folder");
        let file = folder.path().join("notify");
        let abstract_name = format!("@{}", file.display());
        let by_file = UnixDatagram::bind(&file).expect("a socket");
        let address = SocketAddr::from_abstract_name(&abstract_name[1..]).expect("a name");
        let by_name = UnixDatagram::bind_addr(&address).expect("a socket");
        for (socket, name) in [
            (by_file, file.as_os_str()),
            (by_name, abstract_name.as_ref()),
        ] {
            send(name, "READY=1").expect("somebody listens");
            let mut heard = [0; 16];
            let length = socket.recv(&mut heard).expect("a word");
            assert_eq!(&heard[..length], b"READY=1");
        }
    }
}
