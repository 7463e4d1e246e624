from __future__ import annotations

import os
import sys

import pytest
from hypothesis import HealthCheck, settings

# Chosen by HYPOTHESIS_PROFILE. The everyday one tries the same examples in every run, here and on a CI runner.
_SLOW_IS_FINE = [HealthCheck.too_slow, HealthCheck.data_too_large]
settings.register_profile("every-day", max_examples=100, derandomize=True, deadline=None, database=None)
settings.register_profile("long", max_examples=1000, deadline=None, suppress_health_check=_SLOW_IS_FINE)
settings.register_profile("fuzz", max_examples=20_000, deadline=None, suppress_health_check=_SLOW_IS_FINE)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "every-day"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="rewrite the golden files from the current output; read the difference before you commit them",
    )


def pytest_configure(config: pytest.Config) -> None:
    if sys.version_info < (3, 11, 5):
        # Until 3.11.5 (gh-108310) ssl.wrap_socket returned a socket without a handshake where the peer was gone.
        # Seen once: such a socket of an abandoned connection is collected while it is open.
        config.addinivalue_line("filterwarnings", "ignore:unclosed <ssl.SSLSocket:ResourceWarning")
