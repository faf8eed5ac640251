"""The paper of a person's data in words: headings, columns, what codes mean, in one language."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from circulation.patrons import sentences
from ils.core.money import dong
from ils.web.i18n import day, moment

_BOXES: dict[str, Any] = {
    "name": _l("Full name"),
    "category": _l("Kind of patron"),
    "born_on": _l("Date of birth"),
    "born_year": _l("Year of birth"),
    "sex": _l("Sex"),
    "ethnicity": _l("Ethnic group"),
    "id_number_masked": _l("Identity number"),
    "phone": _l("Telephone"),
    "email": _l("E-mail"),
    "commune": _l("Commune or ward"),
    "address": _l("Address"),
    "school": _l("School or workplace"),
    "school_class": _l("School class"),
    "school_year": _l("School year"),
    "student_code": _l("Student code"),
    "occupation": _l("Occupation"),
    "guardian_name": _l("Parent or guardian"),
    "guardian_phone": _l("Guardian's telephone"),
    "registered_on": _l("Registered"),
    "keep_history": _l("Keeps a history of loans"),
    "photo": _l("Photo kept"),
    "note": _l("Note"),
}
_HOLD_STATES: dict[str, Any] = {
    "queued": _l("Waiting"),
    "suspended": _l("Paused"),
    "targeted": _l("Being fetched"),
    "in_transit": _l("On its way"),
    "ready": _l("Ready to collect"),
    "fulfilled": _l("lent"),
}


def paper_words(data: Mapping[str, Any], *, above: str) -> dict[str, Any]:
    """Return all words of the paper; ``above`` is the body over the library."""
    return {
        "title": _("Personal data held by the library"),
        "lead": _("Made for the person named here, at their request."),
        "above": above,
        "office": data["library"],
        "name": data["person"]["name"],
        "made": _when(data["made_at"]),
        "nothing": _("Nothing is held."),
        "signer": _("For the library"),
        "sign": _("(signature and full name)"),
        "parts": [_person(data), *_tables(data)],
    }


def _person(data: Mapping[str, Any]) -> dict[str, Any]:
    person = data["person"]
    rows = [[str(label), _cell(name, person.get(name))] for name, label in _BOXES.items()]
    family = data["family"]
    if family["children"]:
        rows.append([_("Children"), ", ".join(family["children"])])
    events = _("%(count)s, without a name, for statistics", count=data["events_counted"])
    rows.append([_("Events counted"), events])
    return {"title": _("The person"), "headers": [], "widths": [], "rows": rows}


def _cell(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    if name == "sex":
        return str(sentences.SEX.get(value, ""))
    return _day(value) if name.endswith("_on") else str(value or "")


def _tables(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        _table(
            _("Cards"),
            [
                (_("Number"), "1fr"),
                (_("State"), "1fr"),
                (_("Issued"), "1fr"),
                (_("Valid until"), "1fr"),
            ],
            [
                [
                    c["number"],
                    _word(sentences.CARD_STATES, c["state"]),
                    _day(c["issued_on"]),
                    _day(c["expires_on"]),
                ]
                for c in data["cards"]
            ],
        ),
        _table(
            _("Consents"),
            [
                (_("Given by"), "1.4fr"),
                (_("Agreed to"), "2fr"),
                (_("How"), "1fr"),
                (_("Given"), "auto"),
                (_("Taken back on"), "auto"),
            ],
            [
                [
                    f"{_word(sentences.GIVERS, c['given_by'])} {c['giver_name']}".strip(),
                    ", ".join(_word(sentences.PURPOSES, one) for one in c["purposes"]),
                    _word(sentences.CHANNELS, c["channel"]),
                    _when(c["given_at"]),
                    _when(c["withdrawn_at"]),
                ]
                for c in data["consents"]
            ],
        ),
        _table(
            _("Loans under your name"),
            [
                (_("Title"), "2.6fr"),
                (_("Accession number"), "1fr"),
                (_("Lent"), "auto"),
                (_("Due"), "auto"),
                (_("Returned"), "auto"),
            ],
            [
                [
                    one["title"],
                    one["copy"],
                    _day(one["started_on"]),
                    _day(one["due_on"]),
                    _day(one["effective_return_on"]),
                ]
                for one in data["loans"]
            ],
        ),
        _table(
            _("Holds under your name"),
            [(_("Title"), "2.6fr"), (_("State"), "1fr"), (_("Asked"), "auto")],
            [
                [
                    one["title"],
                    _word(_HOLD_STATES, one["state"]) or _("ended"),
                    _when(one["requested_at"]),
                ]
                for one in data["holds"]
            ],
        ),
        _table(
            _("Account"),
            [(_("Day"), "auto"), (_("What for"), "2fr"), (_("Amount"), "1fr"), (_("Note"), "2fr")],
            [
                [
                    _day(e["effective_on"]),
                    _word(sentences.LEDGER_KINDS, e["kind"]),
                    dong(e["amount"]),
                    e["note"],
                ]
                for e in data["account"]
            ],
        ),
        _table(
            _("Notes and blocks"),
            [(_("From"), "auto"), (_("Until"), "auto"), (_("Text"), "1fr")],
            [[_day(n["from_on"]), _day(n["to_on"]), n["text"]] for n in data["notes"]]
            + [
                [_day(n["from_on"]), _day(n["to_on"]), _("No borrowing")]
                for n in data["suspensions"]
            ],
        ),
        _table(
            _("Requests"),
            [(_("Asked"), "auto"), (_("What"), "2fr"), (_("State"), "auto"), (_("Answer"), "2fr")],
            [
                [
                    _when(r["asked_at"]),
                    r["text"] or r["kind"],
                    _word(sentences.REQUEST_STATES, r["state"]),
                    r["answer"],
                ]
                for r in data["requests"]
            ],
        ),
        _table(
            _("Suggestions to buy"),
            [(_("Asked"), "auto"), (_("What"), "2fr"), (_("Answer"), "2fr")],
            [
                [
                    _when(s["made_at"]),
                    ". ".join(part for part in (s["authors"], s["title"], s["note"]) if part),
                    s["answer"],
                ]
                for s in data["suggestions"]
            ],
        ),
        _table(
            _("Who looked at this record"),
            [(_("When"), "auto"), (_("Who"), "1fr"), (_("What for"), "1fr")],
            [
                [_when(one["at"]), one["who"], _word(sentences.WHY, one["why"])]
                for one in data["looks"]
            ],
        ),
    ]


def _table(
    title: str, columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[str]]
) -> dict[str, Any]:
    headers = [header for header, _width in columns]
    return {"title": title, "headers": headers, "widths": [w for _h, w in columns], "rows": rows}


def _word(words: Mapping[str, Any], code: str) -> str:
    return str(words.get(code, ""))


def _day(text: str | None) -> str:
    return day(date.fromisoformat(text)) if text else ""


def _when(text: str | None) -> str:
    return moment(datetime.fromisoformat(text)) if text else ""
