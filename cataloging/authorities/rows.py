"""The rows that follow from authorities and records: forms of headings, links, versions.

Written through here by ``cataloging.authorities.writing``, the undo and the writer of records only.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import orjson
from sqlalchemy import delete, exists, func, insert, select
from sqlalchemy import text as sql
from sqlalchemy.orm import Session, aliased

from cataloging.authorities.described import Described, Form, describe
from cataloging.authorities.models import (
    PROVINCE,
    Authority,
    AuthorityVersion,
    Heading,
    RecordHeading,
    SeeAlso,
)
from cataloging.marc.headings import OF_RECORDS
from cataloging.marc.model import Marc
from cataloging.models import ChangeSet
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.db import is_sqlite
from ils.core.errors import Invalid, NotFound
from ils.core.outbox import announce
from ils.text.filing import filing_key
from ils.text.words import exact_words, folded_words

AT_ONCE: Final = 500
KEYS_TOLD: Final = 200

Found = tuple[int, str, int, str]  # place of the field, tag, key, text

_DIGIT = re.compile(r"\d")


def near_form(text: str) -> str:
    """Return a form without marks and numbers: near-equal forms have the same."""
    words = folded_words(exact_words(text))
    if _DIGIT.search(words):
        words = " ".join(word for word in words.split(" ") if not _DIGIT.search(word))
    return words[:120]


# The headings of records.


def keep_links(session: Session, record_id: int, found: Sequence[Found]) -> bool:
    """Bring the links of one record in line with its headings; return whether they differed."""
    rows = session.execute(
        select(RecordHeading.place, RecordHeading.tag, RecordHeading.key).where(
            RecordHeading.record_id == record_id
        )
    )
    stored = {(place, tag, key) for place, tag, key in rows}
    wanted = {(place, tag, key) for place, tag, key, _text in found}
    if stored == wanted:
        return False
    if stored:
        session.execute(delete(RecordHeading).where(RecordHeading.record_id == record_id))
    insert_links(session, [(record_id, found)])
    forget_unused(session, {row[2] for row in stored} - {row[2] for row in wanted})
    return True


def keep_links_of_many(session: Session, found: Mapping[int, Sequence[Found]]) -> None:
    """Bring the links of many records in line with their headings, all at once."""
    stored: dict[int, set[tuple[int, str, int]]] = {record_id: set() for record_id in found}
    for part in _parts(sorted(found)):
        rows = session.execute(
            select(
                RecordHeading.record_id, RecordHeading.place, RecordHeading.tag, RecordHeading.key
            ).where(RecordHeading.record_id.in_(part))
        )
        for record_id, place, tag, key in rows:
            stored[record_id].add((place, tag, key))
    changed = {
        record_id: one
        for record_id, one in found.items()
        if stored[record_id] != {(place, tag, key) for place, tag, key, _text in one}
    }
    for part in _parts(sorted(changed)):
        session.execute(delete(RecordHeading).where(RecordHeading.record_id.in_(part)))
    insert_links(session, changed.items())
    before = {key for record_id in changed for _place, _tag, key in stored[record_id]}
    forget_unused(session, before - {one[2] for each in changed.values() for one in each})


def insert_links(session: Session, pairs: Iterable[tuple[int, Sequence[Found]]]) -> None:
    """Insert the links of records that have none, all at once, and the forms nobody knew."""
    rows = []
    forms: dict[int, Found] = {}
    for record_id, found in pairs:
        for one in found:
            place, tag, key, _text = one
            rows.append((record_id, place, tag, key))
            forms[key] = one
    if not rows:
        return
    _insert(session, "record_heading", ("record_id", "place", "tag", "key"), rows)
    _know(session, forms)


def drop_links(session: Session, record_ids: Sequence[int]) -> None:
    """Take the links of deleted records."""
    for part in _parts(record_ids):
        of_these = RecordHeading.record_id.in_(part)
        keys = session.scalars(select(RecordHeading.key).where(of_these).distinct()).all()
        session.execute(delete(RecordHeading).where(of_these))
        forget_unused(session, keys)


def forget_unused(session: Session, keys: Iterable[int]) -> None:
    """Forget those of some provisional forms that no record uses any more."""
    for part in _parts(sorted(keys)):
        session.execute(
            delete(Heading).where(
                Heading.role == "provisional",
                Heading.key.in_(part),
                ~exists().where(RecordHeading.key == Heading.key),
            )
        )


def _know(session: Session, forms: dict[int, Found]) -> None:
    """Note forms that no authority of the province and no record had yet, as provisional."""
    known = _known(session, list(forms))
    # In the order of keys, so that two imports at once never wait for each other in a circle.
    _insert_provisional(
        session,
        [
            (key, OF_RECORDS[forms[key][1]].code, forms[key][3])
            for key in sorted(forms.keys() - known)
        ],
    )


def _known(session: Session, keys: list[int]) -> set[int]:
    """Return those keys that the province has a form of. One parameter, however many keys."""
    query = _KNOWN_TO_SQLITE if is_sqlite(session) else _KNOWN_TO_POSTGRES
    sent = orjson.dumps(keys).decode() if is_sqlite(session) else keys
    return set(session.execute(query, {"keys": sent}).scalars())


_KNOWN_TO_SQLITE = sql(
    f"SELECT key FROM heading WHERE scope = {PROVINCE}"
    " AND key IN (SELECT value FROM json_each(:keys))"
)
_KNOWN_TO_POSTGRES = sql(
    f"SELECT key FROM heading WHERE scope = {PROVINCE} AND key = ANY(CAST(:keys AS bigint[]))"
)


def _insert_provisional(session: Session, forms: Sequence[tuple[int, str, str]]) -> None:
    columns = ("key", "scope", "kind", "role", "text", "filing", "near", "mark")
    rows = [
        (key, PROVINCE, kind, "provisional", text, filing_key(text), near_form(text), "")
        for key, kind, text in forms
    ]
    if rows:
        _insert(session, "heading", columns, rows, "ON CONFLICT DO NOTHING")


def _insert(
    session: Session, table: str, columns: Sequence[str], rows: list[Any], rest: str = ""
) -> None:
    """Insert rows of plain values past SQLAlchemy's care for each: an import has millions."""
    mark = "?" if is_sqlite(session) else "%s"
    names = ", ".join(f'"{name}"' for name in columns)
    marks = ", ".join(mark for _ in columns)
    statement = f"INSERT INTO {table} ({names}) VALUES ({marks}) {rest}"
    session.flush()
    session.connection().exec_driver_sql(statement, rows)


