"""Permissions, declared by the packages that own the acts, and roles, which are data.

A permission is a word ``package:subject:act``. A role (``roles.toml``) is a list of permissions;
``*`` at the end of one stands for all that begin so.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ROLES_FILE = Path(__file__).with_name("roles.toml")

PERMISSIONS: dict[str, Any] = {}


def declare_permission(name: str, label: Any) -> str:
    """Declare a permission with its label (a lazy translation) and return its name."""
    PERMISSIONS[name] = label
    return name


@dataclass(frozen=True)
class Role:
    """A named set of permissions."""

    code: str
    name: str
    name_en: str
    help: str
    permissions: tuple[str, ...]
    machine: bool = False  # of a self-check machine and the like, never granted to people

    def gives(self, permission: str) -> bool:
        """Tell whether the role holds a permission."""
        return any(
            permission == held or (held.endswith("*") and permission.startswith(held[:-1]))
            for held in self.permissions
        )


@cache
def roles() -> dict[str, Role]:
    """Return the roles by code, in the order of the file."""
    data = tomllib.loads(ROLES_FILE.read_text("utf-8"))
    return {
        code: Role(
            code,
            r["name"],
            r["name_en"],
            r.get("help", ""),
            tuple(r.get("permissions", ())),
            machine=bool(r.get("machine")),
        )
        for code, r in data.items()
    }


def peoples_roles() -> dict[str, Role]:
    """Return the roles that are granted to people, which are all but those of machines."""
    return {code: role for code, role in roles().items() if not role.machine}
