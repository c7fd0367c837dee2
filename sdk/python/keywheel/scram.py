"""SCRAM-SHA-256 verifiers: what PostgreSQL stores in place of a password.

A function that sends a verifier in `ALTER ROLE … PASSWORD` keeps the password itself out of the server's
statement log, its statistics and its memory.
"""

import hashlib
import hmac
import os
from base64 import b64encode

from .failure import Permanent

ITERATIONS = 4096
"""Rounds of the key derivation: PostgreSQL's default."""
SALT_BYTES = 16


def verifier(password: str) -> str:
    """Computes a verifier with a fresh random salt. Two calls give two texts that accept one password.

    Only for passwords in ASCII: what the server makes of other characters depends on tables that this
    module does not have, and a verifier that nobody can log in with locks the role out.
    """
    if not password.isascii():
        raise Permanent("the password holds characters outside ASCII, for which no verifier is computed")
    return _verifier(password.encode(), os.urandom(SALT_BYTES))


def _verifier(password: bytes, salt: bytes) -> str:
    salted = _pbkdf2(password, salt)
    stored_key = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server_key = hmac.digest(salted, b"Server Key", "sha256")
    salt_text, stored, server = (b64encode(part).decode() for part in (salt, stored_key, server_key))
    return f"SCRAM-SHA-256${ITERATIONS}:{salt_text}${stored}:{server}"


def _pbkdf2(password: bytes, salt: bytes) -> bytes:
    """One block of PBKDF2-HMAC-SHA-256: the Python of a component has no `hashlib.pbkdf2_hmac`."""
    keyed = hmac.new(password, digestmod="sha256")

    def round_of(message: bytes) -> bytes:
        fresh = keyed.copy()
        fresh.update(message)
        return fresh.digest()

    block = round_of(salt + b"\0\0\0\1")
    result = int.from_bytes(block)
    for _ in range(ITERATIONS - 1):
        block = round_of(block)
        result ^= int.from_bytes(block)
    return result.to_bytes(len(block))
