"""The doors of the desk without the server: the local copy, the log sent, the list of conflicts."""

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from circulation.checkout import check_out
from circulation.models import Loan, PolicyRow
from circulation.offline.models import OfflineLine
from circulation.offline.sealed import lock_for_desks
from circulation.patrons.models import BlockNote
from ils.core import clock, db
from ils.core.audit import AuditEntry
from ils.core.config import config
from tests import factories

BASE = "/staff/desk/offline/"


@pytest.fixture
def clerk(staff_client: Any, province: Any) -> Any:
    return staff_client("clerk", province.branch)


def a_pass(clerk: Any) -> str:
    page: str = clerk.get("/staff/desk").get_data(as_text=True)
    return page.split('data-offline-pass="')[1].split('"')[0]


def send(clerk: Any, *lines: dict[str, Any], **more: Any) -> Any:
    now = clock.now().timestamp() * 1000
    body = {"device": "d1", "clock": now, "copy_of": now - 60_000, "lines": list(lines), **more}
    return clerk.post(BASE + "replay", json=body)


def line(n: int, command: str, proof: str, **more: Any) -> dict[str, Any]:
    at = (clock.now() - timedelta(minutes=5)).timestamp() * 1000 + n
    return {"key": f"d1-{n}", "n": n, "command": command, "at": at, "pass": proof, **more}


def test_the_copy_holds_the_branch_and_only_the_branch(clerk: Any, province: Any) -> None:
    with db.transaction() as session:
        lan = factories.create_patron(
            session, province.branch, "Nguyễn Thị Lan", phone="0912345678"
        )
        factories.create_patron(session, province.foreign_branch, "Nguyệt Người Xa")
        factories.create_patron(session, province.other_branch, "Trần Cơ Sở Hai")
        here = factories.create_item(session, province.branch)
        away = factories.create_item(session, province.other_branch)
        read = factories.create_item(session, province.branch, use="not_for_loan")
        note = BlockNote(patron_id=lan.id, acts=["borrow"], text="Nợ sách trường", author_id=99)
        session.add(note)
        card = factories.card_of(session, lan)
    answer = clerk.get(BASE + "snapshot")
    body, copy = answer.get_data(as_text=True), answer.get_json()
    assert here.barcode in copy["items"]
    assert away.barcode not in copy["items"]
    assert copy["items"][read.barcode][5][0][0] == "not_for_loan"
    assert copy["cards"][card] == [lan.id, True]
    name, kind, _expires, loans, against, phone = copy["patrons"][str(lan.id)]
    assert (name, kind[0], loans[0], phone) == ("Nguyễn Thị Lan", "adult", 0, "345678")
    assert against[0][0] == "manual_block"
    assert against[0][2] is False  # not this clerk's to lift
    assert "Người Xa" not in body
    assert "Cơ Sở Hai" not in body
    assert "0912345678" not in body
    assert len(copy["days"]) == 400
    assert copy["rules"]["book|adult"][1] == 14


def test_the_copy_tells_what_a_reader_has_and_where_a_copy_is(clerk: Any, province: Any) -> None:
    with db.transaction() as session:
        lan = factories.create_patron(session, province.branch)
        here, away = (
            factories.create_item(session, at) for at in (province.branch, province.other_branch)
        )
        gone = factories.create_item(session, province.branch, located_id=province.other_branch.id)
        for item, branch in ((here, province.branch), (away, province.other_branch)):
            desk = factories.create_actor(session, "clerk", branch)
            assert check_out(
                session, desk, barcode=item.barcode, patron_id=lan.id, key=item.barcode
            ).ok
        due = {loan.item_id: loan.due_on.isoformat() for loan in session.query(Loan)}
    copy = clerk.get(BASE + "snapshot").get_json()
    for item in (here, away):  # what was lent elsewhere as well
        assert copy["items"][item.barcode][4] == lan.id
        assert copy["items"][item.barcode][7] == due[item.id]
        assert copy["items"][item.barcode][10] == item.accession_no
    assert copy["items"][gone.barcode][11] == "elsewhere"


