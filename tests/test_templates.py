"""Templates: all compile, none breaks the content security policy, none calls a foreign host."""

import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
TEMPLATES = sorted(
    file
    for package in ("ils", "cataloging", "circulation", "opac")
    for file in (ROOT / package).rglob("templates/**/*.html")
)
STATIC = sorted(
    file
    for package in ("ils", "cataloging", "circulation", "opac")
    for kind in ("css", "js")
    for file in (ROOT / package).rglob(f"static/**/*.{kind}")
)


def name(file: Path) -> str:
    return str(file.relative_to(ROOT))


@pytest.mark.parametrize("file", TEMPLATES, ids=name)
def test_a_template_keeps_the_security_policy(file: Path) -> None:
    text = re.sub(r"\{#.*?#\}", "", file.read_text("utf-8"), flags=re.DOTALL)
    assert not re.search(r"<[^>]*\sstyle\s*=", text), "inline style"
    assert not re.search(r"<[^>]*\son[a-z]+\s*=", text), "inline handler"
    assert not re.search(r"<script(?![^>]*\b(?:src|type=\"application/))", text), "inline script"
    assert not re.search(r"<style\b", text), "inline style sheet"
    if file.name != "icons.html":  # drawings of our own, chosen by name
        assert "|safe" not in text.replace(" ", ""), "unescaped text"


@pytest.mark.parametrize("file", [*TEMPLATES, *STATIC], ids=name)
def test_no_page_calls_a_foreign_host(file: Path) -> None:
    text = file.read_text("utf-8")
    called = re.findall(r"(?:src|href)=\"(https?:)?//[^\"]+\"|url\(['\"]?(?:https?:)?//", text)
    assert not called


def test_every_template_compiles(app: Any) -> None:
    for folder_name in app.jinja_env.list_templates(extensions=["html"]):
        app.jinja_env.get_template(folder_name)


def test_no_two_packages_have_a_template_of_one_name() -> None:
    seen: dict[str, Path] = {}
    for file in TEMPLATES:
        parts = file.parts
        inside = "/".join(parts[parts.index("templates") + 1 :])
        assert inside not in seen, f"{file} and {seen.get(inside)}"
        seen[inside] = file
