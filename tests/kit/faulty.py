"""A child process whose disk fails, or refuses it: the kernel itself says so to what it asks.

By a filter of system calls (seccomp), which needs neither root nor a disk to fill.
"""

import ctypes
import os
import pickle
import platform
from collections.abc import Callable, Sequence
from typing import Any

NUMBERS = {
    "x86_64": {"pwrite64": 18, "fsync": 74, "fdatasync": 75, "openat": 257},
    "aarch64": {"pwrite64": 68, "fsync": 82, "fdatasync": 83, "openat": 56},
}[platform.machine()]
WRITING, SYNCING, OPENING = ("pwrite64",), ("fsync", "fdatasync"), ("openat",)
TO_WRITE = os.O_WRONLY | os.O_RDWR  # of `openat`: who only reads may

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
LOAD, JUMP_IF_EQUAL, JUMP_IF_ANY, RETURN = 0x20, 0x15, 0x45, 0x06
CALL, FLAGS_OF_OPENAT = 0, 32  # where a filter finds them
ALLOW, FAIL_WITH = 0x7FFF0000, 0x00050000


class _Instruction(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_ushort),
        ("then", ctypes.c_ubyte),
        ("otherwise", ctypes.c_ubyte),
        ("value", ctypes.c_uint),
    )


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.POINTER(_Instruction)))


def fail_from_now_on(calls: Sequence[str], number: int) -> None:
    """Have these system calls of this thread fail with an errno, for good."""
    steps = [_Instruction(LOAD, 0, 0, CALL)]
    for call in calls:
        failing = [_Instruction(RETURN, 0, 0, FAIL_WITH | number)]
        if call in OPENING:
            failing[:0] = [
                _Instruction(LOAD, 0, 0, FLAGS_OF_OPENAT),
                _Instruction(JUMP_IF_ANY, 0, 1, TO_WRITE),
            ]
        steps += [_Instruction(JUMP_IF_EQUAL, 0, len(failing), NUMBERS[call]), *failing]
        if call in OPENING:
            steps.append(_Instruction(LOAD, 0, 0, CALL))
    steps.append(_Instruction(RETURN, 0, 0, ALLOW))
    program = _Program(len(steps), (_Instruction * len(steps))(*steps))
    libc = ctypes.CDLL(None, use_errno=True)
    for words in (
        (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
        (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program)),
    ):
        if libc.prctl(*words):
            raise OSError(ctypes.get_errno(), "no filter of system calls")


def obey_modes() -> None:
    """Have this process heed the modes of files, as root need not: it gives up its powers."""
    header, none = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.capset(header, none):
        raise OSError(ctypes.get_errno(), "no giving up of powers")


def in_a_child(task: Callable[[], Any]) -> Any:
    """What a task gives in a child process, which then ends as if it were killed."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.close(reader)
            try:
                told = pickle.dumps((task(), None))
            except BaseException as error:
                told = pickle.dumps((None, f"{type(error).__name__}: {error}"))
            with os.fdopen(writer, "wb") as pipe:
                pipe.write(told)
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        result, raised = pickle.loads(pipe.read())
    os.waitpid(child, 0)
    assert raised is None, raised
    return result