def sealed(said: dict[str, Any], key: str, lock: str) -> str:
    """Seal a line as the browser does."""
    key_id, point = lock.split(".")
    raw = base64.urlsafe_b64decode(point + "=" * (-len(point) % 4))
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw)
    mine = ec.generate_private_key(ec.SECP256R1())
    head = mine.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    secret = HKDF(SHA256(), 32, salt=head, info=b"sen desk log").derive(
        mine.exchange(ec.ECDH(), theirs)
    )
    nonce = bytes(12)
    text = AESGCM(secret).encrypt(nonce, json.dumps(said).encode(), key.encode())
    parts = (base64.urlsafe_b64encode(one).decode().rstrip("=") for one in (head, nonce, text))
    return ".".join((key_id, *parts))


def test_a_sealed_line_is_opened_by_the_server_alone_and_done(clerk: Any, province: Any) -> None:
    with db.transaction() as session:
        item = factories.create_item(session, province.branch)
        card = factories.card_of(session, factories.create_patron(session, province.branch))
    said = line(1, "check_out", a_pass(clerk), item=item.barcode, card=card)
    text = sealed(said, "d1-1", lock_for_desks())
    answer = send(clerk, {"key": "d1-1", "n": 1, "sealed": text}).get_json()
    assert answer["lines"][0]["state"] == "applied"
    moved = send(clerk, {"key": "d1-2", "n": 2, "sealed": text}).get_json()
    assert moved["lines"][0]["state"] == "conflict"  # a line under another key is no line
    with db.reading() as session:
        assert session.query(Loan).count() == 1


def test_a_line_sealed_for_a_lost_key_is_kept_until_the_key_is_back(
    clerk: Any, province: Any
) -> None:
    with db.transaction() as session:
        item = factories.create_item(session, province.branch)
        card = factories.card_of(session, factories.create_patron(session, province.branch))
    said = line(1, "check_out", a_pass(clerk), item=item.barcode, card=card)
    text = sealed(said, "d1-1", lock_for_desks())
    [file] = (config().files_dir / "keys").glob("desk-*.pem")
    lost = file.rename(file.with_suffix(".lost"))
    answer = send(clerk, {"key": "d1-1", "n": 1, "sealed": text}).get_json()
    assert answer["lines"][0]["state"] == "conflict"
    assert "niêm phong" in clerk.get(BASE).get_data(as_text=True)
    with db.reading() as session:
        line_id = session.query(OfflineLine).one().id
    still = clerk.post(f"{BASE}{line_id}", data={"how": "again"}, follow_redirects=True)
    assert "Không có khóa nào" in still.get_data(as_text=True)
    lost.rename(file)
    clerk.post(f"{BASE}{line_id}", data={"how": "again"})
    with db.reading() as session:
        assert session.query(OfflineLine).one().state == "settled"
        assert session.query(Loan).one().item_id == item.id


def test_the_copy_is_sent_again_only_when_it_has_changed(clerk: Any, province: Any) -> None:
    first = clerk.get(BASE + "snapshot")
    version = first.get_json()["version"]
    headers = {"If-None-Match": f'"{version}"'}
    assert clerk.get(BASE + "snapshot", headers=headers).status_code == 304
    with db.transaction() as session:
        factories.create_item(session, province.branch)
    changed = clerk.get(BASE + "snapshot", headers=headers)
    assert changed.status_code == 200
    with db.reading() as session:
        noted = session.query(AuditEntry).filter(AuditEntry.action == "offline_copy").count()
    assert noted == 1  # one a day, not one each time


