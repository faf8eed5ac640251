"""Real machines of others' making against the real server: two clients, TCP and TLS, both databases."""

import contextlib
import datetime
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pysip2
import pytest
from Sip2.sip2 import Sip2 as OtherClient
from sqlalchemy import Engine, select

from cataloging.models import Barcode, Item
from circulation.models import Hold, LedgerEntry, Loan
from circulation.patrons.models import BlockNote
from circulation.sip2.messages import stamp
from circulation.sip2.models import Sip2Terminal
from circulation.sip2.server import Server, tls_context
from circulation.sip2.terminals import add_terminal
from ils.accounts.actor import system_actor
from ils.accounts.passwords import hash_password
from ils.core import clock, db
from tests import factories
from tests.certificates import self_signed

PIN = "mat-khau-ban-doc"


@dataclass
class House:
    """A library with a machine, two readers and three copies; the server runs."""

    server: Server
    machine: str
    password: str
    card: str
    other_card: str
    patron_id: int
    barcodes: list[str]
    place: factories.Province

    @property
    def port(self) -> int:
        return int(self.server.server_address[1])


@contextlib.contextmanager
def running(server: Server) -> Iterator[Server]:
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def furnish(place: factories.Province) -> dict[str, Any]:
    with db.transaction() as session:
        actor = system_actor(session, place.branch.id)
        _terminal, password = add_terminal(
            session, actor, name="quay1", branch_id=place.branch.id, takes_payments=True
        )
        patron = factories.create_patron(session, place.branch, "Nguyễn Thị Lan")
        patron.password_hash = hash_password(PIN)
        other = factories.create_patron(session, place.branch, "Trần Văn Bình")
        other.password_hash = hash_password(PIN)
        items = [
            factories.create_item(session, place.branch, factories.create_record(session, title))
            for title in ("Số đỏ", "Dế Mèn phiêu lưu ký", "Tắt đèn")
        ]
        return {
            "machine": "quay1",
            "password": password,
            "card": factories.card_of(session, patron),
            "other_card": factories.card_of(session, other),
            "patron_id": patron.id,
            "barcodes": [str(item.barcode) for item in items],
            "place": place,
        }


@pytest.fixture
def house(both: Engine) -> Iterator[House]:
    from ils.app import create_app
    from ils.core.config import config

    app = create_app(config())
    with db.transaction() as session:
        place = factories.create_province(session)
    facts = furnish(place)
    with running(Server(app, "127.0.0.1", 0)) as server:
        yield House(server, **facts)


@pytest.fixture
def client(house: House, tmp_path: Path) -> Iterator[Any]:
    """The client library ``Sip2``, signed in as our machine."""
    made = OtherClient()
    made.hostName, made.hostPort, made.tlsEnable = "127.0.0.1", house.port, False
    made.logfile_path, made.institutionId = str(tmp_path), "TEST"
    made.socketTimeout = 30  # a busy machine is no finding
    made.connect()
    said = ask(made, "login", house.machine, house.password)
    assert said["fixed"]["Ok"] == "1"
    made.patron, made.patronpwd = house.card, PIN
    yield made
    made.disconnect()
    for handler in list(made.log.handlers):
        made.log.removeHandler(handler)
        handler.close()


def ask(client: Any, what: str, *words: Any, **named: Any) -> dict[str, Any]:
    """Send a request of the client's and return its answer as the client reads it."""
    request = getattr(client, f"sip_{what}_request")(*words, **named)
    answer = client.get_response(request)
    parsed: dict[str, Any] = getattr(client, f"sip_{what}_response")(answer)
    return parsed


def open_loans() -> list[Loan]:
    with db.reading() as session:
        return list(session.scalars(select(Loan).where(Loan.closed_at.is_(None))))


def first(said: dict[str, Any], code: str) -> str:
    return str(said["variable"][code][0])


