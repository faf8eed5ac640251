"""The audit log: what is sensitive is written down, in words, and read by those it concerns."""

import ast
import io
from typing import Any

import openpyxl
import pytest

from ils.accounts.actor import system_actor
from ils.core import clock, db
from ils.core.audit import ACTS, SUBJECTS, audit
from tests.factories import Province, create_actor
from tests.test_architecture import MODULES

AUDIT = "/staff/admin/audit"
# Acts whose name is put together where they are written.
MADE_UP = {"deposit_in", "deposit_out", "deposit_to_debt"}


def constants(node: ast.AST) -> set[str]:
    """The names an argument may stand for."""
    if isinstance(node, ast.JoinedStr):
        return set()
    return {
        n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)
    }


def written() -> tuple[set[str], set[str]]:
    """The acts and the subjects that any module writes into the log."""
    acts, subjects = set(MADE_UP), set()
    for tree in MODULES.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "audit":
                acts |= constants(node.args[2])
                subjects |= constants(node.args[3])
    return acts, subjects


@pytest.mark.usefixtures("app")
def test_every_act_in_the_log_is_said_in_words() -> None:
    acts, subjects = written()
    assert len(acts) > 40
    assert acts - ACTS.keys() == set(), "name_acts(…) where the package declares itself"
    assert subjects - SUBJECTS.keys() == set(), "name_subjects(…) likewise"


@pytest.fixture
def entries(province: Province) -> None:
    with db.transaction() as session:
        here = create_actor(session, "head", province.branch, province.library)
        there = create_actor(session, "head", province.foreign_library)
        audit(session, here, "waived", "patron", 7, amount=15000, reason="=Hộ nghèo")
        audit(session, here, "override", "item", 8, reason="đi thi")
        audit(session, here, "item_withdrawn", "item", 4, reason="worn")
        audit(session, here, "role_granted", "staff", 2, role="clerk")
        audit(session, there, "waived", "patron", 9, reason="bí mật")
        audit(session, system_actor(), "staff_created", "staff", 3)
        session.flush()
        with clock.at(clock.at_local(clock.today().replace(year=2020, day=1), 9)):
            audit(session, here, "record_deleted", "record", 5)
            session.flush()


def rows(browser: Any, query: str = "") -> str:
    answer = browser.get(AUDIT + query)
    assert answer.status_code == 200
    return answer.get_data(as_text=True).partition("<tbody>")[2].partition("</tbody>")[0]


def test_a_head_reads_in_words_what_was_done_in_the_library(
    staff_client: Any, province: Province, entries: None
) -> None:
    seen = rows(staff_client("head", province.library))
    for words in (
        "Miễn khoản nợ",
        "bạn đọc 7",
        "lý do: =Hộ nghèo",
        "Vượt lời từ chối",
        "đi thi",
        "lý do: Rách nát",
    ):
        assert words in seen
    assert "bí mật" not in seen
    assert "tài khoản 3" not in seen  # what the command line did is for the province
    assert "tài khoản 3" in rows(staff_client("admin", province.top))
    assert staff_client("clerk", province.branch).get(AUDIT).status_code == 403


def test_the_log_is_narrowed_by_act_person_and_days(
    staff_client: Any, province: Province, entries: None
) -> None:
    browser = staff_client("head", province.library)
    assert "Miễn khoản nợ" not in rows(browser, "?act=override")
    assert "Vượt lời từ chối" in rows(browser, "?act=override")
    assert rows(browser, "?who=99999") == ""
    assert "Xóa biểu ghi" in rows(browser, "?last=31/12/2020")
    assert "Xóa biểu ghi" not in rows(browser, "?first=01/01/2021")
    assert "Xóa biểu ghi" in rows(browser, "?sort=when").partition("</tr>")[0]
    assert "Xóa biểu ghi" not in rows(browser).partition("</tr>")[0]


def test_the_log_is_taken_away_as_a_sheet_with_words_as_words(
    staff_client: Any, province: Province, entries: None
) -> None:
    answer = staff_client("head", province.library).get(f"{AUDIT}?act=waived&export=xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.data)).active
    lines = list(sheet.iter_rows(values_only=True))
    assert len(lines) == 2
    assert lines[1][3:] == ("Miễn khoản nợ", "bạn đọc 7", "số tiền: 15000; lý do: =Hộ nghèo")
