"""A long list of patrons: taken by the worker in parts, stopped, taken again."""

import io

import openpyxl
import pytest
from sqlalchemy import func, select

from circulation.patrons.models import Patron
from ils.core.db import reading
from ils.core.jobs import run_next_job

HOME = "/staff/patrons/import"
LIST = "Họ và tên,Năm sinh\nTrần An,1980\nLê Bình,1981\nSai ngày,32/13/1990\nVõ Cúc,1982\n,1983\n"


@pytest.fixture(autouse=True)
def short_parts(monkeypatch):
    monkeypatch.setattr("circulation.patrons.spreadsheet_views.AT_ONCE", 2)
    monkeypatch.setattr("circulation.patrons.sheet_runs.ROWS", 2)


@pytest.fixture
def clerk(staff_client, province):
    return staff_client("clerk", province.branch)


def sent(clerk, province):
    """Send the list and ask for it to be taken; return the page of its columns, and of the job."""
    file = (io.BytesIO(LIST.encode()), "ds.csv")
    columns = clerk.post(HOME, data={"file": file}).location
    return columns, asked(clerk, province, columns)


def asked(clerk, province, columns):
    form = {"column_0": "name", "column_1": "born", "take": "1", "category": "adult"}
    return clerk.post(columns, data=form | {"branch_id": province.branch.id}).location


def patrons():
    with reading() as session:
        return session.scalar(select(func.count()).select_from(Patron))


def test_the_worker_takes_it_in_parts_and_gives_back_what_is_wrong(clerk, province):
    columns, job = sent(clerk, province)
    assert "Đang chờ đến lượt" in clerk.get(job).text
    assert patrons() == 0
    assert run_next_job()
    assert patrons() == 3
    told = clerk.get(job).text
    assert "Đã đăng ký 3 bạn đọc, 0 đã có từ trước, 2 dòng không nhận." in told
    assert "Dòng 3:" in told  # counted through all parts
    sheet = openpyxl.load_workbook(io.BytesIO(clerk.get(f"{columns}/wrong.xlsx").data)).active
    assert [row[0] for row in sheet.iter_rows(min_row=2, values_only=True)] == ["Sai ngày", None]


def test_a_list_whose_worker_was_killed_goes_on_behind_its_last_part(clerk, province, monkeypatch):
    _columns, job = sent(clerk, province)

    def killed() -> None:
        raise RuntimeError("the power is gone")

    with monkeypatch.context() as patched:
        patched.setattr("circulation.patrons.sheet_runs.breathe", killed)
        run_next_job()
    assert patrons() == 2
    assert "Đã dừng ở 2/5" in clerk.get(job).text
    on = clerk.post(job, data={"go_on": "1"}).location
    run_next_job()
    assert "Đã đăng ký 3 bạn đọc, 0 đã có từ trước, 2 dòng" in clerk.get(on).text
    assert patrons() == 3


def test_it_can_be_stopped_and_another_list_is_not_its_own(clerk, province):
    columns, job = sent(clerk, province)
    clerk.post(job, data={"stop": "1"})
    assert not run_next_job()
    assert "Đã dừng" in clerk.get(job).text
    assert patrons() == 0
    other, _job = sent(clerk, province)
    assert clerk.get(f"{other}?{job.partition('?')[2]}").status_code == 404
    assert clerk.get(f"{columns}?job=99").status_code == 404