def test_a_readers_turn_at_the_machine(house: House, client: Any) -> None:
    status = ask(client, "sc_status")
    assert status["fixed"]["OnlineStatus"] == "Y"
    told = ask(client, "patron_information", "none")
    assert first(told, "AE") == "Nguyễn Thị Lan"
    assert (first(told, "BL"), first(told, "CQ")) == ("Y", "Y")
    lent = ask(client, "checkout", house.barcodes[0])
    assert (lent["fixed"]["Ok"], first(lent, "AJ")) == ("1", "Số đỏ")
    due = clock.today() + datetime.timedelta(days=14)
    assert first(lent, "AH").startswith(f"{due:%Y%m%d}")
    assert [loan.patron_id for loan in open_loans()] == [house.patron_id]
    item = ask(client, "item_information", house.barcodes[0])
    assert item["fixed"]["CirculationStatus"] == "04"
    listed = ask(client, "patron_information", "charged")
    assert listed["variable"]["AU"] == [house.barcodes[0]]
    back = ask(client, "checkin", house.barcodes[0])
    assert (back["fixed"]["Ok"], back["fixed"]["Alert"]) == ("1", "N")
    assert open_loans() == []
    assert ask(client, "end_patron_session")["fixed"]["EndSession"] == "Y"


def made_five_days_ago() -> None:
    """Let the open loans be older, so that renewing gains days."""
    with db.transaction() as session:
        for loan in session.scalars(select(Loan)):
            loan.started_on -= datetime.timedelta(days=5)
            loan.started_at -= datetime.timedelta(days=5)
            loan.due_on -= datetime.timedelta(days=5)


def test_renewing_and_taking_no_second_loan_by_mistake(house: House, client: Any) -> None:
    ask(client, "checkout", house.barcodes[0])
    made_five_days_ago()
    one = ask(client, "renew", house.barcodes[0])
    assert (one["fixed"]["Ok"], one["fixed"]["RenewalOk"]) == ("1", "Y")
    client.patron = house.other_card
    assert ask(client, "renew", house.barcodes[0])["fixed"]["Ok"] == "0"
    client.patron = house.card
    (before,) = open_loans()
    again = ask(client, "checkout", house.barcodes[0])  # it may not renew by itself
    assert again["fixed"]["RenewalOk"] == "N"
    (after,) = open_loans()
    assert (after.id, after.due_on, after.renewals) == (before.id, before.due_on, 1)


def test_a_wrong_password_and_an_unknown_card_borrow_nothing(house: House, client: Any) -> None:
    client.patronpwd = "1234"
    refused = ask(client, "checkout", house.barcodes[0])
    assert refused["fixed"]["Ok"] == "0"
    assert "mật khẩu" in first(refused, "AF").lower()
    info = ask(client, "patron_information", "charged")
    assert first(info, "CQ") == "N"
    assert "BV" not in info["variable"]
    client.patron = "KHONGCO"
    info = ask(client, "patron_information", "none")
    assert (first(info, "BL"), first(info, "AE")) == ("N", "")
    assert open_loans() == []


def test_a_hold_is_placed_and_caught_at_the_machines_return(house: House, client: Any) -> None:
    client.patron = house.other_card
    assert ask(client, "checkout", house.barcodes[0])["fixed"]["Ok"] == "1"
    client.patron = house.card
    asked = ask(client, "hold", "+", itemIdentifier=house.barcodes[0])
    assert asked["fixed"]["Ok"] == "1"
    assert first(asked, "AF") == "Đã đặt giữ, thứ 1 trong hàng chờ"
    back = ask(client, "checkin", house.barcodes[0])
    assert (back["fixed"]["Ok"], back["fixed"]["Alert"], first(back, "CV")) == ("1", "Y", "01")
    item = ask(client, "item_information", house.barcodes[0])
    assert item["fixed"]["CirculationStatus"] == "08"
    gone = ask(client, "hold", "-", itemIdentifier=house.barcodes[0])
    assert gone["fixed"]["Ok"] == "1"
    with db.reading() as session:
        assert session.scalars(select(Hold.state)).all() == ["cancelled"]


