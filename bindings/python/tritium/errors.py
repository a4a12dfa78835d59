"""What goes wrong, as an exception for each status of the library. The message says where, and what to do."""

from __future__ import annotations

from typing import Dict, Type

from ._abi import Status


class Error(Exception):
    """Any failure of the library's."""

    status: Status = Status.INTERNAL


class InvalidArgument(Error, ValueError):
    """The caller's values cannot be used."""

    status = Status.INVALID_ARGUMENT


class NotFound(Error):
    """A file, device, tensor or backend does not exist."""

    status = Status.NOT_FOUND


class CorruptFile(Error):
    """A file contradicts itself or its format."""

    status = Status.CORRUPT_FILE


class Unsupported(Error):
    """Understood, but not implemented."""

    status = Status.UNSUPPORTED


class OutOfMemory(Error, MemoryError):
    """Host or device memory."""

    status = Status.OUT_OF_MEMORY


class IoError(Error, OSError):
    """The operating system refused a read or a write."""

    status = Status.IO_ERROR


class DeviceError(Error):
    """The driver failed or the device was lost."""

    status = Status.DEVICE_ERROR


class Cancelled(Error):
    """A CancelToken was set, or a callback returned False."""

    status = Status.CANCELLED


class Internal(Error):
    """A bug of the library's: please report it."""

    status = Status.INTERNAL


class BufferTooSmall(Error):
    """Not seen by users of this package, which makes its buffers as large as they must be."""

    status = Status.BUFFER_TOO_SMALL


OF_STATUS: Dict[int, Type[Error]] = {kind.status: kind for kind in (InvalidArgument, NotFound, CorruptFile, Unsupported, OutOfMemory, IoError,
                                            DeviceError, Cancelled, Internal, BufferTooSmall)}


def of_status(status: int, message: str) -> Error:
    """A status of a later library is an Error without a class of its own."""
    return OF_STATUS.get(status, Error)(message)
