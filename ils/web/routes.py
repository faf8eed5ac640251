"""The addresses of the house, made ready when they are first written.

Werkzeug compiles two functions for each address as it is registered, and of a thousand addresses a
visit writes a hundred: half the time in which the application was put together.
"""

from collections.abc import Callable
from typing import Any

from werkzeug.routing import Rule


class Route(Rule):
    """A rule of Werkzeug that compiles how its address is written when it is asked first."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        def late(rule: Rule, *_none: Any, **values: Any) -> tuple[str, str]:
            made = Rule._compile_builder(rule, append_unknown).__get__(rule, None)
            setattr(rule, "_build_unknown" if append_unknown else "_build", made)
            answer: tuple[str, str] = made(**values)
            return answer

        return late