def test_money_is_taken_once_and_a_card_is_blocked(house: House, client: Any) -> None:
    from circulation.desk import perform
    from circulation.fees import charge

    with db.reading() as session:
        actor = system_actor(session, house.place.branch.id)
    perform(charge, actor, patron_id=house.patron_id, kind="service", amount=5000, key="c1")
    owed = ask(client, "patron_information", "none")
    assert first(owed, "BV") == "5000"
    request = client.sip_fee_paid_request(1, 0, 5000, currencyType="VND")
    for _ in range(2):  # the answer was lost: the machine sends the same message
        paid = client.sip_fee_paid_response(client.get_response(request))
        assert paid["fixed"]["PaymentAccepted"] == "Y"
    with db.reading() as session:
        payments = session.scalars(
            select(LedgerEntry.amount).where(LedgerEntry.kind == "payment")
        ).all()
    assert payments == [5000]
    client.get_response(client.sip_block_patron_request("thẻ bị nuốt"))
    with db.reading() as session:
        notes = session.scalars(select(BlockNote.text)).all()
    assert notes == ["quay1: thẻ bị nuốt"]
    refused = ask(client, "checkout", house.barcodes[1])
    assert refused["fixed"]["Ok"] == "0"


# --- the second client: the codec of pysip2, our own line -------------------------------------


@dataclass
class Wire:
    """A plain line, spoken with the messages of ``pysip2``."""

    connection: socket.socket
    n: int = 0

    def send(self, message: Any, sequence: int | None = None) -> bytes:
        number = self.n % 10 if sequence is None else sequence
        raw = pysip2.encode_message(
            message, sequence_number=number, checksum=True, encoding="utf-8"
        )
        self.n += 1
        self.connection.sendall(raw)
        return self.heard()

    def heard(self) -> bytes:
        told = b""
        while not told.endswith(b"\r"):
            part = self.connection.recv(4096)
            if not part:
                return told
            told += part
        return told


def now() -> str:
    return stamp(clock.now())


def login(house: House, password: str | None = None) -> Any:
    return pysip2.LoginRequest(
        uid_algorithm="0",
        pwd_algorithm="0",
        login_user_id=house.machine,
        login_password=password or house.password,
        location_code="quầy",
    )


def checkout(house: House, barcode: str, **more: Any) -> Any:
    return pysip2.CheckoutRequest(
        **{
            "sc_renewal_policy": "N",
            "no_block": "N",
            "transaction_date": now(),
            "nb_due_date": now(),
            "institution_id": "TEST",
            "patron_identifier": house.card,
            "item_identifier": barcode,
            "terminal_password": "",
            "patron_password": PIN,
            **more,
        }
    )


@pytest.fixture
def dial(house: House) -> Iterator[Callable[[], Wire]]:
    opened: list[socket.socket] = []

    def line() -> Wire:
        opened.append(socket.create_connection(("127.0.0.1", house.port), timeout=10))
        return Wire(opened[-1])

    yield line
    for one in opened:
        one.close()


def test_the_second_client_lends_and_the_same_message_lends_once(
    house: House, dial: Callable[[], Wire]
) -> None:
    wire = dial()
    assert wire.send(login(house)).startswith(b"941")
    asked = checkout(house, house.barcodes[0])
    told = wire.send(asked, sequence=4)
    read = pysip2.decode_message(told, encoding="utf-8")
    assert read.sequence_number == 4
    assert read.message.ok == "1"
    wire.connection.close()  # the answer never arrived: a new line, the same message
    wire = dial()
    wire.send(login(house))
    again = wire.send(asked, sequence=4)
    assert (again[:6], again[24:-5]) == (told[:6], told[24:-5])  # all but the time of the answer
    assert len(open_loans()) == 1
    wire.connection.sendall(b"97AZFEF5\r")
    assert wire.heard() == again


def test_all_is_renewed_that_can_be(house: House, dial: Callable[[], Wire]) -> None:
    wire = dial()
    wire.send(login(house))
    for barcode in house.barcodes[:2]:
        wire.send(checkout(house, barcode))
    made_five_days_ago()
    asked = {
        "institution_id": "TEST",
        "patron_identifier": house.card,
        "patron_password": PIN,
        "transaction_date": now(),
    }
    told = pysip2.decode_message(wire.send(pysip2.RenewAllRequest(**asked)), encoding="utf-8")
    assert (told.message.renewed_count, told.message.unrenewed_count) == ("0002", "0000")
    assert set(told.message.renewed_items) == set(house.barcodes[:2])
    asked["transaction_date"] = stamp(clock.now() + datetime.timedelta(seconds=1))
    told = pysip2.decode_message(wire.send(pysip2.RenewAllRequest(**asked)), encoding="utf-8")
    assert (told.message.renewed_count, told.message.unrenewed_count) == ("0000", "0002")


