"""Measure PNG images."""

from __future__ import annotations

import base64
import struct

from ..base import Plugin

_SIGNATURE = b"\x89PNG\r\n\x1a\n"


class PngSize(Plugin):
    """Width and height of a PNG image, from its header."""

    name = "png-size"
    requires = ("image",)

    def run(self, payload: dict[str, object]) -> dict[str, object]:
        """Read the header of `image`, which is base64."""
        data = base64.b64decode(str(payload["image"]), validate=True)
        if not data.startswith(_SIGNATURE) or len(data) < 24:
            raise ValueError("the image is no PNG")
        width, height = struct.unpack(">II", data[16:24])
        return {"width": width, "height": height}
