"""What sessions take on and off beside a model's weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._call import Owned

if TYPE_CHECKING:
    from .model import Model


class Adapter(Owned):
    """LoRA matrices on a model's device, from Model.load_adapter(). Sessions that have it keep it: it may be closed."""

    def __init__(self, model: "Model", pointer: int) -> None:
        super().__init__(pointer, "adapter")
        self.model = model
