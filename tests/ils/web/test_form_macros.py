"""Form fields as the macros draw them."""

from typing import Any

import pytest
from flask import render_template_string
from wtforms import (
    BooleanField,
    FileField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    widgets,
)

from ils.web.forms import DayField, DongField, Form, Required, choices

PAGE = """{% from "ils/macros/form.html" import field, form_errors %}{{ form_errors(form) }}
{{ field(form[name], help=help) }}"""


class EveryField(Form):
    name = StringField("Họ tên", [Required()], description="Họ trước, tên sau")
    note = TextAreaField("Ghi chú")
    password = PasswordField("Mật khẩu")
    consent = BooleanField("Đồng ý")
    category = SelectField("Đối tượng", choices=choices([("a", "Người lớn"), ("c", "Thiếu nhi")]))
    sex = RadioField("Giới", choices=choices([("f", "Nữ"), ("m", "Nam")]))
    acts = SelectMultipleField(
        "Việc",
        choices=choices([("borrow", "Mượn")]),
        widget=widgets.ListWidget(prefix_label=False),
        option_widget=widgets.CheckboxInput(),
    )
    born_on = DayField("Ngày sinh")
    price = DongField("Giá")
    sheet = FileField("Tệp")


def drawn(app: Any, name: str, data: dict[str, str] | None = None, help_: str = "") -> str:
    with app.test_request_context(method="POST" if data is not None else "GET", data=data or {}):
        form = EveryField()
        if data is not None:
            form.validate()
        return render_template_string(PAGE, form=form, name=name, help=help_)


@pytest.mark.parametrize("name", ["name", "note", "password", "category", "born_on", "price"])
def test_every_box_has_its_label(app: Any, name: str) -> None:
    page = drawn(app, name)
    assert f'<label class="field__label" for="{name}">' in page
    assert f'id="{name}"' in page


def test_a_pick_list_is_one_box(app: Any) -> None:
    page = drawn(app, "category")
    assert page.count("<select") == 1
    assert page.count("<option") == 2
    assert "fieldset" not in page


@pytest.mark.parametrize(("name", "kind"), [("sex", "radio"), ("acts", "checkbox")])
def test_choices_are_a_group_with_a_legend(app: Any, name: str, kind: str) -> None:
    page = drawn(app, name)
    assert "<legend" in page
    assert f'type="{kind}"' in page


def test_a_wrong_box_keeps_its_text_and_names_its_error(app: Any) -> None:
    page = drawn(app, "born_on", {"born_on": "32/13", "name": "x"})
    assert 'value="32/13"' in page
    assert 'aria-invalid="true"' in page
    assert 'aria-describedby="born_on-error"' in page
    assert '<a href="#born_on">Ngày sinh</a>' in page


def test_required_is_said_in_words_and_help_is_tied_to_the_box(app: Any) -> None:
    page = drawn(app, "name")
    assert "(bắt buộc)" in page
    assert 'aria-describedby="name-help"' in page
    assert "Họ trước, tên sau" in page
