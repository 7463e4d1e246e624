"""Real WebDAV servers on loopback: Apache, nginx and lighttpd from Debian's packages, WsgiDAV from PyPI.

Each serves `folder/files` to one user, and writes a line a request to `folder/access.log`.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from server_process import binary, free_port, running

USER, PASSWORD = "me", "open sesame"


@dataclass(frozen=True)
class DavServer:
    """A running server with one user."""

    port: int
    root: Path
    """The folder it serves."""
    log: Path
    user: str = USER
    password: str = PASSWORD

    def environment(self, port: int) -> dict[str, str]:
        """The environment that mhsync needs to log in, if the URL names this port."""
        return {
            "MHSYNC_FSSPEC_PASSWORD": self.password,
            "MHSYNC_FSSPEC_FOR": f"webdav://{self.user}@127.0.0.1:{port}",
        }

    def url(self, port: int, name: str) -> str:
        return f"fsspec+webdav://{self.user}@127.0.0.1:{port}/audio/{name}"

    def requests(self) -> list[str]:
        """`METHOD /path` of each request so far."""
        return self.log.read_text("utf-8", "replace").splitlines()


def _folders(folder: Path) -> Path:
    for name in ("files", "run", "temporary"):
        (folder / name).mkdir(parents=True)
    # Workers of a server that root starts run as another user.
    if os.geteuid() == 0:
        for path in (folder, *folder.iterdir()):
            path.chmod(0o777)
    return folder / "files"


def _password_file(folder: Path) -> Path:
    """The user in the htpasswd format of Apache, with a SHA-1 hash, which all servers support."""
    digest = base64.b64encode(hashlib.sha1(PASSWORD.encode()).digest()).decode()
    file = folder / "passwords"
    file.write_text(f"{USER}:{{SHA}}{digest}\n")
    return file


_APACHE = """
ServerRoot {folder}
ServerName 127.0.0.1
Listen 127.0.0.1:{port}
PidFile {folder}/run/pid
DefaultRuntimeDir {folder}/run
Mutex file:{folder}/run default
ErrorLog {folder}/log
LogFormat "%m %U" plain
{modules}
{user}
StartServers 2
CustomLog {folder}/access.log plain
DocumentRoot {folder}/files
DavLockDB {folder}/run/locks
DirectorySlash {slash}
<Directory {folder}/files>
  Dav On
  Options {options}
  AuthType Basic
  AuthName mhsync
  AuthUserFile {passwords}
  Require valid-user