# Authorities.


def lock_authority(session: Session, authority_id: int, *, deleted: bool = False) -> Authority:
    """Return an authority, locked until the transaction ends. Raises ``NotFound``."""
    found = session.scalar(
        select(Authority)
        .where(Authority.id == authority_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if found is None or (found.deleted_at is not None and not deleted):
        raise NotFound("authority_unknown", authority_id=authority_id)
    return found


def described(marc: Marc) -> Described:
    """Return what an authority says. Raises ``Invalid`` when it has no heading."""
    seen = describe(marc)
    if seen is None:
        raise Invalid("authority_without_heading")
    return seen


def set_columns(session: Session, authority: Authority, seen: Described) -> None:
    """Bring columns and forms of an authority in line with what it says."""
    for name, value in {
        "kind": seen.kind,
        "heading": seen.heading,
        "filing": filing_key(seen.heading),
        "key": seen.key,
        "control_number": seen.control_number,
        "control_source": seen.control_source,
    }.items():
        if getattr(authority, name) != value:
            setattr(authority, name, value)
    session.flush()
    before = _forms_of(session, authority.id)
    forms = [(seen.key, seen.kind, "preferred", seen.heading, "")]
    forms += [(one.key, one.kind, "variant", one.text, one.mark) for one in seen.variants]
    if set(before) != set(forms):
        _replace_forms(session, authority, before, forms)
    _keep_see_also(session, authority.id, seen.see_also)


def drop_forms(session: Session, authority: Authority) -> None:
    """Take the forms of a deleted authority; those in use are provisional again."""
    _replace_forms(session, authority, _forms_of(session, authority.id), [])
    _keep_see_also(session, authority.id, ())


_Form = tuple[int, str, str, str, str]  # key, kind, role, text, mark


def _forms_of(session: Session, authority_id: int) -> list[_Form]:
    rows = session.execute(
        select(Heading.key, Heading.kind, Heading.role, Heading.text, Heading.mark).where(
            Heading.authority_id == authority_id
        )
    )
    return [(key, kind, role, text, mark) for key, kind, role, text, mark in rows]


def _replace_forms(
    session: Session, authority: Authority, before: list[_Form], forms: list[_Form]
) -> None:
    session.execute(delete(Heading).where(Heading.authority_id == authority.id))
    if authority.scope == PROVINCE:
        session.execute(
            delete(Heading).where(
                Heading.role == "provisional", Heading.key.in_([form[0] for form in forms])
            )
        )
    if forms:
        rows = [
            {
                "key": key,
                "scope": authority.scope,
                "kind": kind,
                "role": role,
                "text": text,
                "filing": filing_key(text),
                "near": near_form(text),
                "mark": mark,
                "authority_id": authority.id,
            }
            for key, kind, role, text, mark in forms
        ]
        session.execute(insert(Heading.__table__), rows)  # type: ignore[arg-type]
    lost = {form[0]: form for form in before if form[0] not in {new[0] for new in forms}}
    _mourn(session, lost)
    announce_headings(session, {form[0] for form in (*before, *forms)})


def _mourn(session: Session, lost: dict[int, _Form]) -> None:
    """Note forms no authority has any more as provisional, where records use them."""
    if not lost:
        return
    used = set(
        session.scalars(
            select(RecordHeading.key).where(RecordHeading.key.in_(list(lost))).distinct()
        )
    )
    known = set(
        session.scalars(
            select(Heading.key).where(Heading.key.in_(list(lost)), Heading.scope == PROVINCE)
        )
    )
    _insert_provisional(
        session, [(key, lost[key][1], lost[key][3]) for key in sorted(used - known)]
    )


def _keep_see_also(session: Session, authority_id: int, wanted: Sequence[Form]) -> None:
    stored = session.execute(
        select(SeeAlso.key, SeeAlso.text, SeeAlso.relation).where(
            SeeAlso.authority_id == authority_id
        )
    )
    if {tuple(row) for row in stored} == {(one.key, one.text, one.mark) for one in wanted}:
        return
    session.execute(delete(SeeAlso).where(SeeAlso.authority_id == authority_id))
    rows = [
        {
            "authority_id": authority_id,
            "key": one.key,
            "kind": one.kind,
            "text": one.text,
            "relation": one.mark,
        }
        for one in wanted
    ]
    if rows:
        session.execute(insert(SeeAlso.__table__), rows)  # type: ignore[arg-type]


def write_version(
    session: Session,
    actor: Actor,
    authority: Authority,
    change: str,
    change_set: ChangeSet,
    why: str = "",
) -> None:
    """Store the present content of an authority as a version of it."""
    authority.updated_at = clock.now()
    session.add(
        AuthorityVersion(
            authority_id=authority.id,
            version=authority.version,
            marc=authority.marc,
            change=change,
            merged_into=authority.merged_into,
            change_set_id=change_set.id,
            at=authority.updated_at,
            actor_id=actor.staff_id,
            why=why[:300],
        )
    )


def announce_headings(session: Session, keys: Iterable[int]) -> None:
    """Tell the index that forms changed: it finds the records that have them itself."""
    every = sorted(set(keys))
    for start in range(0, len(every), KEYS_TOLD):
        announce(session, "headings_changed", {"keys": every[start : start + KEYS_TOLD]})


# Mending.


def unused_forms(session: Session) -> list[int]:
    """Return the keys of provisional forms that no record uses any more."""
    return list(
        session.scalars(
            select(Heading.key)
            .where(Heading.role == "provisional")
            .where(~exists().where(RecordHeading.key == Heading.key))
        )
    )


def nameless(session: Session) -> Iterator[tuple[int, int, int]]:
    """Yield key, record and place of a heading for each key that no form has: a lost form."""
    known = aliased(Heading)
    rows = session.execute(
        select(RecordHeading.key, func.min(RecordHeading.record_id), func.min(RecordHeading.place))
        .where(~exists().where(known.key == RecordHeading.key, known.scope == PROVINCE))
        .group_by(RecordHeading.key)
    )
    for row in rows:
        yield row[0], row[1], row[2]


def _parts(values: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(values), AT_ONCE):
        yield values[start : start + AT_ONCE]
