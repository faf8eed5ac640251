"""The page of settings: every wrong value is named, and nothing typed is lost."""

from typing import Any

from ils.core import db
from ils.org.settings import units_with_value
from tests import factories

PAGE = "/staff/admin/settings"


def own(key: str) -> dict[int, Any]:
    with db.reading() as session:
        return units_with_value(session, key)


def typed(**values: str) -> dict[str, str]:
    """What a form holds: ``notices__calls="5"`` sets a value here."""
    keys = {name.replace("__", "."): value for name, value in values.items()}
    return keys | {f"own:{key}": "on" for key in keys}


def test_all_that_cannot_be_is_named_at_once_and_kept_in_its_box(
    staff_client: Any, province: factories.Province
) -> None:
    head = staff_client("head", province.library)
    wrong = typed(
        notices__overdue_steps="3, mười",
        notices__calls="99",
        notices__card_days="sớm",
        notices__keep_days="200",
    )
    refused = head.post(PAGE, data=wrong)
    assert refused.status_code == 422
    for kept in ("3, mười", "99", "sớm", "200"):
        assert f'value="{kept}"' in refused.text
    assert refused.text.count('aria-invalid="true"') == 3
    assert "“3, mười”" in refused.text
    assert own("notices.keep_days") == {}
    right = wrong | typed(
        notices__overdue_steps="3, 9", notices__calls="2", notices__card_days="20"
    )
    assert head.post(PAGE, data=right).status_code == 302
    assert own("notices.overdue_steps") == {province.library.id: "3, 9"}


def test_hours_that_leave_no_hour_are_named(
    staff_client: Any, province: factories.Province
) -> None:
    head = staff_client("head", province.library)
    assert head.post(PAGE, data=typed(notices__to_hour="8")).status_code == 422
    assert head.post(PAGE, data=typed(notices__from_hour="21")).status_code == 422
    both = typed(notices__from_hour="6", notices__to_hour="8")
    assert head.post(PAGE, data=both).status_code == 302
    assert own("notices.to_hour") == {province.library.id: 8}


def test_a_value_typed_without_the_tick_is_not_dropped_in_silence(
    staff_client: Any, province: factories.Province
) -> None:
    head = staff_client("head", province.library)
    loose = {"notices.calls": "7", "shown": "notices.calls"}
    refused = head.post(PAGE, data=loose)
    assert refused.status_code == 422
    assert 'value="7"' in refused.text
    unticked = head.post(PAGE, data={"shown": "notices.email"})  # an empty box of an inherited yes
    assert unticked.status_code == 422