</Directory>
"""
_APACHE_MODULES = (
    "mpm_event", "authn_core", "authn_file", "authz_core", "authz_user", "auth_basic", "dav", "dav_fs", "dir",
    "autoindex", "mime",
)  # fmt: skip


@contextmanager
def apache(folder: Path, *, slash: str = "On", options: str = "Indexes") -> Iterator[DavServer]:
    """Apache with mod_dav and the default mod_dir, which answers 301 to a folder without its slash."""
    program, port = binary("apache2", "apache2"), free_port()
    root = _folders(folder)
    modules = "\n".join(
        f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so" for name in _APACHE_MODULES
    )
    config = folder / "apache.conf"
    config.write_text(
        _APACHE.format(
            folder=folder,
            port=port,
            modules=modules,
            slash=slash,
            options=options,
            passwords=_password_file(folder),
            user="User www-data\nGroup www-data" if os.geteuid() == 0 else "",
        )
        + "TypesConfig /dev/null\n"
    )
    with running([program, "-D", "FOREGROUND", "-f", str(config)], port, folder / "log"):
        yield DavServer(port, root, folder / "access.log")


_NGINX = """
daemon off;
{user}
worker_processes 2;
pid {folder}/run/pid;
error_log {folder}/log;
load_module /usr/lib/nginx/modules/ngx_http_dav_ext_module.so;
events {{ worker_connections 256; }}
http {{
  log_format plain '$request_method $uri';
  access_log {folder}/access.log plain;
  client_body_temp_path {folder}/temporary;
  proxy_temp_path {folder}/run/proxy; fastcgi_temp_path {folder}/run/fastcgi;
  uwsgi_temp_path {folder}/run/uwsgi; scgi_temp_path {folder}/run/scgi;
  client_max_body_size {largest};
  server {{
    listen 127.0.0.1:{port};
    root {folder}/files;
    location / {{
      dav_methods PUT DELETE MKCOL COPY MOVE;
      dav_ext_methods PROPFIND OPTIONS;
      auth_basic mhsync;
      auth_basic_user_file {passwords};
    }}
  }}
}}
"""


@contextmanager
def nginx(folder: Path, *, largest: str = "0") -> Iterator[DavServer]:
    """nginx with its own dav module and dav_ext, which adds PROPFIND and omits dot names from listings."""
    program, port = binary("nginx", "nginx-extras"), free_port()
    root = _folders(folder)
    config = folder / "nginx.conf"
    config.write_text(
        _NGINX.format(
            folder=folder,
            port=port,
            passwords=_password_file(folder),
            largest=largest,
            user="user www-data;" if os.geteuid() == 0 else "",
        )
    )
    with running([program, "-c", str(config), "-p", str(folder)], port, folder / "log"):
        yield DavServer(port, root, folder / "access.log")


_LIGHTTPD = """
server.modules = ("mod_auth", "mod_authn_file", "mod_accesslog", "mod_webdav")
server.document-root = "{folder}/files"
server.bind = "127.0.0.1"
server.port = {port}
server.errorlog = "{folder}/log"
server.upload-dirs = ("{folder}/temporary")
server.stream-request-body = 0
accesslog.filename = "{folder}/access.log"
accesslog.format = "%m %U"
webdav.activate = "enable"
webdav.sqlite-db-name = "{folder}/run/locks.db"
auth.backend = "htpasswd"
auth.backend.htpasswd.userfile = "{passwords}"
auth.require = ("/" => ("method" => "basic", "realm" => "mhsync", "require" => "valid-user"))
"""


@contextmanager
def lighttpd(folder: Path) -> Iterator[DavServer]:
    """lighttpd with mod_webdav."""
    program, port = binary("lighttpd", "lighttpd lighttpd-mod-webdav"), free_port()
    root = _folders(folder)
    config = folder / "lighttpd.conf"
    config.write_text(_LIGHTTPD.format(folder=folder, port=port, passwords=_password_file(folder)))
    with running([program, "-D", "-f", str(config)], port, folder / "log"):
        yield DavServer(port, root, folder / "access.log")


@contextmanager
def wsgidav(folder: Path) -> Iterator[DavServer]:
    """WsgiDAV behind cheroot."""
    root, port = _folders(folder), free_port()
    config = {
        "host": "127.0.0.1",
        "port": port,
        "provider_mapping": {"/": str(root)},
        "simple_dc": {"user_mapping": {"*": {USER: {"password": PASSWORD}}}},
        "http_authenticator": {"accept_basic": True, "accept_digest": False, "default_to_digest": False},
        "verbose": 1,
    }
    (folder / "wsgidav.json").write_text(json.dumps(config))
    (folder / "access.log").touch()
    command = [sys.executable, str(Path(__file__).with_name("wsgidav_process.py")), str(folder)]
    with running(command, port, folder / "log"):
        yield DavServer(port, root, folder / "access.log")


@contextmanager
def rclone(folder: Path) -> Iterator[DavServer]:
    """`rclone serve webdav`."""
    program, port = binary("rclone", "rclone"), free_port()
    root = _folders(folder)
    command = [
        program, "serve", "webdav", str(root), "--addr", f"127.0.0.1:{port}", "--dir-cache-time", "1s",
        "--user", USER, "--pass", PASSWORD, "--config", str(folder / "rclone.conf"),
    ]  # fmt: skip
    with running(command, port, folder / "log"):
        yield DavServer(port, root, folder / "log")
