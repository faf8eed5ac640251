"""The documents lead somewhere, name commands and settings that exist, and forget none."""

import re
from dataclasses import fields
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from ils.cli import COMMANDS
from ils.core.config import Config
from tests.test_architecture import MODULES, imports

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
MAINTAINER = (ROOT / "docs" / "maintainer.md").read_text("utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_link_of_a_page_leads_to_a_file(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
        if not re.match(r"https?:|mailto:", target):
            assert (page.parent / target).exists(), f"{page.name} leads to {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_command_a_page_names_exists(page: Path) -> None:
    for word in re.findall(r"\./sen ([a-z0-9]+)", page.read_text("utf-8")):
        assert word in COMMANDS or word == "test", f"{page.name}: ./sen {word}"


def test_the_maintainers_page_names_every_command_and_setting() -> None:
    for word in COMMANDS:
        assert f"`./sen {word}" in MAINTAINER, word
    for setting in fields(Config):
        assert setting.name == "testing" or f"`{setting.name}`" in MAINTAINER, setting.name


def test_every_decision_is_listed() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = (folder / "README.md").read_text("utf-8")
    for page in folder.glob("[0-9]*.md"):
        assert page.name in listed, page.name


def test_every_package_the_program_imports_has_its_reason() -> None:
    reasons = (ROOT / "docs" / "dependencies.md").read_text("utf-8").lower()
    owners = packages_distributions()
    for tree in MODULES.values():
        for name in imports(tree):
            for owner in owners.get(name.split(".")[0], []):
                assert owner.lower().replace("_", "-") in reasons, f"{owner} (for {name})"
