"""Calls of the library: errors and callbacks become exceptions, handles are released once, Ctrl-C ends what is under way.

ctypes gives up the interpreter's lock during a call, so that other threads run meanwhile.
"""

from __future__ import annotations

import ctypes
import os
import queue
import threading
import weakref
from typing import Any, Callable, List, Optional, Protocol, Sequence, TypeVar, cast

from . import _abi, errors
from ._library import library

T = TypeVar("T")
_of_thread = threading.local()  # .raised: what a callback of the call under way has raised


def call(function: Any, *arguments: Any) -> _abi.ErrorRoom:
    """A function that can fail, whose last argument this adds. What it gives back may hold a message all the same."""
    room = _abi.ErrorRoom(size=ctypes.sizeof(_abi.ErrorRoom))
    _of_thread.raised = None
    status = function(*arguments, ctypes.byref(room))
    raised, _of_thread.raised = _of_thread.raised, None
    if raised is not None:
        raise raised
    if status != _abi.Status.OK:
        raise errors.of_status(status, message_of(room))
    return room


def message_of(room: _abi.ErrorRoom) -> str:
    return ctypes.string_at(ctypes.addressof(room) + _abi.Error.message.offset).decode("utf-8", "replace")


def callback(kind: Any, function: Optional[Callable[..., Any]]) -> Any:
    """`function` for C: 0 goes on, and 1, for False or an exception, ends the call, which raises the exception."""
    if function is None:
        return kind()
    inner = function
    go_on, end = (None, None) if kind is _abi.Log else (0, 1)

    def guarded(*arguments: Any) -> Optional[int]:
        if getattr(_of_thread, "raised", None) is not None:
            return end
        try:
            return end if inner(*arguments) is False else go_on
        except BaseException as raised:  # also KeyboardInterrupt: it must not be lost within C
            _of_thread.raised = raised
            return end

    return kind(guarded)


class Handle:
    """A pointer that is released once, and not while a call has it."""

    def __init__(self, pointer: int, release: Callable[[int], None]) -> None:
        self._pointer, self._release = pointer, release
        self._lock = threading.RLock()  # the collector may close it within another use by the same thread
        self._users, self._closed = 0, False

    def __enter__(self) -> int:
        with self._lock:
            if self._closed:
                raise errors.InvalidArgument("it is closed")
            self._users += 1
        return self._pointer

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._users -= 1
            self._release_unused()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            self._release_unused()

    def _release_unused(self) -> None:
        if self._closed and self._users == 0 and self._pointer:
            pointer, self._pointer = self._pointer, 0
            self._release(pointer)


class Owned:
    """What has a handle. It is released by close(), at the end of `with`, when nobody has it any more, or with the process."""

    def __init__(self, pointer: int, kind: str) -> None:
        self._handle = Handle(pointer, getattr(library, f"tritium_{kind}_release"))
        self._finalizer = weakref.finalize(self, self._handle.close)

    def close(self) -> None:
        """Releases it; a call that another thread has under way ends first. Twice does nothing."""
        self._finalizer()

    def __enter__(self: Any) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(self, name: str, *arguments: Any) -> Any:
        """A function that cannot fail."""
        with self._handle as pointer:
            return getattr(library, name)(pointer, *arguments)

    def _call(self, name: str, *arguments: Any) -> None:
        with self._handle as pointer:
            call(getattr(library, name), pointer, *arguments)


# ---- Ctrl-C ----


class Interruptible(Protocol):
    def _interrupt(self) -> None: ...

    def _resume(self) -> None: ...


class _Job:
    def __init__(self, function: Callable[[], Any]) -> None:
        self.function, self.result, self.raised = function, None, None  # type: Callable[[], Any], Any, Optional[BaseException]
        self._begun, self._done, self._finished = threading.Lock(), threading.Lock(), False
        self._done.acquire()

    def run(self) -> None:
        if self._begun.acquire(blocking=False):
            try:
                self.result = self.function()
            except BaseException as raised:
                self.raised = raised
        self._finished = True
        self._done.release()

    def wait(self) -> None:
        """A signal's handler may run, and raise, before, meanwhile and behind: then this is called again."""
        if not self._finished:
            self._done.acquire()

    def give_up(self) -> bool:
        """It is not run where it was not begun."""
        return self._begun.acquire(blocking=False)


class _Worker:
    def __init__(self) -> None:
        self.jobs: "queue.SimpleQueue[_Job]" = queue.SimpleQueue()
        threading.Thread(target=self._work, name="tritium", daemon=True).start()

    def _work(self) -> None:
        while True:
            job = self.jobs.get()
            job.run()
            del job  # what it holds is not kept until the next one


_idle: List[_Worker] = []
os.register_at_fork(after_in_child=_idle.clear)  # a child has none of its parent's threads


def _ended(cancels: Sequence[Interruptible], job: _Job) -> bool:
    try:
        for cancel in cancels:
            cancel._interrupt()
        if not job.give_up():
            job.wait()
        for cancel in cancels:
            cancel._resume()
        return True
    except BaseException:
        return False


def interruptible(cancels: Sequence[Interruptible], function: Callable[[], T]) -> T:
    """function(), which is ended through `cancels` when a signal's handler raises (KeyboardInterrupt).

    Python runs such handlers in its main thread, and there between two instructions alone: so the main thread waits, and
    another one is in the library. In other threads no handler ever runs, and function() is called as it is.
    """
    if threading.current_thread() is not threading.main_thread():
        return function()
    worker = _idle.pop() if _idle else _Worker()
    job = _Job(function)
    try:
        worker.jobs.put(job)
        job.wait()
    except BaseException:
        while not _ended(cancels, job):
            pass  # another Ctrl-C: the first is being heard
        raise
    finally:
        _idle.append(worker)
    if job.raised is not None:
        try:
            raise job.raised
        finally:
            del job  # no cycle with the exception's traceback
    return cast(T, job.result)
