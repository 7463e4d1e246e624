"""The S3 gateway of Ceph on loopback: one monitor, one OSD that stores everything in memory, one gateway.

The programs are in the Debian packages ceph-mon, ceph-osd, radosgw and ceph-common. They write to a temporary
folder only. Each is ended by its process object.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import uuid
from pathlib import Path
from typing import Self

from cloud_processes import Daemon, free_port, wait_for_port

PROGRAMS = (
    "ceph", "ceph-authtool", "ceph-mon", "ceph-osd", "monmaptool", "radosgw", "radosgw-admin",
)  # fmt: skip
ACCESS, SECRET = "cephaccesskey", "cephsecretkey"

_CONF = """\
[global]
fsid = {fsid}
mon_initial_members = a
mon_host = [v2:127.0.0.1:{port}/0]
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
public_network = 127.0.0.0/8
ms_bind_msgr1 = false
auth_cluster_required = cephx
auth_service_required = cephx
auth_client_required = cephx
keyring = {folder}/keyring
run_dir = {folder}
admin_socket = {folder}/$name.asok
log_file = {folder}/$name.log
crash_dir = {folder}/crash
mon_data = {folder}/mon
mon_data_avail_warn = 1
mon_data_avail_crit = 1
mon_allow_pool_size_one = true
mon_allow_pool_delete = true
mon_warn_on_pool_no_redundancy = false
osd_data = {folder}/osd
osd_objectstore = memstore
memstore_device_bytes = 8589934592
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 1
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
osd_class_load_list = *
osd_class_default_list = *
rgw_frontends = beast endpoint=127.0.0.1:{rgw_port}
rgw_data = {folder}/rgw
rgw_run_sync_thread = false
rgw_enable_usage_log = false
rgw_max_listing_results = {page}
rgw_gc_obj_min_wait = 1
rgw_gc_processor_period = 2
rgw_gc_processor_max_time = 2
rgw_dns_name = 127.0.0.1
"""


class Ceph:
    """A cluster with one OSD. The context manager ends its processes.

    Raises:
        FileNotFoundError: a program is not installed.
        RuntimeError: it did not start.
    """

    def __init__(self, folder: Path, page: int = 1000) -> None:
        for program in PROGRAMS:
            if shutil.which(program, path=_PATH) is None:
                raise FileNotFoundError(
                    f"{program} is not installed: apt-get install ceph-mon ceph-osd radosgw ceph-common"
                )
        self.folder = folder
        self._page = page
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._conf = folder / "ceph.conf"
        self._daemons: list[Daemon] = []

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for daemon in reversed(self._daemons):
            daemon.stop()

    def _start(self) -> None:
        mon_port, fsid = free_port(), str(uuid.uuid4())
        for name in ("mon", "osd", "rgw", "crash"):
            (self.folder / name).mkdir()
        self._conf.write_text(
            _CONF.format(folder=self.folder, fsid=fsid, port=mon_port, rgw_port=self.port, page=self._page)
        )
        keyring, monmap = str(self.folder / "keyring"), str(self.folder / "monmap")
        allow = ["--cap", "mon", "allow *", "--cap", "osd", "allow *", "--cap", "mgr", "allow *"]
        self._run(
            "ceph-authtool", "--create-keyring", keyring, "--gen-key", "-n", "mon.", "--cap", "mon", "allow *"
        )
        self._run("ceph-authtool", keyring, "--gen-key", "-n", "client.admin", *allow)
        self._run("monmaptool", "--create", "--addv", "a", f"[v2:127.0.0.1:{mon_port}/0]", "--fsid", fsid, monmap)
        self._run("ceph-mon", "--mkfs", "-i", "a", "--monmap", monmap, "--keyring", keyring)
        self._daemon("ceph-mon", "-f", "-i", "a")
        wait_for_port(mon_port, self._daemons[-1])
        self._run("ceph", "osd", "new", fsid)
        key = json.loads(
            self._run(
                "ceph", "auth", "get-or-create", "osd.0", "mon", "allow profile osd", "osd", "allow *",
                "--format", "json",
            )
        )[0]["key"]  # fmt: skip
        self._run("ceph-authtool", keyring, "-n", "osd.0", "--add-key", key)
        self._run("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", fsid)
        self._daemon("ceph-osd", "-f", "-i", "0")
        self._daemon("radosgw", "-f", "-n", "client.admin")
        wait_for_port(self.port, self._daemons[-1], seconds=120)
        self._run(
            "radosgw-admin", "user", "create", "--uid", "mhsync", "--display-name", "mhsync",
            "--access-key", ACCESS, "--secret-key", SECRET,
        )  # fmt: skip

    def _run(self, program: str, *arguments: str) -> str:
        done = subprocess.run(
            [program, "-c", str(self._conf), *arguments] if program in _WITH_CONF else [program, *arguments],
            capture_output=True, text=True, timeout=120, env=_environment(), check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{program} {arguments[0]}: {done.stdout}{done.stderr}")
        return done.stdout

    def _daemon(self, program: str, *arguments: str) -> None:
        self._daemons.append(
            Daemon([program, "-c", str(self._conf), *arguments], self.folder / f"{program}.out", _environment())
        )


_PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/bin"))
_WITH_CONF = ("ceph", "ceph-mon", "ceph-osd", "radosgw", "radosgw-admin")


def _environment() -> dict[str, str]:
    return {"PATH": _PATH, "HOME": os.environ.get("HOME", "/")}
