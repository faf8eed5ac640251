"""What gunicorn calls by name: the application is loaded once and its web processes part from it.

Nothing else may stand here: every name of this module may be taken for a setting of gunicorn.
"""

from typing import Any

from ils.core.db import disconnect
from ils.core.memory import keep_loaded


def when_ready(_server: Any) -> None:
    """Prepare for parting: no connection is shared, and what is loaded stays in shared memory."""
    disconnect()
    keep_loaded()
