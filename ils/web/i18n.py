"""Languages: Vietnamese first, English complete. Catalogs lie beside the code they translate."""

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask, Response, g, has_request_context, request
from flask_babel import Babel, get_locale, get_translations

from ils.core import clock
from ils.core.money import dong

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("ils", "cataloging", "circulation", "opac")
LANGUAGES = ("vi", "en")
COOKIE = "lang"


def catalogs() -> Iterator[Path]:
    """Yield every Vietnamese catalog of the house."""
    for package in PACKAGES:
        yield from sorted((ROOT / package).rglob("translations/vi/LC_MESSAGES/messages.po"))


def compile_catalogs() -> None:
    """Compile catalogs that are newer than their compiled form."""
    for source in catalogs():
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        with source.open("rb") as text:
            catalog = read_po(text, locale="vi")
        with target.open("wb") as out:
            write_mo(out, catalog)


def install(app: Flask) -> None:
    """Choose the language of each request and give templates the Vietnamese ways of writing."""
    compile_catalogs()
    app.config["BABEL_DEFAULT_LOCALE"] = "vi"
    app.config["BABEL_DEFAULT_TIMEZONE"] = str(clock.ZONE)
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = ";".join(
        str(source.parents[2]) for source in catalogs()
    )
    Babel(app, locale_selector=_choose)
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        lambda text: _translations().ugettext(text),
        lambda one, many, n: _translations().ungettext(one, many, n),
        newstyle=True,
    )
    app.jinja_env.filters.update(day=day, moment=moment, dong=dong, number=number)
    app.jinja_env.globals.update(language=language)
    app.after_request(_keep)


def _translations() -> Any:
    """Return the translations of this request; a page asks a hundred times, so they are kept.

    They are kept where Flask-Babel itself forgets them when the language is forced.
    """
    kept = g.get("_flask_babel")
    found = getattr(kept, "babel_translations", None)
    if found is None:
        found = get_translations()
        if "_flask_babel" in g:
            g._flask_babel.babel_translations = found
    return found


def language() -> str:
    """Return the language of this request, ``vi`` or ``en``."""
    found = get_locale()
    return found.language if found else "vi"


def day(value: date | datetime | None) -> str:
    """Write a day as dd/mm/yyyy, the same in both languages."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = clock.local(value).date()
    return value.strftime("%d/%m/%Y")


def moment(value: datetime | None) -> str:
    """Write an instant as dd/mm/yyyy HH:MM on the libraries' clock."""
    return clock.local(value).strftime("%d/%m/%Y %H:%M") if value else ""


def number(value: float | None) -> str:
    """Write a number the Vietnamese way: 1.234.567,5."""
    if value is None:
        return ""
    text = f"{value:,.1f}" if isinstance(value, float) and value % 1 else f"{int(value):,}"
    return text.translate(str.maketrans(",.", ".,"))


def _choose() -> str:
    if not has_request_context():  # a job of the worker
        return "vi"
    asked = request.args.get("lang", "")
    if asked in LANGUAGES:
        g.keep_language = asked
        return asked
    kept = request.cookies.get(COOKIE, "")
    return kept if kept in LANGUAGES else "vi"


def _keep(response: Response) -> Response:
    chosen = g.get("keep_language")
    if chosen:
        response.set_cookie(COOKIE, chosen, max_age=365 * 86400, samesite="Lax", httponly=True)
    response.headers.setdefault("Content-Language", chosen or request.cookies.get(COOKIE, "vi"))
    return response
