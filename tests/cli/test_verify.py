"""`mhsync verify`: reads every stored file; any problem is exit 1."""

from __future__ import annotations

from tests.cli.schemas import assert_valid


def test_unchanged_files_are_counted(cli_runner):
    manifest = cli_runner.manifest("done", "takes", "queued")
    cli_runner.run("apply", manifest)
    cli_runner.sandbox.requests.clear()
    done = cli_runner.run("verify", manifest, MAGIC_HOUR_API_KEY=None)
    assert done.code == 0
    assert done.out == "Verified: 4 files unchanged (12.8 KiB); 1 project not stored yet.\n"
    assert len(cli_runner.sandbox.requests) == 0


def test_every_kind_of_problem(cli_runner, golden):
    manifest = cli_runner.manifest("done", "takes")
    cli_runner.run("apply", manifest)
    outputs = cli_runner.folder / "outputs"
    (outputs / "done/output.wav").write_bytes(b"x" * 4096)
    (outputs / "takes/output.wav").unlink()
    (outputs / "takes/output-2.wav").write_bytes(b"short")
    (outputs / "mine.txt").write_text("mine", encoding="utf-8")
    form = cli_runner.run("verify", manifest, "--format", "json")
    assert_valid(form.document, "verification")
    assert form.code == 1
    done = cli_runner.run("verify", manifest)
    golden("verify", done.out)
    assert done.code == 1


def test_verbose_lists_unchanged_files_too(cli_runner):
    manifest = cli_runner.manifest("done", "queued")
    cli_runner.run("apply", manifest)
    out = cli_runner.run("verify", manifest, "-v").out
    assert "=  done/output.wav  ok" in out
    assert out.endswith("Not stored yet: queued\n")


def test_only_and_bad_usage(cli_runner):
    manifest = cli_runner.manifest("done", "takes")
    cli_runner.run("apply", manifest)
    assert "1 file unchanged" in cli_runner.run("verify", manifest, "--only", "done").out
    assert cli_runner.run("verify", manifest, "--only", "nope").code == 2
    assert cli_runner.run("verify").code == 2


def test_a_sample_is_a_number_or_a_percentage(cli_runner):
    manifest = cli_runner.manifest("done", "takes")
    cli_runner.run("apply", manifest)
    assert "1 file unchanged" in cli_runner.run("verify", manifest, "--sample", "1%").out
    assert "3 files unchanged" in cli_runner.run("verify", manifest, "--sample", "1").out
    assert cli_runner.run("verify", manifest, "--sample", "few").code == 2
    assert cli_runner.run("apply", manifest).code == 0
