"""Every endpoint declares who may enter; what declares nothing is refused."""

from typing import Any

from ils.web.door import declared_for


def test_every_endpoint_declares_who_may_enter(app: Any) -> None:
    silent = [
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if declared_for(app, rule.endpoint) is None
    ]
    assert silent == []


def test_an_undeclared_endpoint_is_refused(app: Any, province: Any) -> None:
    app.add_url_rule("/silent", "silent", lambda: "secret")
    answer = app.test_client().get("/silent")
    assert answer.status_code == 403
    assert b"secret" not in answer.data


def test_staff_pages_lead_strangers_to_the_sign_in(app: Any, province: Any) -> None:
    stranger = app.test_client()
    for rule in app.url_map.iter_rules():
        declared = declared_for(app, rule.endpoint)
        if (
            declared is None
            or declared.who != "staff"
            or rule.arguments
            or "GET" not in rule.methods
        ):
            continue
        answer = stranger.get(str(rule))
        assert answer.status_code in (302, 401), rule
        if answer.status_code == 302:
            assert "/staff/sign-in" in answer.headers["Location"]


def test_staff_pages_name_no_object_of_another_library(
    app: Any, province: Any, staff_client: Any
) -> None:
    """Ask every staff address that takes a number for an object of the foreign library."""
    from ils.core import db
    from tests import factories

    with db.transaction() as session:
        patron = factories.create_patron(session, province.foreign_branch, "Người Xa Lạ")
    browser = staff_client("clerk", province.library)
    asked = 0
    for rule in app.url_map.iter_rules():
        declared = declared_for(app, rule.endpoint)
        if declared is None or declared.who != "staff" or rule.arguments != {"patron_id"}:
            continue
        url = (
            app.url_map.bind("localhost").build(rule.endpoint, {"patron_id": patron.id}, "GET")
            if "GET" in rule.methods
            else str(rule).replace("<int:patron_id>", str(patron.id))
        )
        answer = (
            browser.get(url) if "GET" in rule.methods else browser.post(url, data={"act": "renew"})
        )
        asked += 1
        assert answer.status_code in (302, 403, 404), (rule, answer.status_code)
        assert (
            "Người Xa Lạ" not in browser.get(url).get_data(as_text=True)
            if "GET" in rule.methods
            else True
        )
    assert asked >= 4
