"""Passwords are kept as argon2 hashes; a hash made with older parameters is renewed at sign-in."""

import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from ils.core.errors import Invalid

# Small enough for a donated PC with a queue of readers, well above the floor of OWASP.
_hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
_NOBODY = _hasher.hash("nobody signs in with this")

MINIMUM_LENGTH = 8
COMMON = frozenset(
    [
        "12345678",
        "123456789",
        "1234567890",
        "password",
        "matkhau123",
        "11111111",
        "00000000",
        "thuvien123",
        "qwertyui",
        "abcd1234",
        "123123123",
        "87654321",
        "iloveyou",
    ]
)


def hash_password(password: str) -> str:
    """Return the hash to keep."""
    return _hasher.hash(password)


def check_password(stored: str, password: str) -> bool:
    """Tell whether a password fits; takes the same time when there is nobody to compare with."""
    try:
        return _hasher.verify(stored or _NOBODY, password) and bool(stored)
    except (VerificationError, InvalidHashError):
        return False


def needs_rehash(stored: str) -> bool:
    """Tell whether a hash was made with older parameters."""
    return _hasher.check_needs_rehash(stored)


def require_good_password(password: str, *, minimum: int = MINIMUM_LENGTH) -> None:
    """Raise ``Invalid`` for a password that is too short or among the commonest."""
    if len(password) < minimum:
        raise Invalid("password_too_short", field="password", minimum=minimum)
    if password.lower() in COMMON or len(set(password)) < 3:
        raise Invalid("password_too_common", field="password")


def first_password() -> str:
    """Make a password that is easy to read out at a desk: six digits and two letters."""
    letters = "abcdefghkmnpqrstuvxy"
    return f"{secrets.randbelow(10**6):06d}" + "".join(secrets.choice(letters) for _ in range(2))
