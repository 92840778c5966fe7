"""Building a page as a tree: whatever is text is escaped when the tree is written, so that no name can become markup."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias
from xml.etree.ElementTree import Element, tostring

from buttress_scanner.report._text import visible

if TYPE_CHECKING:
    from collections.abc import Iterable

Child: TypeAlias = "Element | str | Iterable[Child] | None"
Value: TypeAlias = "str | int | float | bool | None"


def tag(name: str, /, *children: Child, **attributes: Value) -> Element:
    """Build an element.

    ``class_`` and ``for_`` stand for ``class`` and ``for``, other underscores in attributes for hyphens. None and False leave an
    attribute out, True gives it no value. Children are elements, text, None for nothing, or several of them.
    """
    element = Element(name, {_attribute(key): _written(value) for key, value in attributes.items() if value not in (None, False)})
    for child in children:
        _add(element, child)
    return element


def _attribute(key: str) -> str:
    return key.rstrip("_").replace("_", "-") if key != "viewBox" else key


def _written(value: Value) -> str:
    if value is True:
        return ""
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else visible(str(value))


def _add(element: Element, child: Child) -> None:
    if child is None:
        return
    if isinstance(child, Element):
        element.append(child)
    elif isinstance(child, str):
        _add_text(element, "\n".join(map(visible, child.split("\n"))))
    else:
        for each in child:
            _add(element, each)


def _add_text(element: Element, text: str) -> None:
    if len(element):
        element[-1].tail = (element[-1].tail or "") + text
    else:
        element.text = (element.text or "") + text


def raw(name: str, content: str, /, **attributes: Value) -> Element:
    """Build ``style`` or ``script`` with content of our own, which is written as it is."""
    element = tag(name, **attributes)
    element.text = content
    return element


def document(root: Element) -> str:
    """Write a page."""
    return "<!DOCTYPE html>\n" + tostring(root, encoding="unicode", method="html") + "\n"
