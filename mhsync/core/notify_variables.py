"""Environment variables that a manifest may name, by one rule for every place that names one.

A manifest may be written by a third party. The value of a variable that it names is sent to a server that it
names, so only variables that the user has set for this purpose are read, and never credentials of other services.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from mhsync.errors import MhsyncError

PREFIX = "MHSYNC_NOTIFY_"
"""Variables whose names begin so are meant for notifications."""
VARIABLES = "MHSYNC_NOTIFY_VARIABLES"
"""The variable that lists more of them, separated by commas."""
_CREDENTIALS = re.compile(
    r"(MAGIC_?HOUR|MHSYNC_(API|SFTP|FSSPEC|CLOUD|WEBHOOK|INBOX)|AWS|AZURE|ARM|GOOGLE|GCLOUD|GCP|CLOUDSDK|GITHUB|GH|ACTIONS|GITLAB|CI|BITBUCKET"
    r"|CIRCLE|BUILDKITE|JENKINS|SYSTEM|NPM|NODE_AUTH|TWINE|PYPI|CARGO|DOCKER|KUBE|VAULT|HF|HUGGING_?FACE|OPENAI"
    r"|ANTHROPIC|STRIPE|SSH|GPG|PG|MYSQL|REDIS|DATABASE|SNOWFLAKE|DATABRICKS|FSSPEC|BOTO|S3)_.*"
    r"|(.*_)?(HTTPS?|ALL|FTP)_PROXY|PGPASSWORD|MYSQL_PWD|" + VARIABLES,
    re.IGNORECASE | re.ASCII | re.DOTALL,
)
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s]+", re.ASCII)


def is_credential(name: str) -> bool:
    """Whether a variable holds, by its name, a credential of the API, a storage, a cloud or a CI system."""
    return _CREDENTIALS.fullmatch(name) is not None


def read_notify_variable(name: str, environ: Mapping[str, str], source: str) -> str:
    """The value of a variable that a notify entry names to send it, or something made of it.

    Args:
        name: the variable.
        environ: the environment of the user.
        source: what names it, as the subject of a message: `the option secret_env`.

    Returns:
        The value without blanks around it; never empty.

    Raises:
        MhsyncError: the variable is not meant for notifications, or is not set.
    """
    listed = {entry.strip() for entry in environ.get(VARIABLES, "").split(",")}
    _refuse_credential(name, source)
    if not name.startswith(PREFIX) and name not in listed:
        raise MhsyncError(
            f"{source} names {name}, which is not meant for notifications",
            hint=f"name it {PREFIX}…, or list it in {VARIABLES} in the environment of mhsync",
        )
    value = environ.get(name, "").strip()
    if not value:
        raise MhsyncError(f"the environment has no {name}, which {source} names: nothing is sent without it")
    return value


def read_notify_url(name: str, environ: Mapping[str, str], source: str) -> str:
    """The value of a variable that is, as `${NAME}`, the URL of a notify entry.

    Any name is accepted except that of a credential: the value is sent only to the server that it names.

    Raises:
        MhsyncError: the variable holds a credential by its name, is not set, or does not hold a URL. The message
            shows none of its value.
    """
    _refuse_credential(name, source)
    value = environ.get(name, "").strip()
    if not value:
        raise MhsyncError(f"the environment has no {name}", hint="set it to receive notifications")
    if _URL.fullmatch(value) is None:
        raise MhsyncError(
            f"{source} names {name}, whose value is not a URL",
            hint="set it to scheme://…, the address to notify",
        )
    return value


def _refuse_credential(name: str, source: str) -> None:
    if is_credential(name):
        raise MhsyncError(
            f"{source} names {name}, which is reserved for credentials and settings of other services",
            hint=f"put what the receiver may have into a variable of its own, named {PREFIX}…",
        )