def test_a_broken_checksum_is_asked_for_again(house: House, dial: Callable[[], Wire]) -> None:
    wire = dial()
    wire.send(login(house))
    wire.connection.sendall(b"9900802.00AY1AZ0000\r\n")
    assert wire.heard() == b"96AZFEF6\r"
    wire.connection.sendall(b"nonsense\r")
    assert wire.heard() == b"96\r"
    wire.connection.sendall(b"9900802.00\r")
    assert wire.heard().startswith(b"98YYYYNY")


def test_who_is_not_signed_in_hears_nothing_and_a_machine_switched_off_is_let_go(
    house: House, dial: Callable[[], Wire]
) -> None:
    wire = dial()
    assert wire.send(login(house, "falsch")).startswith(b"940")
    assert wire.send(checkout(house, house.barcodes[0])) == b""
    assert open_loans() == []
    wire = dial()
    assert wire.send(login(house)).startswith(b"941")
    with db.transaction() as session:
        session.scalars(select(Sip2Terminal)).one().active = False
    assert wire.send(checkout(house, house.barcodes[0])) == b""
    assert open_loans() == []


def test_a_loan_the_machine_could_not_hand_out_is_taken_back(
    house: House, dial: Callable[[], Wire]
) -> None:
    wire = dial()
    wire.send(login(house))
    assert wire.send(checkout(house, house.barcodes[0])).startswith(b"121N")
    assert wire.send(checkout(house, house.barcodes[0], cancel="Y")).startswith(b"121NUN")
    with db.reading() as session:
        assert [loan.closed_how for loan in session.scalars(select(Loan))] in ([], ["undone"])
    assert open_loans() == []


def test_what_a_machine_lent_while_the_line_was_gone_stands(
    house: House, dial: Callable[[], Wire]
) -> None:
    with db.transaction() as session:
        factories.create_patron(session, house.place.branch)
        from circulation.patrons.models import PatronCard

        card = session.scalars(select(PatronCard).where(PatronCard.number == house.card)).one()
        card.expires_on = clock.today() - datetime.timedelta(days=3)
        barcode = Barcode.value == house.barcodes[0]
        item = session.scalars(
            select(Item).join(Barcode, Barcode.item_id == Item.id).where(barcode)
        )
        item.one().use = "not_for_loan"  # only the head may lift that
    wire = dial()
    wire.send(login(house))
    assert wire.send(checkout(house, house.barcodes[0])).startswith(b"120")
    yesterday = stamp(clock.now() - datetime.timedelta(days=1))
    asked = checkout(
        house, house.barcodes[0], no_block="Y", transaction_date=yesterday, patron_password=None
    )
    assert wire.send(asked).startswith(b"121")
    (loan,) = open_loans()
    assert loan.started_on == clock.today() - datetime.timedelta(days=1)


def test_tls_is_spoken_where_a_certificate_is_given(house: House, tmp_path: Path) -> None:
    certificate = self_signed(tmp_path)
    server = Server(house.server.app, "127.0.0.1", 0, tls=tls_context(certificate))
    context = ssl.create_default_context(cafile=str(certificate))
    with running(server):
        address = ("127.0.0.1", int(server.server_address[1]))
        with socket.create_connection(address, timeout=10) as plain:
            wire = Wire(context.wrap_socket(plain, server_hostname="localhost"))
            assert wire.send(login(house)).startswith(b"941")
            assert wire.send(checkout(house, house.barcodes[0])).startswith(b"121")
        with socket.create_connection(address, timeout=10) as plain:
            plain.sendall(b"9900802.00\r")
            with contextlib.suppress(ConnectionError):
                assert not plain.recv(100).startswith(b"98")
