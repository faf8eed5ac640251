"""A reader who types a pen-name, an old name, a term not used, finds what stands under the heading."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, select

from cataloging.authorities.browse import Seen
from cataloging.authorities.described import Boxes, new_marc
from cataloging.authorities.forms import guides_for
from cataloging.authorities.models import Authority
from cataloging.authorities.writing import create_authority, delete_authority, replace_authority
from cataloging.marc.model import data_field
from cataloging.search import SearchRequest, follow, index, search
from ils.accounts.actor import system_actor
from ils.core import db, outbox
from ils.core.outbox import OutboxConsumer
from ils.core.worker import deliver_once
from tests.factories import create_province, create_record


@pytest.fixture(autouse=True)
def _indexed(both: Engine) -> Iterator[None]:
    assert both
    with db.transaction() as session:
        create_province(session)
    follow.ensure()
    yield
    index.close_readers()


def found(query: str) -> tuple[int, ...]:
    with db.reading() as session:
        return search(session, SearchRequest(query=query)).ids


def deliver() -> None:
    outbox.CONSUMERS[follow.consumer_name()] = outbox.Consumer(follow.KINDS, follow.deliver)
    while deliver_once(follow.consumer_name()):
        pass


def nam_cao(*variants: str) -> Boxes:
    return Boxes("person", "Nam Cao", variants=variants, see_also=("Tự lực văn đoàn",))


def test_records_are_found_by_variants_and_no_more_when_a_variant_goes() -> None:
    with db.transaction() as session:
        one = create_record(session, "Chí Phèo", author="Nam Cao").id
        create_record(session, "Dế Mèn", author="Tô Hoài")
    deliver()
    assert found("tran huu tri") == ()
    with db.transaction() as session:
        made = create_authority(session, system_actor(), new_marc(nam_cao("Trần Hữu Tri")))
    deliver()
    assert found("tran huu tri") == found("Trần Hữu Tri") == found("tác giả: hữu tri") == (one,)
    with db.transaction() as session:
        replace_authority(
            *(session, system_actor(), made.id, new_marc(nam_cao("Thúy Rư"))), expected_version=1
        )
    deliver()
    assert (found("tran huu tri"), found("thúy rư")) == ((), (one,))
    with db.transaction() as session:
        delete_authority(session, system_actor(), made.id)
    deliver()
    assert found("thúy rư") == ()


def test_a_record_under_a_variant_is_found_by_the_heading_also_after_a_rebuild() -> None:
    with db.transaction() as session:
        term = data_field("650", " ", "7", ("a", "Máy vi tính"))
        one = create_record(session, "Học tin", fields=[term]).id
        heading = Boxes("subject", "Máy tính điện tử", variants=("Máy vi tính", "Computer"))
        create_authority(session, system_actor(), new_marc(heading))
    for _time in range(2):
        deliver()
        assert found("máy tính điện tử") == found("chủ đề: computer") == (one,)
        follow.rebuild()


def test_an_index_of_before_the_upgrade_hears_of_headings_from_its_start() -> None:
    with db.transaction() as session:
        consumer = session.get_one(OutboxConsumer, follow.consumer_name())
        consumer.kinds = ["record_changed"]
    assert not follow.ensure()
    with db.reading() as session:
        assert set(session.scalars(select(OutboxConsumer.kinds)).one()) == set(follow.KINDS)


def test_who_types_a_variant_is_told_the_heading_and_what_else_to_see() -> None:
    with db.transaction() as session:
        create_authority(session, system_actor(), new_marc(nam_cao("Trần Hữu Tri")))
        create_record(
            session, "Tạp chí", fields=[data_field("710", "2", " ", ("a", "Tự lực văn đoàn"))]
        )
    with db.reading() as session:
        (guide,) = guides_for(session, "trần hữu tri", Seen())
        assert (guide.heading, guide.is_variant) == ("Nam Cao", True)
        assert [one.text for one in guide.see_also] == ["Tự lực văn đoàn"]
        (same,) = guides_for(session, "Nam Cao", Seen())
        assert not same.is_variant
        (bare,) = guides_for(session, "tran huu tri", Seen())
        assert (bare.typed, bare.heading) == ("Trần Hữu Tri", "Nam Cao")
        assert guides_for(session, "chí phèo", Seen()) == []
        assert session.scalars(select(Authority.heading)).all() == ["Nam Cao"]
