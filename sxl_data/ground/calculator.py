"""A calculator: arithmetic on exact fractions, and nothing else.

In: an expression of numbers, ``+ - * / // ( )``, ``**``, ``%`` as percent or remainder, ``×``, ``÷`` and
thousands separators. Out: its value as a fraction. It is a parser of its own and never `eval`, so an
expression can do nothing but count; limits on length and power bound its time.
"""

from __future__ import annotations

from fractions import Fraction

from sxl_data.contract import patterns

MAX_CHARACTERS = 2_000
MAX_POWER = 256
MAX_BITS = 4_096
MAX_DEPTH = 100

_TOKEN = patterns.compile(r"\s*(?:(\d[\d,]*\.?\d*(?:[eE][+-]?\d{1,3})?|\.\d+)|(\*\*|//|[-+*/()%^]))")
_SIGNS = str.maketrans({"×": "*", "÷": "/", "−": "-", "–": "-", "·": "*", "$": " ", "€": " "})


class NotArithmetic(ValueError):
    """The text is no arithmetic expression, or its value is out of bounds."""


def calculate(expression: str) -> Fraction:
    """The exact value of ``expression``; raises `NotArithmetic`, also for a division by zero."""
    if len(expression) > MAX_CHARACTERS:
        raise NotArithmetic(f"{len(expression)} characters, at most {MAX_CHARACTERS}")
    parser = _Parser(_tokens(expression.translate(_SIGNS)))
    value = parser.sum()
    if parser.peek() is not None:
        raise NotArithmetic(f"unexpected {parser.peek()!r}")
    return value


def show(value: Fraction) -> str:
    """``value`` in decimal: exact where that ends within 12 places, else rounded to 12 places."""
    if value.denominator == 1:
        return str(value.numerator)
    scaled = value * 10**12
    digits = round(scaled)
    text = f"{'-' if digits < 0 else ''}{abs(digits) // 10**12}.{abs(digits) % 10**12:012d}".rstrip("0")
    return text.rstrip(".")


def _tokens(text: str) -> list[str]:
    found: list[str] = []
    position, text = 0, text.rstrip()
    for match in _TOKEN.finditer(text):
        if match.start() > position:
            break
        found.append((match[1] or match[2]).replace(",", "").replace("^", "**"))
        position = match.end()
    if position < len(text):
        raise NotArithmetic(f"unexpected {text[position : position + 10].strip()!r}")
    if not found:
        raise NotArithmetic("nothing to calculate")
    return found


class _Parser:
    """Recursive descent; brackets and powers nest at most `MAX_DEPTH` deep."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens, self.position, self.depth = tokens, 0, 0

    def peek(self) -> str | None:
        return self.tokens[self.position] if self.position < len(self.tokens) else None

    def take(self) -> str:
        token = self.peek()
        if token is None:
            raise NotArithmetic("the expression ends too early")
        self.position += 1
        return token

    def sum(self) -> Fraction:
        value = self.product()
        while self.peek() in ("+", "-"):
            value = value + self.product() if self.take() == "+" else value - self.product()
        return _bounded(value)

    def product(self) -> Fraction:
        value = self.sign()
        while self.peek() in ("*", "/", "//", "%", "("):
            operator = "*" if self.peek() == "(" else self.take()
            other = self.sign()
            if operator == "*":
                value *= other
            elif not other:
                raise NotArithmetic("division by zero")
            elif operator == "/":
                value /= other
            else:
                value = Fraction(value // other) if operator == "//" else value % other
            value = _bounded(value)
        return value

    def sign(self) -> Fraction:
        negative = False
        while self.peek() in ("+", "-"):
            negative ^= self.take() == "-"
        value = self.power()
        return -value if negative else value

    def power(self) -> Fraction:
        base = self.atom()
        if self.peek() != "**":
            return base
        self.take()
        self.depth += 1  # of powers of powers: each is a call of this method within itself
        if self.depth > MAX_DEPTH:
            raise NotArithmetic("too many powers")
        exponent = self.sign()
        self.depth -= 1
        if exponent.denominator != 1 or abs(exponent) > MAX_POWER or (not base and exponent < 0):
            raise NotArithmetic(f"power {exponent}")
        return _bounded(base ** int(exponent))

    def atom(self) -> Fraction:
        token = self.take()
        if token == "(":
            self.depth += 1
            if self.depth > MAX_DEPTH:
                raise NotArithmetic("too many brackets")
            value = self.sum()
            if self.take() != ")":
                raise NotArithmetic("a bracket is not closed")
            self.depth -= 1
        elif token[0].isdigit() or token[0] == ".":
            value = Fraction(token.rstrip(".") or "0")
        else:
            raise NotArithmetic(f"unexpected {token!r}")
        # A percent sign counts as one only where no operand follows it.
        following = self.tokens[self.position + 1] if self.position + 1 < len(self.tokens) else None
        if self.peek() == "%" and (following is None or following in ("+", "-", "*", "/", ")", "%")):
            self.take()
            value /= 100
        return value


def _bounded(value: Fraction) -> Fraction:
    if value.numerator.bit_length() > MAX_BITS or value.denominator.bit_length() > MAX_BITS:
        raise NotArithmetic("a number beyond all bounds")
    return value
