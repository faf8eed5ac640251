"""The law of the house: who may know whom, and who may not know Flask, SQL or a commit."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("ils", "cataloging", "circulation", "opac")

# Assembling the house is the business of these alone.
ROOF = ("ils/app.py", "ils/cli.py")

FLOORS = {"ils": 0, "cataloging": 1, "circulation": 2, "opac": 3}
ILS_FLOORS = {
    "core": 0,
    "text": 0,
    "org": 1,
    "accounts": 2,
    "web": 3,
    "printing": 4,
    "reporting": 5,
}


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Yield every module of the program with its path."""
    for package in PACKAGES:
        for file in sorted((ROOT / package).rglob("*.py")):
            yield str(file.relative_to(ROOT)), ast.parse(file.read_text("utf-8"))


def imports(tree: ast.Module) -> Iterator[str]:
    """Yield the full names of imported modules, also those imported inside functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


MODULES = dict(modules())


@pytest.mark.parametrize("path", [p for p in MODULES if p not in ROOF])
def test_no_module_imports_upward(path: str) -> None:
    own = path.split("/")
    for name in imports(MODULES[path]):
        parts = name.split(".")
        if parts[0] not in FLOORS:
            continue
        assert FLOORS[parts[0]] <= FLOORS[own[0]], f"{path} imports {name}, which lies above it"
        if own[0] == parts[0] == "ils" and len(parts) > 1 and parts[1] in ILS_FLOORS:
            mine = ILS_FLOORS.get(own[1])
            if mine is not None:
                assert ILS_FLOORS[parts[1]] <= mine, f"{path} imports {name}, above it"


def is_door(path: str) -> bool:
    """Tell whether a module is a door, or part of the shell that doors stand on."""
    name = Path(path).stem
    doors = ("views", "forms", "api", "cli", "register", "permissions", "settings", "sentences")
    return (
        path.startswith(("ils/web/", "opac/"))
        or path in ROOF
        or "/views/" in path
        or any(name == d or name.endswith(f"_{d}") for d in doors)
    )


@pytest.mark.parametrize("path", [p for p in MODULES if not is_door(p)])
def test_flask_is_known_to_doors_only(path: str) -> None:
    known = {n.split(".")[0] for n in imports(MODULES[path])}
    assert not known & {"flask", "flask_login", "flask_wtf", "wtforms", "werkzeug"}, path


@pytest.mark.parametrize(
    "path", [p for p in MODULES if "/rules/" in p or p.startswith("ils/text/")]
)
def test_rules_know_no_database(path: str) -> None:
    assert not {n.split(".")[0] for n in imports(MODULES[path])} & {"sqlalchemy", "flask"}, path


@pytest.mark.parametrize("path", list(MODULES))
def test_only_the_ground_floor_commits(path: str) -> None:
    if path.startswith("ils/core/"):
        return
    for node in ast.walk(MODULES[path]):
        if isinstance(node, ast.Attribute) and node.attr == "commit":
            owner = getattr(node.value, "id", getattr(node.value, "attr", ""))
            assert "session" not in str(owner).lower(), f"{path}:{node.lineno} commits"


@pytest.mark.parametrize("path", list(MODULES))
def test_no_query_asks_for_a_cursor_of_the_server(path: str) -> None:
    """What is open for reading has no transaction on PostgreSQL, and such a cursor needs one."""
    asked = [node for node in ast.walk(MODULES[path]) if isinstance(node, ast.keyword)]
    assert not {"yield_per", "stream_results"} & {str(node.arg) for node in asked}, path


def test_templates_lie_in_folders_of_their_package() -> None:
    for package in PACKAGES:
        for folder in (ROOT / package).rglob("templates"):
            if folder.parent.name in ("printing", "data"):
                continue  # Typst and report templates are named by their module, not looked up
            loose = [f.name for f in folder.glob("*.html")]
            assert not loose, f"{folder}: {loose}"


def test_no_module_is_an_attic() -> None:
    for path in MODULES:
        assert Path(path).stem not in ("utils", "helpers", "common", "misc"), path
