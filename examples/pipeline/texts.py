"""The text of a document, or the reason why there is none, in words for a person."""

import email.parser
import email.policy
import io
import logging
from pathlib import Path

from pypdf import PdfReader
from pypdf.errors import DependencyError, FileNotDecryptedError

LARGEST = 20 * 1024 * 1024  # bytes

# pypdf logs every oddity of a PDF. Those that matter reach the job's error message.
logging.getLogger("pypdf").setLevel(logging.CRITICAL)


class UnreadableDocumentError(Exception):
    """Why a document cannot be ingested: the error_message of its job."""


def read_text(path: Path) -> str:
    """The text of a PDF, of a package's METADATA or of a UTF-8 text file.

    Raises UnreadableDocumentError where there is no text to be had.
    """
    data = _read_bytes(path)
    if path.suffix.lower() == ".pdf":
        text = _pdf_text(data)
    elif path.name == "METADATA":
        text = _description(_decode(data))
    else:
        text = _decode(data)
    if not text.strip():
        raise UnreadableDocumentError("The file holds no text")
    return plain(text)


def plain(text: str) -> str:
    """Without NUL and lone surrogates: odd files yield them, databases and APIs refuse them."""
    return text.replace("\0", " ").encode("utf-8", "replace").decode()


def _read_bytes(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > LARGEST:
            raise UnreadableDocumentError(
                f"The file is too large: {size / 2**20:.0f} MiB; "
                f"this pipeline reads up to {LARGEST / 2**20:.0f} MiB"
            )
        return path.read_bytes()
    except OSError as error:
        raise UnreadableDocumentError(f"The file cannot be read: {error.strerror}") from error


def _decode(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableDocumentError(
            f"The file is not UTF-8 text: byte 0x{data[error.start]:02x} at position {error.start}"
        ) from error


def _description(metadata: str) -> str:
    """What a package says about itself, without the headers for machines."""
    message = email.parser.Parser(policy=email.policy.compat32).parsestr(metadata)
    return f"{message.get('Summary', '')}\n\n{message.get_payload()}"


def _pdf_text(data: bytes) -> str:
    try:
        pages = [page.extract_text() for page in _open_pdf(data).pages]
    except UnreadableDocumentError:
        raise
    except FileNotDecryptedError as error:
        raise UnreadableDocumentError("The PDF is encrypted and needs a password") from error
    except DependencyError as error:
        raise UnreadableDocumentError(f"The PDF is encrypted in a newer way: {error}") from error
    except Exception as error:
        # Whatever pypdf stumbles over in a damaged file, far from PdfReadError alone,
        # is a fault of this document and must not stop the others.
        raise UnreadableDocumentError(f"Broken PDF: {error or type(error).__name__}") from error
    if not any(page.strip() for page in pages):
        count = f"{len(pages)} page" + ("s" if len(pages) != 1 else "")
        raise UnreadableDocumentError(f"The PDF holds no text ({count} of images or drawings)")
    return "\n\n".join(pages)


def _open_pdf(data: bytes) -> PdfReader:
    if not data:
        raise UnreadableDocumentError("The PDF is empty (0 bytes)")
    # Reading from memory: the worker holds no open file while it takes its time. A PDF
    # whose user password is empty is opened without asking; pypdf tries that by itself.
    return PdfReader(io.BytesIO(data))
