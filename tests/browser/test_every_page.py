"""Every page there is, opened as those open it who may, at desk width and on a phone."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from circulation.registers.lists import LISTS
from circulation.rules.stock_take import GROUPS
from ils.web.door import declared_for
from tests.browser.conftest import Place, sign_in_patron
from tests.browser.furnish import Furnished, furnish
from tests.factories import PASSWORD
from tests.live import PHONE, WIDE, Server, axe, overflow, sign_in_staff

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("every_page")]

# Answers that are no page: fetched, and looked at only for being there.
FILES = re.compile(
    r"\.(svg|xml|txt|xlsx|pdf|json|jpg|js)$|^/(healthz|api/.*)$|/(progress|raw|rejected|title-code|snapshot|panel|suggest)$|/export/ris$|/search/export$"
)
# The first run is gone once there is a library and has its own story; a kept file is no page.
ELSEWHERE = {"ils.first_run", "files.show"}
ABOVE = {"reporting.province"}  # asks for the right at the province
MENU = "body > header, body > nav, dialog.keys"
# Pages that look different by what is asked of them.
MORE = {
    "acts.change": ["?q=so", "?run={act_run_id}"],
    "acts.show": ["?outcome=against"],
    "acts.delete": ["?q=so+do&year=2020"],
    "opac.search": ["?q=so+do", "?q=zzzz", "?q=k%C3%ADnh+v%E1%BA%A1n+hoa&view=x"],
    "opac_api.find": ["?q=so+do&facets=1"],
    "cataloging.find": ["?q=so+do"],
    "authorities.headings": ["?q=nam&sort=records", "?kind=subject"],
    "authorities.merge": ["?drop={heading_id}&q=a"],
    "duplicates.beside": ["?q=so+do"],
    "duplicates.compare": ["?record={record_id}&record={twin_record_id}"],
    "cataloging.show": ["?view=isbd", "?view=marc"],
    "cataloging.labels": ["?items={item_id}"],
    "editor.code_of_title": ["?title=abc"],
    "editor.new": ["?view=text", "?view=marc", "?view=form&material=hannom"],
    "editor.edit": ["?view=text", "?view=marc", "?view=form"],
    "money_accounts.show": ["?reverse=1"],
    "money_sales.sale": ["?patron={patron_id}&receipt={receipt_id}"],
    "money_books.running": ["?sort=-amount&costs=1"],
    "desk.page": [
        "?patron={patron_id}",
        "?mode=checkin",
        "?mode=drop&drop={drop_id}",
        "?mode=room",
        "?group=class:6A@THCS+Sen",
        "?group=family:{parent_id}&patron={parent_id}",
    ],
    "notices.home": ["?state=planned&sort=-patron", "?what=overdue&channel=letter"],
    "notices.texts": ["?what=message&language=en"],
    "offline.lines": ["?state=conflict", "?state=all&sort=-when"],
    "patrons.find": ["?q=lan"],
    "patrons.print_page": ["?all=1"],
    "patrons.renewals": ["?category=adult"],
    "patrons.photo_zip": ["?class=@6A"],
    "patrons.merge": ["?other={twin_id}"],
    "rotation.boxes": ["?which=all&sort=-point", "?which=late", "?which=owed"],
    "rotation_papers.minutes": ["?back=1&size=a5"],
    "rotation_papers.missing": ["?arrival=1"],
    "rulebook.matrix": ["?unit={unit_id}&field=penalty", "?unit={unit_id}&field=borrow_stopped_by"],
    "rulebook.explain": ["?card={card}&barcode={barcode}", "?card=x&barcode=y"],
    "policies.row": ["?unit={unit_id}&item_type=comic&category=child"],
    "reporting.paper": ["?columns=year"],
    "reporting.province": ["?submitted=1"],
    "opac.suggest": ["?title=De+Men"],
    "orders.orders": ["?state=late", "?state=&sort=-supplier"],
    "serials.new": ["?record={record_id}", "?q=so"],
    "serials.titles": ["?state=all&sort=-title"],
    "weeding.show": ["?rule=unused&years=0"],
    "imports.result": ["?outcome=rejected"],
}


WITH_FORM = (
    *("losses.taken_away", "notices.taken_away", "notices.calls_taken"),
    "money_waivers.book_file",
)


@pytest.fixture(scope="module")
def furnished(place: Place) -> Furnished:
    return furnish(place)


@pytest.fixture(scope="module")
def server(furnished: Furnished, serve: Callable[[], Server]) -> Server:
    return serve()


def addresses(place: Place, furnished: Furnished, who: str, begins: str = "") -> Iterator[str]:
    """Yield the addresses of every GET endpoint that one of ``who`` may open and opens first."""
    for rule in place.app.url_map.iter_rules():
        door = declared_for(place.app, rule.endpoint)
        skipped = rule.endpoint in ELSEWHERE or rule.endpoint.endswith("static")
        if skipped or "GET" not in rule.methods or door is None:
            continue
        opened_by = door.who
        if door.who == "staff":
            may = door.permission is None or furnished.actors["head"].can_somewhere(door.permission)
            opened_by = "head" if may and rule.endpoint not in ABOVE else "admin"
        if opened_by != who or not rule.rule.startswith(begins):
            continue
        for words in worded(rule.endpoint, furnished.words):
            path = re.sub(r"<(?:[^:>]+:)?(\w+)>", lambda m, w=words: str(w[m[1]]), rule.rule)
            yield path
            yield from (path + query.format(**words) for query in MORE.get(rule.endpoint, []))


def worded(endpoint: str, words: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what stands for the words of an endpoint's address, once for each state shown."""
    if endpoint.startswith("registers."):
        return [words | {"which": code} for code in LISTS]
    if endpoint in ("stocktaking.show", "stocktaking.count"):
        return [words | {"take_id": take} for take in words["take_ids"]]
    if endpoint.startswith("stocktaking."):
        return [words | {"take_id": words["take_ids"][2], "group": g} for g in GROUPS[5:]]
    if endpoint == "point_page.show":
        return [words | {"token": words["point_token"]}]
    if endpoint.startswith("rotation"):
        states = {"rotation.choose": slice(0, 1), "rotation.move": slice(1, 2)}
        return [words | {"box_id": box} for box in words["box_ids"][states.get(endpoint, slice(4))]]
    if endpoint.startswith("suggestions."):
        return [words | {"suggestion_id": one} for one in words["suggestion_ids"]]
    if endpoint.startswith("orders."):
        return [words | {"order_id": one} for one in words["order_ids"]]
    if endpoint.startswith("central."):
        return [words | {"purchase_id": one} for one in words["purchase_ids"]]
    if endpoint.startswith("weeding"):
        shown = words["weeding_ids"][1 if endpoint == "weeding_papers.disposal" else 0 :]
        return [words | {"weeding_id": one} for one in shown]
    if endpoint.startswith("stock_books"):
        shown = words["books"][: 1 if endpoint == "stock_books.pages" else None]
        return [words | {"book": book} for book in shown]
    if endpoint.startswith("stockbook"):
        shown = words["voucher_ids"][1:] if endpoint == "stockbook.head" else words["voucher_ids"]
        return [words | {"voucher_id": one} for one in shown]
    if endpoint in WITH_FORM:
        return [words | {"form": form} for form in ("xlsx", "pdf")]
    if endpoint in ("patrons.run", "patrons.run_progress", "patrons.run_wrong"):
        return [words | {"batch_id": one} for one in words["many_ids"]]
    if endpoint == "acts.show":
        return [words | {"act_run_id": one} for one in words["act_run_ids"]]
    if endpoint == "papers.test_page":
        return [words | {"code": "3x8"}]
    if endpoint in ("quality.fault", "quality.fault_sheet", "quality.many"):
        return [words | {"code": "inverted"}]
    if endpoint == "editor.form_of":
        return [words | {"code": "serial"}]
    if endpoint == "imports.show":
        return [words | {"run_id": run} for run in words["run_ids"]]
    if endpoint == "imports.wrong":
        return [words | {"run_id": words["sheet_run"]}]
    if endpoint == "imports.result":
        return [words, words | {"run_id": words["sheet_run"]}]
    if endpoint == "imports.line":
        return [words | {"number": line} for line in words["lines"]]
    if endpoint == "imports.raw_file":
        return [words | {"number": words["rejected"]}]
    return [words]


