"""Making one heading of two: the other's forms become variants of the one that stays."""

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.authorities.carry import begin_carry, old_forms
from cataloging.authorities.described import (
    LEADER,
    as_variant,
    describe,
    fixed_008,
    heading_field,
    main_field,
    with_variants,
)
from cataloging.authorities.models import PROVINCE, Authority, Heading, RecordHeading
from cataloging.authorities.rewriting import places_of
from cataloging.authorities.rows import lock_authority
from cataloging.authorities.writing import (
    create_authority,
    delete_authority,
    replace_authority,
)
from cataloging.change_sets import new_change_set
from cataloging.marc.headings import kind_of_tracing
from cataloging.marc.model import Marc
from cataloging.models import ChangeSet, Record
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.errors import NotFound, Refused
from ils.core.jobs import Job


def form_for(session: Session, heading_id: int, scopes: Collection[int]) -> Heading:
    """Return a form by its number. Raises ``NotFound``, also for another library's own."""
    found = session.get(Heading, heading_id)
    if found is None or found.scope not in scopes:
        raise NotFound("heading_unknown", heading_id=heading_id)
    return found


def new_marc_for(session: Session, form: Heading) -> Marc:
    """Return a new authority record for a provisional form, from how a record writes it."""
    return {
        "leader": LEADER,
        "fields": [
            {"008": fixed_008(clock.today().strftime("%y%m%d"))},
            _field_of(session, form),
        ],
    }


def _field_of(session: Session, form: Heading) -> dict[str, object]:
    """Return a form as heading field (1XX), with the subfields of a record that has it."""
    record_id = session.scalar(
        select(RecordHeading.record_id).where(RecordHeading.key == form.key).limit(1)
    )
    record = session.get(Record, record_id) if record_id is not None else None
    if record is not None:
        marc: Marc = record.marc  # type: ignore[assignment]
        for found in places_of(marc, [form.key]):
            content = marc["fields"][found.place][found.tag]
            tag = "1" + found.tag[1:]
            kind = kind_of_tracing(tag)
            if kind is None:
                continue
            subs = [s for s in content["subfields"] if next(iter(s)) in kind.codes_in(tag)]
            subs = [{c: v.rstrip(" ,;:/=") for c, v in s.items()} for s in subs]
            if kind.code == "person":
                # The name as it stands in the list: one name, in its own order.
                return (
                    main_field("person", form.text)
                    if len(subs) == 1
                    else {tag: {"ind1": "1", "ind2": " ", "subfields": subs}}
                )
            ind1 = content["ind1"] if kind.code == "body" else " "
            ind2 = "0" if kind.code == "title" else " "
            return {tag: {"ind1": ind1, "ind2": ind2, "subfields": subs}}
    return main_field(form.kind, form.text)


def establish(
    session: Session,
    actor: Actor,
    form: Heading,
    *,
    scope: int = PROVINCE,
    change_set: ChangeSet | None = None,
) -> Authority:
    """Make an authority of a provisional form."""
    if form.role != "provisional":
        raise Refused("heading_not_provisional", heading_id=form.id)
    return create_authority(
        session, actor, new_marc_for(session, form), scope=scope, change_set=change_set
    )


def establish_many(
    session: Session, actor: Actor, forms: Sequence[Heading], *, scope: int = PROVINCE
) -> int:
    """Make authorities of provisional forms, in one change set; return of how many.

    Forms that somebody established meanwhile are passed over.
    """
    still = [form for form in forms if form.role == "provisional"]
    if still:
        named = ", ".join(form.text for form in still)
        change_set = new_change_set(session, actor, "authority", named)
        for form in still:
            establish(session, actor, form, scope=scope, change_set=change_set)
    return len(still)


def merge(
    session: Session,
    actor: Actor,
    keep: Heading,
    drop: Heading,
    *,
    scope: int = PROVINCE,
    and_records: bool = False,
) -> tuple[Authority, ChangeSet, Job | None]:
    """Make one heading of two forms, in one change set that can be undone.

    A provisional form that is kept becomes an authority of ``scope``. An authority that is dropped
    gives its variants, references and notes to the other and is deleted, pointing there. With
    ``and_records`` the records that have the dropped forms are changed too, as a job.
    Raises ``Refused`` for two kinds, or one authority.
    """
    if keep.kind != drop.kind:
        raise Refused("kinds_differ")
    if keep.key == drop.key or (
        keep.authority_id is not None and keep.authority_id == drop.authority_id
    ):
        raise Refused("heading_same")
    change_set = new_change_set(session, actor, "headings", f"{drop.text} → {keep.text}")
    dropped_field = _field_of(session, drop) if drop.authority_id is None else None
    if keep.authority_id is None:
        kept = establish(session, actor, keep, scope=scope, change_set=change_set)
    else:
        kept = lock_authority(session, keep.authority_id)
    if drop.authority_id is not None:
        gone = delete_authority(
            session,
            actor,
            drop.authority_id,
            merged_into=kept.id,
            change_set=change_set,
            why=f"→ {kept.heading}",
        )
        more = _given(gone.marc)  # type: ignore[arg-type]
        keys = describe_keys(gone)
    else:
        more = [as_variant(dropped_field or main_field(drop.kind, drop.text))]
        keys = {drop.key}
    marc = with_variants(kept.marc, more)  # type: ignore[arg-type]
    replace_authority(
        session,
        actor,
        kept.id,
        marc,
        expected_version=kept.version,
        change_set=change_set,
        why=f"← {drop.text}",
    )
    job = None
    if and_records:
        free = {one.key for one in old_forms(session, kept) if not one.shared} & keys
        if free:
            job = begin_carry(session, actor, kept.id, free, change_set=change_set)
    return kept, change_set, job


def describe_keys(authority: Authority) -> set[int]:
    """Return the keys of all forms of an authority, also of a deleted one."""
    seen = describe(authority.marc)  # type: ignore[arg-type]
    return set(seen.keys) if seen else set()


def _given(marc: Marc) -> list[dict[str, object]]:
    """Return what a dropped authority gives: its heading as variant, tracings, notes, numbers."""
    more = [as_variant(heading_field(marc))]
    for one in marc["fields"]:
        tag = next(iter(one))
        if tag[0] in "45" or tag in ("024", "670", "678", "680"):
            more.append(one)
    return more


def forms_named(
    session: Session, kind: str, texts: Collection[str], scopes: Collection[int]
) -> list[Heading]:
    """Return the forms of a kind that read so and are no variants."""
    return list(
        session.scalars(
            select(Heading)
            .where(Heading.kind == kind, Heading.text.in_(texts), Heading.scope.in_(scopes))
            .where(Heading.role != "variant")
            .order_by(Heading.filing)
        )
    )
