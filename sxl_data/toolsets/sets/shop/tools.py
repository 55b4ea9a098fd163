"""A shop's products and orders, in memory; prices in cents.: the tools."""

from __future__ import annotations

from sxl_data.toolsets.sets.shop.world import SET, Order, Product, Shop
from sxl_data.toolsets.tools import ToolError


@SET.tool
def find_products(state: Shop, words: str) -> list[Product]:
    """Find products by a part of their name, capital letters aside.

    words: what to look for
    """
    return [product for product in state.products.values() if words.casefold() in product.name.casefold()]


@SET.tool
def get_product(state: Shop, sku: str) -> Product:
    """Give name, price in cents and stock of a product.

    sku: its article number
    """
    return state.product(sku)


@SET.tool
def list_orders(state: Shop, customer: str) -> list[Order]:
    """List the orders of a customer.

    customer: name of the customer
    """
    return [order for order in state.orders if order.customer == customer]


@SET.tool
def get_order(state: Shop, number: int) -> Order:
    """Give an order.

    number: its number
    """
    return state.order(number)


@SET.tool
def place_order(state: Shop, customer: str, address: str, sku: str, quantity: int) -> Order:
    """Order a product for a customer; refuses more than there is in stock.

    customer: name of the customer
    address: where it goes
    sku: article number of the product
    quantity: how many
    """
    take(state, sku, quantity)
    state.made += 1
    state.orders.append(Order(state.made, customer, address, {sku: quantity}))
    return state.orders[-1]


@SET.tool
def cancel_order(state: Shop, number: int) -> str:
    """Cancel an open order; its products go back into stock.

    number: its number
    """
    order = state.open_order(number)
    order.status = "cancelled"
    for sku, quantity in order.items.items():
        state.products[sku].stock += quantity
    return f"order {number} is cancelled"


@SET.tool
def change_quantity(state: Shop, number: int, sku: str, quantity: int) -> Order:
    """Change how many of a product an open order has.

    number: number of the order
    sku: article number of the product, which the order must have
    quantity: how many there shall be, 1 or more
    """
    order = state.open_order(number)
    if sku not in order.items:
        raise ToolError("not_found", f"order {number} has no {sku}")
    if quantity < 1:
        raise ToolError("bad_number", "1 or more")
    difference = quantity - order.items[sku]
    if difference > 0:
        take(state, sku, difference)
    else:
        state.products[sku].stock -= difference
    order.items[sku] = quantity
    return order


@SET.tool
def change_address(state: Shop, number: int, address: str) -> Order:
    """Send an open order to another address.

    number: number of the order
    address: the new address
    """
    order = state.open_order(number)
    order.address = address
    return order


@SET.tool
def ship_order(state: Shop, number: int) -> str:
    """Mark an open order as shipped.

    number: its number
    """
    state.open_order(number).status = "shipped"
    return f"order {number} is shipped"


@SET.tool
def refund(state: Shop, number: int, sku: str) -> int:
    """Refund a product of a shipped order and give the sum in cents.

    number: number of the order
    sku: article number of the product
    """
    order = state.order(number)
    if order.status != "shipped":
        raise ToolError("not_shipped", f"order {number} is {order.status}; only what was shipped is refunded")
    if sku not in order.items or sku in order.refunded:
        raise ToolError("not_found", f"order {number} has no {sku} to refund")
    order.refunded = [*order.refunded, sku]
    return state.products[sku].cents * order.items[sku]


@SET.held_out_tool
def set_price(state: Shop, sku: str, cents: int) -> Product:
    """Change the price of a product.

    sku: its article number
    cents: the new price
    """
    if cents < 1:
        raise ToolError("bad_number", "1 cent or more")
    state.product(sku).cents = cents
    return state.product(sku)


@SET.held_out_tool
def restock(state: Shop, sku: str, quantity: int) -> int:
    """Add to the stock of a product and give the new stock.

    sku: its article number
    quantity: how many came in
    """
    if quantity < 1:
        raise ToolError("bad_number", "1 or more")
    state.product(sku).stock += quantity
    return state.product(sku).stock


@SET.held_out_tool
def add_gift_note(state: Shop, number: int, text: str) -> Order:
    """Put a card with a text into an open order.

    number: number of the order
    text: what the card says
    """
    order = state.open_order(number)
    order.note = text
    return order


def take(state: Shop, sku: str, quantity: int) -> None:
    """Take from the stock; refuses more than there is."""
    product = state.product(sku)
    if quantity < 1:
        raise ToolError("bad_number", "1 or more")
    if quantity > product.stock:
        raise ToolError("out_of_stock", f"only {product.stock} of {product.name} ({sku}) are in stock")
    product.stock -= quantity
