"""Changes reach every consumer, once done they are gone, and a failure is tried again."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, func, select

from ils.core import clock, db, outbox
from ils.core.worker import deliver_once


def counted(model: type) -> int:
    with db.reading() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def announce(*numbers: int) -> None:
    with db.transaction() as session:
        for number in numbers:
            outbox.announce(session, "record_changed", {"record_ids": [number]})


@pytest.fixture
def two_consumers(both: Engine) -> None:
    with db.transaction() as session:
        assert outbox.register_consumer(session, "index:a", ["record_changed"])
        assert outbox.register_consumer(session, "index:b", ["record_changed", "item_changed"])
        assert not outbox.register_consumer(session, "index:a", ["record_changed"])


@pytest.mark.usefixtures("two_consumers")
def test_each_consumer_gets_each_message_and_it_goes_with_the_last() -> None:
    announce(1, 2)
    for name in ("index:a", "index:b"):
        with db.transaction() as session:
            claimed = outbox.claim(session, name)
            assert [c.payload["record_ids"] for c in claimed] == [[1], [2]]
        with db.transaction() as session:
            outbox.delivered(session, claimed)
    assert counted(outbox.OutboxMessage) == counted(outbox.OutboxDelivery) == 0


@pytest.mark.usefixtures("two_consumers")
def test_a_message_rolled_back_was_never_said() -> None:
    def fail() -> None:
        with db.transaction() as session:
            outbox.announce(session, "record_changed", {"record_ids": [1]})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert counted(outbox.OutboxMessage) == 0


@pytest.mark.usefixtures("two_consumers")
def test_a_claim_is_not_given_twice_until_it_expires() -> None:
    announce(1)
    with db.transaction() as session:
        assert len(outbox.claim(session, "index:a")) == 1
    with db.transaction() as session:
        assert outbox.claim(session, "index:a") == []
    with clock.at(clock.now() + timedelta(minutes=6)), db.transaction() as session:
        assert len(outbox.claim(session, "index:a")) == 1


@pytest.mark.usefixtures("two_consumers")
def test_a_failing_consumer_is_tried_again_and_then_set_aside(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    announce(1)

    def fail(_claimed: list[outbox.Claimed]) -> None:
        raise ValueError("disk full")

    monkeypatch.setitem(outbox.CONSUMERS, "index:a", outbox.Consumer(("record_changed",), fail))
    moment = clock.now()
    for _ in range(outbox.MAX_ATTEMPTS):
        moment += timedelta(minutes=10)
        with clock.at(moment):
            assert deliver_once("index:a")
    with clock.at(moment + timedelta(hours=1)):
        assert not deliver_once("index:a")
    with db.transaction() as session:
        outbox.revive_dead(session, "index:a")
    with clock.at(moment + timedelta(hours=1)):
        assert deliver_once("index:a")


@pytest.mark.usefixtures("both")
def test_what_may_wait_is_gathered_and_goes_along_with_what_may_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heard: list[list[str]] = []
    known = outbox.Consumer(
        ("record_changed", "availability_changed"),
        lambda claimed: heard.append([one.kind for one in claimed]),
        patient=("availability_changed",),
    )
    monkeypatch.setitem(outbox.CONSUMERS, "index:a", known)
    now = clock.now()

    def say(kind: str) -> None:
        with db.transaction() as session:
            outbox.announce(session, kind, {"record_ids": [1]})

    def deliver(many: int = 1000) -> bool:
        return deliver_once("index:a", many, patience=10)

    with clock.at(now):
        with db.transaction() as session:
            outbox.register_consumer(session, "index:a", known.kinds)
        assert not deliver()
        say("availability_changed")
        assert not deliver()
        say("availability_changed")
        assert deliver(many=2)
        say("availability_changed")
    with clock.at(now + timedelta(seconds=11)):
        assert deliver()
        say("availability_changed")
        assert not deliver()
        say("record_changed")
        assert deliver()
    assert [len(one) for one in heard] == [2, 1, 2]
