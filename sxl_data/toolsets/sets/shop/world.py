"""A shop's products and orders, in memory; prices in cents."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from sxl_data.toolsets.pick import Pick
from sxl_data.toolsets.tools import ToolError
from sxl_data.toolsets.toolset import State, Toolset
from sxl_data.toolsets.values import COLOURS, PEOPLE, PLACES, THINGS

STREETS = tuple(
    "Mill Lane|Harbour Road|Elm Street|Rue du Moulin|Calle Mayor|Lindenweg|Via Roma|Kirkegata|Station Road|Church Walk|"
    "Castle Terrace|Rua Nova|Parkstraße|Långgatan|Queen Street|Orchard Close|Bridge Street|Market Square|Hill View|"
    "Canal Side|Chestnut Avenue|Meadow Way|Ulica Długa|Havnegade|Old Post Road|Abbey Gardens|Quay Street".split("|")
)


class Product(msgspec.Struct):
    """Something for sale."""

    sku: str
    name: str
    cents: int
    stock: int


class Order(msgspec.Struct):
    """An order of one customer."""

    number: int
    customer: str
    address: str
    items: dict[str, int]
    status: Literal["open", "shipped", "cancelled"] = "open"
    refunded: list[str] = []
    note: str = ""


class Shop(State):
    """Products by article number and orders by number; numbers of new orders are no part of what is compared."""

    products: dict[str, Product]
    orders: list[Order]
    made: int

    def view(self) -> Any:
        plain = msgspec.to_builtins(self)
        orders = [{key: value for key, value in order.items() if key != "number"} for order in plain["orders"]]
        return {"products": plain["products"], "orders": orders}

    def product(self, sku: str) -> Product:
        """The product with this article number; refuses any other."""
        if sku not in self.products:
            raise ToolError("not_found", f"no product {sku!r}")
        return self.products[sku]

    def order(self, number: int) -> Order:
        """The order with this number; refuses any other."""
        for order in self.orders:
            if order.number == number:
                return order
        raise ToolError("not_found", f"no order {number}")

    def open_order(self, number: int) -> Order:
        """The order with this number, if it can still be changed."""
        order = self.order(number)
        if order.status != "open":
            raise ToolError("closed", f"order {number} is {order.status}")
        return order


def start(pick: Pick) -> Shop:
    """Five or six products and four or five orders, each of a customer of its own."""
    products = {}
    for thing in pick.several(THINGS, pick.any((5, 6))):
        sku = f"{thing[:2].upper()}-{pick.number(100, 999)}"
        products[sku] = Product(sku, f"{pick.new(COLOURS)} {thing}", pick.number(295, 9995, 10), pick.number(12, 80))
    made = pick.number(1000, 8000)
    state = Shop(products, [], made)
    for customer in pick.several(PEOPLE, pick.any((4, 5))):
        state.made += 1
        items = {sku: pick.any((1, 2, 3)) for sku in pick.some(sorted(products), pick.any((1, 2)))}
        state.orders.append(Order(state.made, customer, address(pick), items))
    return state


def address(pick: Pick) -> str:
    """Where somebody lives."""
    return f"{pick.new(STREETS)} {pick.number(3, 180)}, {pick.new(PLACES)}"


SET = Toolset("shop", "a shop's orders", start, covers="the products and orders of this shop", busy="the till is busy")