def test_a_log_is_replayed_and_answered_line_by_line(clerk: Any, province: Any) -> None:
    with db.transaction() as session:
        item = factories.create_item(session, province.branch)
        card = factories.card_of(session, factories.create_patron(session, province.branch))
    proof = a_pass(clerk)
    sent = [
        line(1, "check_out", proof, item=item.barcode, card=card),
        line(2, "check_in", proof, item="KHÔNG-CÓ"),
        line(3, "visit", proof),
    ]
    answer = send(clerk, *sent).get_json()
    assert {one["key"]: one["state"] for one in answer["lines"]} == {
        "d1-1": "applied",
        "d1-2": "conflict",
        "d1-3": "applied",
    }
    assert answer["conflicts"] == 1
    assert send(clerk, *sent).get_json() == answer
    with db.reading() as session:
        assert session.query(Loan).count() == 1


def test_a_line_in_another_s_name_without_proof_is_not_done(clerk: Any, province: Any) -> None:
    with db.transaction() as session:
        item = factories.create_item(session, province.branch)
        card = factories.card_of(session, factories.create_patron(session, province.branch))
    answer = send(clerk, line(1, "check_out", "tự khai", item=item.barcode, card=card))
    assert answer.get_json()["lines"][0]["state"] == "conflict"
    with db.reading() as session:
        assert session.query(Loan).count() == 0


def test_what_is_no_log_is_refused_whole(clerk: Any) -> None:
    assert clerk.post(BASE + "replay", json={"lines": [{"command": "visit"}]}).status_code == 422
    assert clerk.post(BASE + "replay", data="x").status_code == 422


def test_a_conflict_is_shown_with_its_proposals_and_settled_by_one(
    clerk: Any, province: Any
) -> None:
    with db.transaction() as session:
        session.scalars(db_rules()).one().values = {"limit_total": 0}
        item = factories.create_item(session, province.branch)
        lan = factories.create_patron(session, province.branch, "Nguyễn Thị Lan")
        session.add(
            BlockNote(patron_id=lan.id, acts=["borrow"], text="Nợ sách trường", author_id=99)
        )
        card = factories.card_of(session, lan)
    send(clerk, line(1, "check_out", a_pass(clerk), item=item.barcode, card=card))
    page = clerk.get(BASE).get_data(as_text=True)
    assert "quầy không được vượt" in page
    assert "Nợ sách trường" in page
    assert 'data-hotkey="Alt+1"' in page
    with db.reading() as session:
        line_id = session.query(OfflineLine).one().id
    settled = clerk.post(f"{BASE}{line_id}", data={"how": "ok"}, follow_redirects=True)
    assert "Không có gì cần xem" in settled.get_data(as_text=True)
    assert "Cán bộ clerk" in clerk.get(BASE + "?state=settled").get_data(as_text=True)
    sheet = clerk.get(BASE + "lines.xlsx?state=all")
    assert sheet.data[:2] == b"PK"


def test_the_shell_shows_nobody(clerk: Any, province: Any) -> None:
    with db.transaction() as session:
        item = factories.create_item(session, province.branch)
        lan = factories.create_patron(session, province.branch, "Nguyễn Thị Lan")
    clerk.post("/staff/desk/scan", data={"scan": item.barcode, "patron": lan.id, "key": "k1"})
    assert "Dế Mèn" in clerk.get("/staff/desk").get_data(as_text=True)
    shell = clerk.get("/staff/desk/shell").get_data(as_text=True)
    assert "Dế Mèn" not in shell
    assert "Nguyễn Thị Lan" not in shell


def test_the_worker_may_look_after_the_desk_and_nothing_above(clerk: Any) -> None:
    answer = clerk.get(BASE + "worker.js")
    assert answer.headers["Service-Worker-Allowed"] == "/staff/desk"
    assert answer.mimetype == "text/javascript"
    assert clerk.get(BASE + "manifest.json").get_json()["scope"] == "/staff/desk"


def db_rules() -> Any:
    from sqlalchemy import select

    return select(PolicyRow)
