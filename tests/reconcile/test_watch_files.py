"""Changes of manifest files are seen by their status."""

from __future__ import annotations

import os

from mhsync.reconcile.watch_files import snapshot


def test_every_kind_of_change_changes_the_snapshot(tmp_path):
    file, folder = tmp_path / "m.yaml", tmp_path / "more"
    folder.mkdir()
    file.write_text("a")
    (folder / "one.yaml").write_text("b")
    seen = [snapshot([file, str(folder)])]
    assert snapshot([file, str(folder)]) == seen[0]

    def replace() -> None:
        (tmp_path / "new").write_text("c")
        os.utime(tmp_path / "new", ns=(1, file.stat().st_mtime_ns))
        (tmp_path / "new").replace(file)

    for change in (
        lambda: file.write_text("longer"),
        lambda: os.utime(file, ns=(1, 1)),
        replace,
        lambda: (folder / "two.json").write_text("{}"),
        lambda: (folder / "one.yaml").unlink(),
        file.unlink,
        lambda: file.write_text("a"),
    ):
        change()
        seen.append(snapshot([file, str(folder)]))
    assert len(set(seen)) == len(seen)


def test_other_files_of_a_folder_do_not_matter(tmp_path):
    before = snapshot([tmp_path])
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / ".m.yaml.swp.yaml").write_text("x")
    assert snapshot([tmp_path]) == before


def test_a_link_that_is_switched_is_a_change(tmp_path):
    """Kubernetes changes the files of a ConfigMap in this way."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "m.yaml").write_text("same")
        os.utime(tmp_path / name / "m.yaml", ns=(1, 1))
    link = tmp_path / "data"
    link.symlink_to("one")
    before = snapshot([link / "m.yaml"])
    link.unlink()
    link.symlink_to("two")
    assert snapshot([link / "m.yaml"]) != before


def test_a_path_that_cannot_be_read_is_no_error(tmp_path):
    assert snapshot([tmp_path / "missing", "a\0b"]) == ((str(tmp_path / "missing"), 0, 0, 0), ("a\0b", 0, 0, 0))
