"""The account of a sandbox without a seed: one project of every kind."""

from __future__ import annotations

from collections.abc import Iterator

from mhsync.core.project import ProjectError
from mhsync.sandbox.account import Account, AfterDelete, SandboxProject, outputs_of

ODD_NAME = 'Café "Noël" — 音楽 🎵 \x1b[31mred\x1b[0m ../../up\u202e\tend'
"""A name with quotes, other scripts, terminal escapes, and a path that leaves its folder."""


def default_account() -> Account:
    """A new account with a project in every status; times are seconds after the start."""
    return Account([*_complete(), *_rendering(), *_without_outputs(), *_deleted()])


def _complete() -> Iterator[SandboxProject]:
    yield SandboxProject("sbx-complete", name="Morning jingle", outputs=outputs_of("sbx-complete"))
    several = outputs_of("sbx-several", 3, seconds=0.5)
    yield SandboxProject("sbx-several", name="Three takes", type="MUSIC_GENERATOR", outputs=several)
    yield SandboxProject("sbx-odd-name", name=ODD_NAME, outputs=outputs_of("sbx-odd-name"))
    yield SandboxProject(
        "sbx-unnamed",
        type="AI_VOICE_GENERATOR",
        created_at="2026-02-01T08:00:00",
        outputs=outputs_of("sbx-unnamed"),
    )


def _rendering() -> Iterator[SandboxProject]:
    yield SandboxProject(
        "sbx-queued",
        status="queued",
        name="In the queue",
        type="VOICE_CLONER",
        outputs=outputs_of("sbx-queued"),
        later=((3.0, "rendering"), (6.0, "complete")),
    )
    yield SandboxProject(
        "sbx-rendering",
        status="rendering",
        name="Nearly there",
        type="VIDEO_TO_AUDIO",
        outputs=outputs_of("sbx-rendering"),
        later=((5.0, "complete"),),
    )


def _without_outputs() -> Iterator[SandboxProject]:
    yield SandboxProject("sbx-draft", status="draft", name="Never submitted", credits_charged=0)
    error = ProjectError("no_speech_found", "There is no speech in the source file.")
    yield SandboxProject(
        "sbx-error", status="error", name="Went wrong", type="VOICE_CHANGER", credits_charged=0, error=error
    )
    yield SandboxProject("sbx-canceled", status="canceled", name="Called off", credits_charged=0)


def _deleted() -> Iterator[SandboxProject]:
    yield SandboxProject("sbx-deleted", name="Deleted before", is_deleted=True)
    disabled = AfterDelete.DISABLED
    yield SandboxProject("sbx-disabled", name="Switched off", is_deleted=True, after_delete=disabled)
