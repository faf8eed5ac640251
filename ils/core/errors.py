"""What can go wrong, as types. Doors turn them into pages, JSON or protocol messages.

IlsError                 any refusal the program itself decides
├── NotFound      404    no such thing, or none the actor may know of
├── Forbidden     403    the actor lacks a permission at the unit
├── Invalid       422    what was typed cannot be right; facts name the boxes
├── Refused       409    the rules of the library say no; facts carry the reasons
└── StaleVersion  409    somebody saved the same thing meanwhile
"""

from typing import Any


class IlsError(Exception):
    """Carry a stable code and facts; sentences are made by the doors, in the reader's language."""

    status = 400

    def __init__(self, code: str, /, **facts: Any) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts

    def __str__(self) -> str:
        return f"{self.code} {self.facts}" if self.facts else self.code


class NotFound(IlsError):
    """No such object, or none within the actor's scope."""

    status = 404


class Forbidden(IlsError):
    """The actor does not hold the permission named in ``facts['permission']``."""

    status = 403


class Invalid(IlsError):
    """A value cannot be accepted; ``facts`` name the field and what is wrong."""

    status = 422


class Refused(IlsError):
    """A rule of the library says no."""

    status = 409


class StaleVersion(IlsError):
    """The object was changed by somebody else since it was read."""

    status = 409
