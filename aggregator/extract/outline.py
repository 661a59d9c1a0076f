"""The elements of a page in document order, listed once for all who look around the headline."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from aggregator.extract.page import Element, Page, xpath

_MARKED = xpath(".//*[@itemprop or @property or @pubdate or @rel='author']")


@dataclass(frozen=True, slots=True)
class Outline:
    """A page's elements, the place of each, and those that carry microdata."""

    elements: list[Element]
    places: dict[Element, int]
    marked: list[Element]

    def place(self, element: Element | None, default: int) -> int:
        """Give an element's number in document order."""
        return default if element is None else self.places.get(element, default)

    def having(self, *properties: str) -> list[Element]:
        """Give the elements whose microdata or RDFa names one of these properties."""
        found = []
        for element in self.marked:
            names = f"{element.get('itemprop') or ''} {element.get('property') or ''}"
            if any(name in names for name in properties):
                found.append(element)
        return found


def outline(page: Page) -> Outline:
    """List a page's elements."""
    elements = list(page.body.iter(etree.Element))
    return Outline(elements, {element: number for number, element in enumerate(elements)}, _MARKED(page.body))
