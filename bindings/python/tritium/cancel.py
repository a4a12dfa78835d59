"""The flag that ends calls."""

from __future__ import annotations

from ._call import Owned
from ._library import library
from ._values import out_handle


class CancelToken(Owned):
    """A flag for any number of calls. set() ends those under way within a tenth of a second, from any thread."""

    def __init__(self) -> None:
        super().__init__(out_handle(library.tritium_cancel_create), "cancel")
        self._asked = False

    def set(self) -> None:
        """Calls that have it end with Cancelled, generations with what they have; also those that begin, until clear()."""
        self._asked = True
        self._ask("tritium_cancel_set")

    def clear(self) -> None:
        self._asked = False
        self._ask("tritium_cancel_clear")

    def is_set(self) -> bool:
        return bool(self._ask("tritium_cancel_is_set"))

    @property
    def _pointer(self) -> int:
        """As an option; the struct it is written to must not outlive the token."""
        with self._handle as pointer:
            return pointer

    def _interrupt(self) -> None:
        self._ask("tritium_cancel_set")

    def _resume(self) -> None:
        """After an interruption: as the user left it."""
        self._ask("tritium_cancel_clear")
        if self._asked:
            self._ask("tritium_cancel_set")
