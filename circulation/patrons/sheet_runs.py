"""Bringing in a long list of patrons: the worker's job, in short transactions with the desks between.

How far it is is written with each part, so that after a stop it goes on behind the last one and
nobody comes twice. The rows that were not taken lie beside the list, under its token, and go with it.
"""

from collections.abc import Mapping
from typing import Any

import orjson
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from circulation.patrons.batch_runs import ATTEMPTS
from circulation.patrons.patrons import EDIT
from circulation.patrons.spreadsheet import Outcome, Sheet, read_sheet, take_patrons
from circulation.patrons.uploads import kept_upload, name_of, upload_file
from ils.accounts.actor import Actor, actor_of_job
from ils.core.db import transaction
from ils.core.errors import IlsError, Invalid, NotFound
from ils.core.jobs import Job, Progress, breathe, enqueue, has_stopped, job_kind
from ils.org.units import library_of

ROWS = 16  # in one transaction
KIND = "patron_sheet"
WRONG = ".wrong.jsonl"


def begin_list(
    session: Session,
    actor: Actor,
    token: str,
    columns: Mapping[str, int],
    *,
    branch_id: int,
    category: str,
    consent: bool,
) -> Job:
    """Let the worker register the patrons of a list that was sent."""
    actor.require(EDIT)
    library_of(session, branch_id)
    plan: dict[str, Any] = {"branch_id": branch_id, "category": category, "consent": consent}
    plan |= {"done": 0, "added": 0, "known": 0}
    return enqueue(session, actor, KIND, token=token, columns=dict(columns), **plan)


def list_job(session: Session, token: str, job_id: int) -> Job:
    """Return the job of a list. Raises ``NotFound`` for another one's."""
    job = session.get(Job, job_id)
    if job is None or job.kind != KIND or job.args["token"] != token:
        raise NotFound("upload_unknown")
    return job


def go_on_with_list(session: Session, actor: Actor, token: str, job_id: int) -> Job:
    """Go on with a list that was stopped, behind the last row that was done."""
    actor.require(EDIT)
    job = list_job(session, token, job_id)
    if not has_stopped(job):
        return job
    return enqueue(session, actor, KIND, **job.args)


def wrong_of(token: str) -> list[tuple[int, IlsError]]:
    """Return the rows of a list that were not taken, by number from 1, with the reason."""
    file = upload_file(token).with_suffix(WRONG)
    lines = file.read_bytes().splitlines() if file.is_file() else []
    told = {number: Invalid(code, **facts) for number, code, facts in map(orjson.loads, lines)}
    return sorted(told.items())


@job_kind(KIND)
def take_list(progress: Progress, args: dict[str, Any]) -> dict[str, Any]:
    """Register the patrons of a list, some rows at a time."""
    token = args["token"]
    sheet = read_sheet(kept_upload(token).read_bytes(), name_of(token))
    if not args["done"]:
        for old in (WRONG, ".wrong.xlsx"):
            upload_file(token).with_suffix(old).unlink(missing_ok=True)
    while args["done"] < len(sheet.rows):
        args = _part(progress.job_id, args, sheet)
        progress.tell(args["done"], len(sheet.rows))
        breathe()
    return {"added": args["added"], "known": args["known"]}


def _part(job_id: int, args: dict[str, Any], sheet: Sheet) -> dict[str, Any]:
    """Take the next rows; how far the list is stands in the job, written with them."""
    at = args["done"]
    part = Sheet(sheet.headers, sheet.rows[at : at + ROWS])
    facts = {box: args[box] for box in ("branch_id", "category", "consent")}
    for left in reversed(range(ATTEMPTS)):
        try:
            with transaction() as session:
                actor = actor_of_job(session, job_id)
                came = take_patrons(session, actor, part, args["columns"], first=at + 1, **facts)
                counts = {
                    "done": at + len(part.rows),
                    "added": args["added"] + came.added,
                    "known": args["known"] + came.known,
                }
                session.get_one(Job, job_id).args = {**args, **counts}
                _keep_wrong(args["token"], came)
            return {**args, **counts}
        except (IntegrityError, OperationalError):  # a desk took a number, or kept the lock
            if not left:
                raise
    raise AssertionError("the last attempt raises")


def _keep_wrong(token: str, came: Outcome) -> None:
    """Write down the rows not taken; one that is written twice after a stop counts once."""
    if came.wrong:
        with upload_file(token).with_suffix(WRONG).open("ab") as file:
            for number, _row, error in came.wrong:
                file.write(orjson.dumps([number, error.code, error.facts], default=str) + b"\n")
