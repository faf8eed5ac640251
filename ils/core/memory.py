"""What a process of the program keeps in memory, and what it gives back."""

import ctypes
import gc

_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)


def keep_loaded() -> None:
    """Take what is loaded now for what stays: the collector never walks through it again.

    Without it, reading a thousand records walks through the whole program many times over.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)  # a request or a record leaves few circles behind


def give_back() -> None:
    """Return freed memory to the system, where the C library can: each delivery's threads leave
    some tens of MB behind that it would keep. Takes less than a millisecond.
    """
    if _trim is not None:
        _trim(0)
