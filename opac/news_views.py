"""Staff pages on which the news of a library are written."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, StringField, TextAreaField
from wtforms.validators import Length

from ils.core import clock
from ils.core.db import reading, transaction
from ils.org.units import version_on
from ils.web.door import current_actor, door
from ils.web.forms import DayField, Form, Required
from ils.web.pages import Page, page_number
from opac import news
from opac.markup import rendered
from opac.site import site_of_library

bp = Blueprint("news", __name__, url_prefix="/staff/news", template_folder="templates")

SIZE = 30


class PostForm(Form):
    """A piece of news."""

    title = StringField(_l("Title"), [Required(), Length(max=200)])
    summary = TextAreaField(
        _l("Summary"),
        [Length(max=500)],
        description=_l("One or two sentences for the first page. Empty: the text's beginning."),
    )
    text = TextAreaField(
        _l("Text"),
        [Length(max=60000)],
        description=_l(
            "An empty line begins a new paragraph. ## Heading, - list, **bold**, *italic*,"
            " [words](https://address)."
        ),
    )
    published_on = DayField(
        _l("Shown from"), description=_l("A later day publishes by itself. Empty: a draft.")
    )
    hidden = BooleanField(_l("Hide it from readers"))


@bp.get("/")
@door(news.EDIT)
def posts() -> Any:
    """List the news of the library worked at."""
    actor, number = current_actor(), page_number(request.args.get("page"))
    with reading() as session:
        shown = Page(number, SIZE, news.count_for_staff(session, actor))
        rows = news.posts_for_staff(session, actor, limit=SIZE, offset=shown.offset)
        name = version_on(session, actor.library_id).name if actor.library_id else ""
        site = site_of_library(session, actor.library_id) if actor.library_id else None
    return render_template(
        "opac/news_posts.html", rows=rows, page=shown, name=name, today=clock.today(), site=site
    )


@bp.route("/new", methods=["GET", "POST"])
@door(news.EDIT)
def new() -> Any:
    """Write a new piece of news."""
    form = PostForm()
    if request.method == "GET":
        form.published_on.data = clock.today()
    return _edit(form, None)


@bp.route("/<int:post_id>", methods=["GET", "POST"])
@door(news.EDIT)
def edit(post_id: int) -> Any:
    """Change a piece of news."""
    with reading() as session:
        post = news.post_for_staff(session, current_actor(), post_id)
    return _edit(PostForm(obj=post), post_id)


def _edit(form: PostForm, post_id: int | None) -> Any:
    preview = None
    if form.validate_on_submit():
        if request.form.get("act") == "preview":
            preview = rendered(form.text.data or "")
        else:
            _save(form, post_id)
            flash(_("The news was saved."), "ok")
            return redirect(url_for("news.posts"))
    status = 422 if form.errors else 200
    return (
        render_template("opac/news_edit.html", form=form, post_id=post_id, preview=preview),
        status,
    )


def _save(form: PostForm, post_id: int | None) -> None:
    draft = news.Draft(
        title=form.title.data or "",
        summary=form.summary.data or "",
        text=form.text.data or "",
        published_on=form.published_on.data,
        hidden=bool(form.hidden.data),
    )
    with transaction() as session:
        post = news.post_for_staff(session, current_actor(), post_id) if post_id else None
        news.write_post(session, current_actor(), draft, post)
