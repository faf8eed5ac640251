"""Trying an import out: the same counts as the import itself, and nothing is stored."""

import time
from typing import Any, Final

from sqlalchemy.orm import Session

from cataloging.imports.runs import FORMATS, run_for, unready
from cataloging.imports.sheets.staging import stage
from cataloging.imports.work import Known, Tally, proceed
from cataloging.models import ImportRun
from ils.accounts.actor import Actor, actor_of_job
from ils.core.db import reading
from ils.core.errors import Refused
from ils.core.jobs import Job, Progress, enqueue, job_kind

KIND: Final = "try_import"
TOLD_EVERY: Final = 0.4  # seconds


def try_out(session: Session, actor: Actor, run_id: int) -> Job:
    """Queue a trial of a run that has not begun; what came of it is the job's result.

    Raises ``Refused('import_begun')`` once it has begun, ``import_format_unknown`` for a file that
    nobody can read.
    """
    run = run_for(session, actor, run_id, lock=True)
    if run.status != "new":
        raise Refused("import_begun", run_id=run_id)
    if run.format not in FORMATS:
        raise Refused("import_format_unknown", run_id=run_id)
    if code := unready(run):
        raise Refused(code, run_id=run_id)
    job = enqueue(session, actor, KIND, run_id=run.id)
    job.total = run.size
    run.job_id = job.id
    return job


@job_kind(KIND)
def try_import(progress: Progress, args: dict[str, Any]) -> dict[str, Any]:
    """Go through a whole file as an import would and count what would come of it."""
    run_id = int(args["run_id"])
    stage(run_id)
    with reading() as session:
        actor = actor_of_job(session, progress.job_id)
        total = session.get_one(ImportRun, run_id).size
    told = 0.0

    def tell(tally: Tally, _known: Known) -> None:
        nonlocal told
        if time.monotonic() - told > TOLD_EVERY:
            told = time.monotonic()
            progress.tell(min(tally.position, total), total)

    tally = proceed(run_id, actor, tell, dry=True)
    return {
        "found": tally.found,
        "stored": tally.stored,
        "matched": tally.matched,
        "rejected": tally.rejected,
        "items_added": tally.items_added,
        "repairs": dict(tally.repairs),
        "reasons": dict(tally.reasons),
    }
