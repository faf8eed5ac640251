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
