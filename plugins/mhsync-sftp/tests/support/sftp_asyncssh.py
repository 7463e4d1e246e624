"""The SFTP server of asyncssh, as a process: `python sftp_asyncssh.py PORT HOST_KEY AUTHORIZED_KEYS`.

It accepts the keys of the file AUTHORIZED_KEYS, and serves all paths of this machine.
"""

from __future__ import annotations

import asyncio
import sys

import asyncssh


async def main(port: int, host_key: str, authorized_keys: str) -> None:
    await asyncssh.listen(
        "127.0.0.1",
        port,
        server_host_keys=[host_key],
        authorized_client_keys=authorized_keys,
        sftp_factory=True,
    )
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), *sys.argv[2:]))
