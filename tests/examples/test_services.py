"""The examples for systemd and Kubernetes: valid files, whose commands are commands of mhsync."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from pathlib import Path

import click
import pytest
import yaml

from mhsync.cli.console import Console
from mhsync.cli.group import make_group

EXAMPLES = Path(__file__).parents[2] / "examples"
UNIT = EXAMPLES / "systemd" / "mhsync-watch.service"
KUBERNETES = sorted((EXAMPLES / "kubernetes").glob("*.yaml"))


def check_command(args: list[str]) -> None:
    """Parse a command line as mhsync does, without running it."""
    group = make_group()
    context = click.Context(group, obj=Console(args))
    command = group.get_command(context, args[0])
    assert command is not None
    command.make_context(args[0], args[1:], parent=context)


def container_of(document: dict) -> tuple[dict, dict]:
    """The specification of the pod, and that of its one container."""
    spec = document["spec"]
    pod = (spec["jobTemplate"]["spec"] if document["kind"] == "CronJob" else spec)["template"]["spec"]
    (container,) = pod["containers"]
    return pod, container


@pytest.mark.parametrize("path", KUBERNETES, ids=lambda path: path.name)
def test_a_kubernetes_example_is_valid_yaml_and_its_command_is_accepted(path, tmp_path):
    (document,) = yaml.safe_load_all(path.read_text())
    assert document["kind"] in ("Deployment", "CronJob")
    pod, container = container_of(document)
    check_command([arg.replace("/manifests", str(tmp_path)) for arg in container["args"]])
    mounted = {mount["name"] for mount in container["volumeMounts"]}
    assert mounted == {volume["name"] for volume in pod["volumes"]}
    ports = {port["name"] for port in container.get("ports", ())}
    probes = [container[name]["httpGet"] for name in ("livenessProbe", "readinessProbe") if name in container]
    assert [probe["path"] for probe in probes] == (["/healthz", "/readyz"] if probes else [])
    assert all(probe["port"] in ports for probe in probes)
    assert pod["securityContext"]["runAsNonRoot"] is True


def test_there_are_a_deployment_and_a_cron_job():
    kinds = [yaml.safe_load(path.read_text())["kind"] for path in KUBERNETES]
    assert kinds == ["CronJob", "Deployment"]


def values(name: str) -> list[str]:
    lines = (line.partition("=") for line in UNIT.read_text().splitlines())
    return [value for key, _, value in lines if key == name]


def test_the_command_of_the_unit_is_accepted(tmp_path):
    (command,) = values("ExecStart")
    program, *args = shlex.split(command.replace("/var/lib/mhsync/manifests", str(tmp_path)))
    assert program.endswith("/mhsync")
    check_command(args)
    assert values("SuccessExitStatus") == ["130"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_accepts_the_unit(tmp_path):
    text = UNIT.read_text().replace("/usr/local/bin/mhsync", "/bin/true").replace("/etc/mhsync.env", "/dev/null")
    (tmp_path / UNIT.name).write_text(text.replace("Documentation=man:mhsync(1)\n", ""))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(tmp_path / UNIT.name)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert UNIT.name not in done.stderr, done.stderr
    assert done.returncode == 0, done.stderr
