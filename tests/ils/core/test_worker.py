"""The worker's threads work inside the application: what a job writes is in the reader's language."""

from typing import Any

import pytest
from flask_babel import force_locale, gettext

from ils.core import jobs
from ils.core.worker import Worker


def test_a_job_speaks_the_language_it_is_told_to(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    running = Worker(around=app.app_context)
    said = [gettext("Also on loan:")]  # this thread has no application

    def job() -> bool:
        said.append(gettext("Also on loan:"))
        with force_locale("en"):
            said.append(gettext("Also on loan:"))
        running.stop()
        return True

    monkeypatch.setattr(jobs, "run_due_periodic", lambda: 0)
    monkeypatch.setattr(jobs, "run_next_job", job)
    running.run()
    assert said == ["Also on loan:", "Đang mượn từ trước:", "Also on loan:"]
