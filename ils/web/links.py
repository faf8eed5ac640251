"""Addresses that keep what this page's address asks for: other pages of a list, its file, its paper."""

from typing import Any

from flask import request, url_for

_STEERS = "_"  # words so begun tell url_for how to write the address: never taken from outside


def asked() -> dict[str, Any]:
    """Return the words of this page's address, each with its values."""
    words = request.args.to_dict(flat=False)
    return {
        name: values
        for name, values in words.items()
        if not name.startswith(_STEERS) and name != "endpoint"
    }


def this_address(**changes: Any) -> str:
    """Return this page's address with some of its words changed; an empty list drops one."""
    return url_for(request.endpoint or "", **(asked() | changes | (request.view_args or {})))


def address_of(endpoint: str, /, **own: Any) -> str:
    """Return the address of another page that is asked the same; ``own`` are its own words."""
    return url_for(endpoint, **(asked() | own))
