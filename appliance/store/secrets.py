"""Passwords and tokens: how they are made and what is kept of them."""

import hashlib
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""32 signs (Crockford): nothing that is read for something else, 5 bits each."""
GROUPS, GROUP = 4, 4
"""Four groups of four signs are 80 bits."""
SHORTEST, LONGEST = 12, 1024
"""Characters of a password that a person chooses."""

_HASHER = PasswordHasher()
NOBODY = _HASHER.hash(secrets.token_urlsafe(32))
"""Verified against for people that are not there, so that the time of an answer tells nothing."""


def one_time_password() -> str:
    """Return a random password of 80 bits that can be read out and typed."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(GROUP)) for _ in range(GROUPS))


def hash_password(password: str) -> str:
    """Return what is kept of a password (Argon2id); takes 64 MiB and some 50 ms."""
    return _HASHER.hash(password)


def verify(hash: str | None, password: str) -> bool:
    """Tell whether a password is the one; for nobody (None) it takes as long and is False."""
    try:
        return _HASHER.verify(hash or NOBODY, password) and hash is not None
    except (VerificationError, InvalidHashError):
        return False


def new_token() -> str:
    """Return a session's token: 256 random bits."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    """Return what is kept of a token; it is random itself, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()
