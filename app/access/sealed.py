"""Keys of other services, kept so that only this instance can use them: sealed by its secret.

With that secret goes whoever could read them: in a backup without it, or under another one, they
are lost and have to be given again.
"""

import hmac
from base64 import urlsafe_b64encode

from app.access.secret import secret_key


class UnreadableError(ValueError):
    """What was sealed under another secret."""


def seal(text: str) -> str:
    """A text that tells nothing, for `unseal` of the same instance."""
    from cryptography.fernet import Fernet  # noqa: PLC0415  # 8 MB that few processes need

    return Fernet(_key()).encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """What was sealed. Raises UnreadableError."""
    from cryptography.fernet import Fernet, InvalidToken  # noqa: PLC0415

    try:
        return Fernet(_key()).decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise UnreadableError("sealed under another secret") from None


def _key() -> bytes:
    """A key for this use alone: whoever has one of them has not the secret, nor another."""
    return urlsafe_b64encode(hmac.digest(secret_key(), b"jobwall: keys of upstreams", "sha256"))
