"""A cataloger merges two records of one book and takes it back, by what the pages offer."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from cataloging.duplicates import finding
from cataloging.marc.model import data_field
from ils.core.db import transaction
from ils.core.jobs import Job
from tests.factories import (
    PASSWORD,
    Province,
    create_actor,
    create_item,
    create_record,
    create_staff_account,
)
from tests.live import PHONE, WIDE, Server, axe, overflow, sign_in_staff

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_two_records_of_one_book_are_made_one_and_taken_apart(
    page: Any, live_server: Server, province: Province
) -> None:
    with transaction() as session:
        kept = create_record(session, "Số đỏ")
        summary = data_field("520", " ", " ", ("a", "Xuân Tóc Đỏ gặp vận may."))
        gone = create_record(session, "Số đỏ", fields=[summary])
        create_item(session, province.branch, gone)
        ids = kept.id, gone.id
        run = finding.begin(session, create_actor(session, "cataloguer", province.library))
        job = session.get_one(Job, run.job_id)
        job.status = "done"  # carried out below: the server's worker is to leave it alone
        username = create_staff_account(session, "cataloguer", province.library)
        run_id, job_id = run.id, job.id
    finding.find(finding.Progress(job_id), {"run_id": run_id})

    sign_in_staff(page, live_server, username, PASSWORD)
    page.goto(f"{live_server.url}/staff/duplicates/")
    expect(page.locator(".twins__one")).to_have_count(1)
    page.get_by_role("link", name="So sánh: Số đỏ").click()
    expect(page.get_by_text(f"Gộp đi: #{ids[1]}").first).to_be_visible()
    for width in (PHONE, WIDE):
        page.set_viewport_size(width)
        assert overflow(page) <= 0
    assert axe(page) == []
    theirs = page.get_by_label("Xuân Tóc Đỏ")
    expect(theirs).to_be_checked()
    page.get_by_role("button", name=f"Gộp vào #{ids[0]}").click()
    expect(page.get_by_text("Đã gộp thành một biểu ghi")).to_be_visible()
    expect(page.get_by_text("Xuân Tóc Đỏ gặp vận may.")).to_be_visible()
    expect(page.get_by_role("heading", name=re.compile(r"\(1\)"))).to_be_visible()

    page.goto(f"{live_server.url}/staff/catalog/{ids[1]}")
    expect(page).to_have_url(re.compile(rf"/staff/catalog/{ids[0]}$"))
    expect(page.get_by_text(f"Biểu ghi #{ids[1]} đã được gộp vào biểu ghi này.")).to_be_visible()
    page.get_by_role("link", name="Hoàn tác …").click()
    page.get_by_role("button", name="Hoàn tác").click()
    page.goto(f"{live_server.url}/staff/catalog/{ids[1]}")
    expect(page).to_have_url(re.compile(rf"/staff/catalog/{ids[1]}$"))
    expect(page.get_by_text("Xuân Tóc Đỏ gặp vận may.")).to_be_visible()
