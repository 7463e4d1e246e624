"""The HTML report: its text is data, and it works in a real Chromium without network."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import UTC, datetime, timedelta

import pytest

from mhsync.core.manifest import Entry, ManifestFile, State
from mhsync.core.plan import Action, Plan, ProjectPlan, Verdict
from mhsync.core.status import ProjectStatus, StatusReport, StoredFile
from mhsync.html.page import page_of
from mhsync.sandbox.wav import Wav
from tests.html.browser import CHROMIUM, DRIVER, open_browser

NOW = datetime(2026, 3, 1, tzinfo=UTC)
FILE = ManifestFile("m.yaml", "/folder", "0" * 64)
HOSTILE = "</script><img src=x onerror=\"document.title='bad'\">\u2028<!--"
WORDS = ("Morning jingle", "News intro", "Weather bed", "Station ident", "Podcast outro", "Trailer voice")


def project(number, name=None, verdict=Verdict.UNCHANGED, **fields):
    actions = (Action.DOWNLOAD,) if verdict is Verdict.CHANGE else ()
    reason = "the render ended in error" if verdict is Verdict.BLOCKED else "stored"
    plan = ProjectPlan(
        Entry(f"clx7uu86w0a5qp55yxz31{number:04}", list(State)[number % 3]), verdict, "code", reason, actions
    )
    stored = StoredFile(
        f"{number}/output.wav", 32_080 + number, "ab" * 32, is_in_place=True, duration=1 + number % 200
    )
    outputs = (stored,) if verdict is Verdict.UNCHANGED else ()
    created = NOW - timedelta(days=number % 900)
    return ProjectStatus(
        FILE,
        plan,
        name or f"{WORDS[number % 6]} {number}",
        "VOICE_GENERATOR",
        created,
        number % 50,
        outputs,
        **fields,
    )


def report(count, *more):
    kinds = {3: Verdict.CHANGE, 5: Verdict.PENDING, 8: Verdict.BLOCKED}
    projects = (*more, *(project(n, verdict=kinds.get(n % 40, Verdict.UNCHANGED)) for n in range(1, count + 1)))
    return StatusReport(Plan("https://api.example", projects=tuple(p.plan for p in projects)), NOW, projects)


def page(found, url="a b#.wav"):
    keys = [(p.id, o.path) for p in found.projects for o in p.outputs]
    peaks = {
        key: "".join("0123456789abcdefghijklmnopqrstuvwxyz"[(i * 7 + n) % 36] for i in range(80))
        for n, key in enumerate(keys)
    }
    return page_of(found, dict.fromkeys(keys, url.replace(" ", "%20").replace("#", "%23")), peaks)


def test_no_text_of_a_project_can_end_the_data_element():
    text = page(report(1, project(2, HOSTILE)))
    assert text.count("</script>") == 2
    assert "<img" not in text
    assert "<!--" not in text
    assert "\u2028" not in text


def test_the_policy_allows_only_the_script_and_the_style_of_the_page():
    text = page(report(1))
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]+)"', text)
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    for tag in ("script", "style"):
        (inline,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert "://" not in text.replace("https://api.example", "")


@pytest.fixture
def opened(tmp_path):
    """`opened(report)`: the page in a browser, with a playable file next to it."""
    wav = Wav.lasting("a", 3)
    (tmp_path / "a b#.wav").write_bytes(b"".join(wav.read()))
    with open_browser(tmp_path / "profile") as browser:

        def start(found):
            (tmp_path / "report.html").write_text(page(found), encoding="utf-8")
            browser.requested()  # Those of the page that a new browser shows.
            browser.open(tmp_path / "report.html")
            browser.until("document.documentElement.dataset.ready")
            return browser

        yield start
        assert [entry for entry in browser.log("browser") if entry["level"] != "INFO"] == []
        assert [url for url in browser.requested() if url.startswith(("http", "ws", "ftp"))] == []


NAMES = "[...document.querySelectorAll('.row .name')].map(e => e.textContent)"


@pytest.mark.integration
@pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="needs Debian's chromium and chromium-driver")
class TestInChromium:
    def test_it_plays_sorts_searches_and_filters(self, opened):
        browser = opened(report(80, project(500, HOSTILE)))
        assert browser.run("return document.title") == "mhsync report"
        assert browser.run("return document.querySelectorAll('.row.problem').length") == 2
        assert browser.run(f"return {NAMES}[0]") == "Weather bed 8"
        browser.click("[data-sort=name]")
        assert browser.run("return document.querySelector('[aria-sort=ascending] button').dataset.sort") == "name"
        names = browser.run(f"return {NAMES}")
        assert names[0] == HOSTILE
        assert [name.lower() for name in names] == sorted(name.lower() for name in names)
        browser.click("[data-sort=name]")
        assert browser.run(f"return {NAMES}[0]").startswith("Weather bed")
        browser.keys("/", *"onerror", "\ue007")
        assert browser.run(f"return {NAMES}") == [HOSTILE]
        assert browser.run("return document.querySelectorAll('.row img').length") == 0
        browser.keys("j", " ")
        browser.until("document.getElementById('audio').currentTime > 0.1")
        assert browser.run("return document.getElementById('audio').duration") == pytest.approx(3, abs=0.1)
        browser.keys(" ")
        browser.until("document.getElementById('audio').paused")
        browser.run(
            "const s = document.getElementById('search'); s.value = ''; s.dispatchEvent(new Event('input'))"
        )
        browser.run(
            "const s = document.getElementById('filter'); s.value = 'problems'; s.dispatchEvent(new Event('change'))"
        )
        assert len(browser.run(f"return {NAMES}")) == 2
        before = browser.run("return document.documentElement.dataset.theme")
        browser.click("#theme")
        assert browser.run("return document.documentElement.dataset.theme") != before

    def test_five_thousand_projects_open_and_scroll_without_lag(self, opened):
        browser = opened(report(5000))
        ready = float(browser.run("return document.documentElement.dataset.ready"))
        rows = browser.run("return document.querySelectorAll('.row').length")
        script = """
            const started = performance.now();
            for (let i = 0; i < 40; i++) { scrollBy(0, 5000); dispatchEvent(new Event('scroll')); await new Promise(requestAnimationFrame); }
            return (performance.now() - started) / 40;
        """
        frame = browser.run(f"return (async () => {{{script}}})()")
        print(f"interactive after {ready:.0f} ms, {rows} rows, {frame:.1f} ms a frame")
        assert rows < 60
        assert ready < 5000
        assert frame < 200
