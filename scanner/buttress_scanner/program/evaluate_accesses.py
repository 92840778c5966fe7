"""Reading what was stored to an attribute or under a key just before, where the object has code of its own for reading it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.program.arguments import Args
from buttress_scanner.program.attributes import get_attribute
from buttress_scanner.program.calls import call_method
from buttress_scanner.program.classes import members
from buttress_scanner.program.descriptors import is_data_descriptor, runs_getter
from buttress_scanner.program.values import Instance

if TYPE_CHECKING:
    from buttress_scanner.facts.model import Node
    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import Frame
    from buttress_scanner.program.values import Value


def read_by_code(engine: Engine, frame: Frame, index: int, node: Node) -> tuple[dict[Value, None], bool]:
    """What properties, descriptors and ``__getitem__`` yield, and whether nothing but they can be what is read here."""
    _, _, access, subject, key = node
    found: dict[Value, None] = {}
    owners = engine.read(frame, subject)
    others = 0
    for owner in owners:
        if access == "attr" and isinstance(owner, Instance) and _has_getter(engine, owner, key):
            found.update(dict.fromkeys(get_attribute(engine, owner, key, (frame, index))))
        elif access == "item" and isinstance(owner, Instance) and members(engine, owner.info, "__getitem__") is not None:
            arguments = Args([engine.read(frame, key)])
            found.update(dict.fromkeys(call_method(engine, owner, "__getitem__", arguments, (frame, index))))
        else:
            others += 1
    return found, bool(owners) and not others


def _has_getter(engine: Engine, owner: Instance, name: str) -> bool:
    """Whether the class has something under the name that an attribute of the object does not hide."""
    held = members(engine, owner.info, name)
    return held is not None and any(is_data_descriptor(engine, v) and runs_getter(engine, v) for v in held[1])
