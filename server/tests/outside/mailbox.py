"""A mail server that keeps what it takes in a folder, and fails for some addresses as real ones do.

python mailbox.py PORT FOLDER

`later@...` is refused for the moment once and taken then; `never@...` is refused for good; for `lost@...` the message is
kept and the connection breaks before it is said so, once.
"""

import asyncio
import pathlib
import sys

from aiosmtpd.smtp import SMTP

port, folder = int(sys.argv[1]), pathlib.Path(sys.argv[2])
seen: set[str] = set()
taken = 0


class Box:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("never@"):
            return "550 no such mailbox"
        if address.startswith("later@") and address not in seen:
            seen.add(address)
            return "451 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        global taken
        taken += 1
        (folder / f"{taken:04}.eml").write_bytes(envelope.content)
        lost = [address for address in envelope.rcpt_tos if address.startswith("lost@") and address not in seen]
        if lost:
            seen.update(lost)
            server.transport.abort()
        return "250 taken"


async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Box(), enable_SMTPUTF8=True), "127.0.0.1", port)
    await server.serve_forever()


asyncio.run(main())
