"""Elements of XML as text. What may not stand in XML becomes the sign for 'no such letter'."""

from xml.sax.saxutils import quoteattr

from cataloging.marc.formats.writers import xml_escaped, xml_text


def element(name: str, *inside: str, **attributes: str) -> str:
    """Return an element around XML; attributes that are empty are left out, ``_`` begins none."""
    said = "".join(f" {k}={quoteattr(xml_text(v))}" for k, v in attributes.items() if v)
    content = "".join(inside)
    return f"<{name}{said}>{content}</{name}>" if content else f"<{name}{said}/>"


def texts(name: str, *values: str, **attributes: str) -> str:
    """Return one element for each value that is not empty."""
    return "".join(
        element(name, xml_escaped(value), **attributes) for value in values if value.strip()
    )
