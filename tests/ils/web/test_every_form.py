"""Every box of every form judges what is typed into it, whatever it is: none breaks."""

from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug.datastructures import MultiDict
from wtforms import SelectField, SelectMultipleField

from ils.web.forms import Form

TYPED = ["", "12", "mai@example.vn", "không phải", "https://example.vn/", "1/6/2026"]


def boxes_of(form: type[Form]) -> Iterator[tuple[str, Any]]:
    """Yield name and field of each box a form class names itself, choices aside."""
    for name in dir(form):
        box = getattr(form, name)
        kind = getattr(box, "field_class", None)
        if kind and not issubclass(kind, SelectField | SelectMultipleField):
            yield name, box


def below(form: type[Form]) -> Iterator[type[Form]]:
    for one in form.__subclasses__():
        yield one
        yield from below(one)


@pytest.mark.parametrize("typed", TYPED)
def test_every_box_judges_what_is_typed(app: Any, typed: str) -> None:
    judged = 0
    with app.test_request_context("/", method="POST"):
        for form in sorted(set(below(Form)), key=lambda one: one.__qualname__):
            for name, box in boxes_of(form):
                single = type("Single", (Form,), {name: box})
                single(formdata=MultiDict({name: typed}), meta={"csrf": False}).validate()
                judged += 1
    assert judged > 100


def test_an_address_of_a_registration_is_one_or_is_told(app: Any) -> None:
    from opac.registration_views import RegistrationForm

    with app.test_request_context("/", method="POST"):
        for typed, fine in [("mai@example.vn", True), ("mai@", False), ("mai example.vn", False)]:
            form = RegistrationForm(formdata=MultiDict({"email": typed}), meta={"csrf": False})
            assert form.email.validate(form) is fine
