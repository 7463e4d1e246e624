"""Hooks of mkdocs for `make docs`: the documents outside docs/, the links to them, and the reference.

The documents are written for GitHub, where a link may lead to any file of the repository. In the site the
documents of the top folder and of the plugins become pages, a linked file becomes a page that shows it, and a
link to a folder becomes text.
"""

from __future__ import annotations

import posixpath
import re
import sys
from collections.abc import Callable
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
import write_reference  # noqa: E402

PLUGINS = sorted((ROOT / "plugins").glob("*/README.md"))
DOCUMENTS = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    **{f"plugins/{path.parent.name}/README.md": f"plugins/{path.parent.name}.md" for path in PLUGINS},
}
"""Documents outside docs/, and their pages."""
SINGLE = ("index.md", "tutorial.md")
"""Pages without others in their section: a list of one page would only take space."""
SHOWN = "files"
"""The folder of the site for the pages that show a file of the repository."""
LANGUAGES = {".yml": "yaml", ".yaml": "yaml", ".sh": "bash", ".py": "python", ".json": "json", ".toml": "toml"}
LINK = re.compile(
    r"^```.*?^```|\[((?:[^\]`]|`[^`]*`)*)\]\(([^)#\s]+)(#[^)\s]*)?\)|`[^`\n]+`", re.MULTILINE | re.DOTALL
)
"""A link, or code, in which nothing is a link."""
TABLE_ROW = re.compile(r"^\|.*$", re.MULTILINE)
CODE = re.compile(r"`[^`\n]*`")
"""In the code of a table GitHub needs `\\|`, and Python-Markdown shows the backslash."""
FOREIGN = re.compile(r"""<(?:script|img|iframe|audio|video|link)\b[^>]*\b(?:src|href)=["']?(?:https?:)?//[^>]*>""")


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the pages that are not in docs/."""
    sources = {f"docs/{file.src_uri}": file.content_string for file in files.documentation_pages()}
    sources |= {name: (ROOT / name).read_text(encoding="utf-8") for name in DOCUMENTS}
    for name, page in DOCUMENTS.items():
        files.append(File.generated(config, page, content=sources[name]))
    for page, text in write_reference.pages().items():
        files.append(File.generated(config, page, content=text))
    shown = {target for name, text in sources.items() for target in targets_outside(name, text)}
    for target in sorted(shown):
        page = f"{SHOWN}/{target}.md"
        files.append(File.generated(config, page, content=show(target), inclusion=InclusionLevel.NOT_IN_NAV))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Let the links of a document lead to the pages of this site."""
    del config, files
    uri = page.file.src_uri
    if uri in SINGLE:
        page.meta["hide"] = ["navigation"]
    markdown = TABLE_ROW.sub(lambda row: CODE.sub(lambda code: code[0].replace("\\|", "|"), row[0]), markdown)
    if uri.startswith((f"{SHOWN}/", "reference/")):
        return markdown
    pages = {made: name for name, made in DOCUMENTS.items()}
    name = pages.get(uri, f"docs/{uri}")
    return replace_links(markdown, lambda text, target, anchor: site_link(name, uri, text, target, anchor))


def on_post_page(output: str, *, page: Page, config: MkDocsConfig) -> str:
    """Refuse a page that loads something from another host."""
    del config
    found = FOREIGN.search(output)
    if found:
        raise PluginError(f"{page.file.src_uri} loads something from another host: {found[0]}")
    return output


def replace_links(markdown: str, link: Callable[[str, str, str], str]) -> str:
    """Replace each link of a document that is not code: `link(text, target, anchor)` returns the new one."""
    return LINK.sub(lambda found: link(found[1], found[2], found[3] or "") if found[2] else found[0], markdown)


def targets_outside(name: str, markdown: str) -> set[str]:
    """The files of the repository to which this document links and that are no pages of the site."""
    found = set()

    def note(text: str, target: str, anchor: str) -> str:
        path = resolve(name, target)
        if path is not None and page_of(path) is None and (ROOT / path).is_file():
            found.add(path)
        return f"[{text}]({target}{anchor})"

    replace_links(markdown, note)
    return found


def site_link(name: str, uri: str, text: str, target: str, anchor: str) -> str:
    path = resolve(name, target)
    if path is None:
        return f"[{text}]({target}{anchor})"
    made = page_of(path)
    if made is None and (ROOT / path).is_dir():
        return text
    made = made or f"{SHOWN}/{path}.md"
    return f"[{text}]({posixpath.relpath(made, posixpath.dirname(uri) or '.')}{anchor})"


def resolve(name: str, target: str) -> str | None:
    """The path in the repository to which a link of a document leads; None for an address."""
    if "://" in target or target.startswith("mailto:"):
        return None
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), target))


def page_of(path: str) -> str | None:
    """The page of the site that a document of the repository is."""
    if path in DOCUMENTS:
        return DOCUMENTS[path]
    return path.removeprefix("docs/") if path.startswith("docs/") else None


def show(target: str) -> str:
    """A page that shows a file."""
    file = ROOT / target
    language = LANGUAGES.get(file.suffix, "text")
    return f"# {target}\n\n~~~~~{language}\n{file.read_text(encoding='utf-8')}\n~~~~~\n"