def looked_at(page: Any, server: Server, paths: Iterator[str]) -> list[str]:
    """Open each address; return what is wrong with any of them.

    The menu is the same on all pages of one part: it is looked at on the first of them.
    """
    wrong, seen, parts = [], 0, set()
    looks: dict[int, set[str]] = {WIDE["width"]: set(), PHONE["width"]: set()}
    for path in paths:
        seen += 1
        if FILES.search(path.partition("?")[0]):
            answer = page.request.get(server.url + path)
            if answer.status != 200 or not answer.body():
                wrong.append(f"{path}: answers {answer.status}")
            continue
        page.set_viewport_size(WIDE)
        answer = page.goto(server.url + path)
        if answer.status != 200:
            wrong.append(f"{path}: answers {answer.status}")
        part = re.split(r"[/?]", path)[1:3]
        menu_seen = MENU if tuple(part) in parts else ""
        parts.add(tuple(part))
        for viewport in (WIDE, PHONE):
            page.set_viewport_size(viewport)
            width = viewport["width"]
            wrong += [f"{path} at {width}: {line}" for line in axe(page, menu_seen, looks[width])]
            if overflow(page):
                wrong.append(f"{path} at {width}: {overflow(page)} pixels too wide")
    assert seen > 3
    return wrong


@pytest.mark.parametrize("begins", ["/", "/<site"], ids=["province", "library"])
def test_everybodys_pages(
    page: Any, server: Server, place: Place, furnished: Furnished, begins: str
) -> None:
    paths = addresses(place, furnished, "public", begins)
    if begins == "/":
        paths = (p for p in paths if not p.startswith(f"/{furnished.words['slug']}/"))
    assert looked_at(page, server, paths) == []


