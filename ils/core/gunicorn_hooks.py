"""What gunicorn calls by name: the application is loaded once and its web processes part from it.

Nothing else may stand here: every name of this module may be taken for a setting of gunicorn.
"""

import gc
from typing import Any

from ils.core.db import disconnect


def when_ready(_server: Any) -> None:
    """Prepare for parting: no connection is shared, and what is loaded stays in shared memory."""
    disconnect()
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)  # a request leaves few circles behind
