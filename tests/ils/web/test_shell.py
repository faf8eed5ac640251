"""The shell: static files, compression, error pages, the pattern page, sign-in, first run."""

import gzip
import re
from pathlib import Path
from typing import Any

import pytest

from ils.web.i18n import ROOT

GZIP = {"Accept-Encoding": "gzip"}


def test_pages_and_static_files_are_compressed_and_static_ones_kept(
    client: Any, province: Any
) -> None:
    page = client.get("/-/patterns", headers=GZIP)
    assert page.headers["Content-Encoding"] == "gzip"
    text = gzip.decompress(page.data).decode()
    sheet = re.search(r'href="(/static/ils\.css\?v=\w+)"', text)
    assert sheet
    answer = client.get(sheet[1], headers=GZIP)
    assert answer.headers["Content-Encoding"] == "gzip"
    assert "immutable" in answer.headers["Cache-Control"]
    assert b"@layer" in gzip.decompress(answer.data)
    plain = client.get(sheet[1])
    assert "Content-Encoding" not in plain.headers
    assert plain.data == gzip.decompress(answer.data)
    assert "Accept-Encoding" in plain.headers["Vary"]


def test_no_template_has_inline_style_or_script() -> None:
    wrong = []
    for package in ("ils", "cataloging", "circulation", "opac"):
        for file in (ROOT / package).rglob("templates/**/*.html"):
            text = re.sub(r"{#.*?#}", "", file.read_text("utf-8"), flags=re.DOTALL)
            script = re.search(r"<script(?![^>]*\bsrc=)(?![^>]*ld\+json)", text)
            if script or re.search(r"\sstyle=|<style|\son\w+=\"", text):
                wrong.append(str(file.relative_to(ROOT)))
    assert wrong == []


def test_stylesheets_name_every_color_once() -> None:
    """Colors are tokens; components use them by name."""
    wrong = []
    for file in ROOT.glob("*/static/*.css"):
        wrong += _raw_colors(file, file.read_text("utf-8"))
    sheet = (ROOT / "ils/web/static/ils.css").read_text("utf-8")
    wrong += _raw_colors(ROOT / "ils/web/static/ils.css", sheet.split("@layer base", 1)[1])
    assert wrong == []


def _raw_colors(file: Path, text: str) -> list[str]:
    text = text.split("@media print")[0]
    found = re.findall(r"#[0-9a-fA-F]{3,8}\b(?=[;\s,)])", text)
    return [f"{file.name}: {color}" for color in found if color != "#1b1511"]


@pytest.mark.parametrize(
    ("path", "status"), [("/khong/co", 404), ("/staff/khong-co", 404), ("/search/", 404)]
)
def test_a_missing_page_says_what_to_do(client: Any, province: Any, path: str, status: int) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    page = answer.get_data(as_text=True)
    assert "Về trang chủ" in page
    assert "404" in page


def test_a_fault_of_ours_is_admitted_and_shows_no_details(app: Any, province: Any) -> None:
    from ils.web.door import door

    def broken() -> str:
        raise ZeroDivisionError("a secret of the program")

    app.add_url_rule("/broken", "broken", door.public(broken))
    app.testing = False
    app.config["PROPAGATE_EXCEPTIONS"] = False
    answer = app.test_client().get("/broken")
    assert answer.status_code == 500
    assert "a secret" not in answer.get_data(as_text=True)


def test_the_pattern_page_shows_every_component(client: Any, province: Any) -> None:
    page = client.get("/-/patterns").get_data(as_text=True)
    for part in ("button--main", "chip--warn", "notice--bad", "table--stack", "progress__bar"):
        assert part in page


def test_an_empty_installation_leads_to_its_first_page(client: Any) -> None:
    assert client.get("/").headers["Location"] == "/first-run"
    answer = client.get("/first-run")
    assert answer.status_code == 200
    wrong = client.post("/first-run", data={"name": "Thư viện xã Hoa Sen"})
    assert "Thư viện xã Hoa Sen" in wrong.get_data(as_text=True)
    done = client.post(
        "/first-run",
        data={
            "name": "Thư viện xã Hoa Sen",
            "province": "Tỉnh Thử",
            "email": "thuvien@example.vn",
            "username": "quantri",
            "password": "hoa sen nở giữa hồ",
            "again": "hoa sen nở giữa hồ",
        },
    )
    assert done.headers["Location"].endswith("/staff/sign-in")
    assert "Thư viện xã Hoa Sen" in client.get("/thu-vien/").get_data(as_text=True)
    assert client.get("/first-run").status_code == 404


def test_the_menu_shows_only_what_one_may_open(province: Any, staff_client: Any) -> None:
    head = staff_client("head").get("/staff/news/").get_data(as_text=True)
    assert 'href="/staff/news/"' in head
    clerk = staff_client("clerk").get("/staff/unit").get_data(as_text=True)
    assert 'href="/staff/news/"' not in clerk
    assert 'aria-label="Danh mục"' in clerk