def test_the_patrons_pages(page: Any, server: Server, place: Place, furnished: Furnished) -> None:
    page.goto(f"{server.url}/account/sign-in")
    sign_in_patron(page, furnished.card, PASSWORD)
    assert looked_at(page, server, addresses(place, furnished, "patron")) == []


@pytest.mark.parametrize("part", ["catalog", "imports", "reports", "others"])
def test_the_staffs_pages(
    page: Any, server: Server, place: Place, furnished: Furnished, part: str
) -> None:
    sign_in_staff(page, server, furnished.head, PASSWORD)
    paths = addresses(place, furnished, "head")
    own = ("/staff/catalog", "/staff/imports", "/staff/reports")
    if part == "others":  # what lies on the shelves of a branch is listed there
        page.goto(f"{server.url}/staff/unit")
        page.click(f"button[name=unit_id][value='{place.province.branch.id}']")
        page.wait_for_url(lambda url: not url.endswith("/staff/unit"))
        paths = (p for p in paths if not p.startswith(own))
    else:
        paths = (p for p in paths if p.startswith(f"/staff/{part}"))
    assert looked_at(page, server, paths) == []


def test_the_administrators_pages(
    page: Any, server: Server, place: Place, furnished: Furnished
) -> None:
    sign_in_staff(page, server, furnished.admin, PASSWORD)
    paths = list(addresses(place, furnished, "admin"))
    paths += ["/staff/reports/figures", "/staff/reports/monthly", "/staff/admin/"]
    paths.append(f"/staff/reports/monthly/{furnished.words['report_id']}")
    assert looked_at(page, server, iter(paths)) == []


def test_no_endpoint_is_left_out(place: Place, furnished: Furnished) -> None:
    found = [addresses(place, furnished, w) for w in ("public", "patron", "head", "admin")]
    everything = {path.partition("?")[0] for paths in found for path in paths}
    assert len(everything) > 90


# What nobody's link says, but anybody may type: numbers no column holds, days that are none.
STRAY = (
    "page=99999999999999999999&year=99999999999999999999&unit=x&sort=-title&q=%00(%22*&form=x"
    "&library=99999999999999999999&available=1&endpoint=y&_scheme=javascript&self=1&record=99999999999999999999&drop=99999999999999999999",
    "page=-1&year=abc&month=2026-13&since=31/02/2026&until=1/1/1&day=x&first=2026-02-31&last=0"
    "&branch=99999999999999999999&library=x&kind=%F0%9F%98%80&state=[]&which=none&items=1,x"
    "&patron=99999999999999999999&ids=x&which=named&records=99999999999999999999&number=-1",
)


@pytest.mark.parametrize("who", ["public", "patron", "head", "admin"])
def test_no_page_fails_at_what_its_address_says(
    place: Place, furnished: Furnished, who: str
) -> None:
    visitor = place.app.test_client()
    if who == "patron":
        signed_in = {"card": furnished.card, "password": PASSWORD}
        assert visitor.post("/account/sign-in", data=signed_in).status_code == 302
    elif who != "public":
        known = {"head": furnished.head, "admin": furnished.admin}[who]
        signed_in = {"username": known, "password": PASSWORD}
        assert visitor.post("/staff/sign-in", data=signed_in).status_code == 302
    for path in addresses(place, furnished, who):
        for words in STRAY:
            answer = visitor.get(f"{path}{'&' if '?' in path else '?'}{words}")
            assert answer.status_code < 500, (path, words)
