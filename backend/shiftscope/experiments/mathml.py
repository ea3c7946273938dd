"""Formulae as MathML, put together from small pieces."""

from __future__ import annotations


def math(*parts: str) -> str:
    """Return a whole formula, to stand on a line of its own."""
    return f'<math xmlns="http://www.w3.org/1998/Math/MathML" display="block">{row(*parts)}</math>'


def row(*parts: str) -> str:
    """Return parts side by side."""
    return f"<mrow>{''.join(map(_atom, parts))}</mrow>"


def frac(above: str, below: str) -> str:
    """Return a fraction."""
    return f"<mfrac>{_atom(above)}{_atom(below)}</mfrac>"


def sub(base: str, index: str) -> str:
    """Return a base with an index below."""
    return f"<msub>{_atom(base)}{_atom(index)}</msub>"


def sup(base: str, exponent: str) -> str:
    """Return a base with an exponent."""
    return f"<msup>{_atom(base)}{_atom(exponent)}</msup>"


def root(inside: str) -> str:
    """Return a square root."""
    return f"<msqrt>{_atom(inside)}</msqrt>"


def hat(inside: str) -> str:
    """Return something with a hat on it."""
    return f"<mover accent='true'>{_atom(inside)}<mo>^</mo></mover>"


def words(text: str) -> str:
    """Return words within a formula."""
    return f"<mtext>{text}</mtext>"


_OPERATORS = frozenset("+−-=<>≤≥·×/()[],|‖∝≈→∂∇…~")


def _atom(part: str) -> str:
    if part.startswith("<"):
        return part
    if part in _OPERATORS:
        return f"<mo>{'&lt;' if part == '<' else '&gt;' if part == '>' else part}</mo>"
    return f"<mn>{part}</mn>" if part.replace(".", "").isdigit() else f"<mi>{part}</mi>"
