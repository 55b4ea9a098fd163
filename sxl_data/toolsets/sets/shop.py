"""A shop's products and orders, in memory; prices in cents."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from sxl_data.toolsets.pick import Pick
from sxl_data.toolsets.plan import Plan, Refusal, ask, call, may_fail, think
from sxl_data.toolsets.tools import ToolError
from sxl_data.toolsets.toolset import Job, State, Toolset
from sxl_data.toolsets.values import COLOURS, PEOPLE, PLACES, REMARKS, THINGS

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


def euros(cents: int) -> str:
    """``1295`` as 12.95."""
    return f"{cents // 100}.{cents % 100:02}"


def change(customer: str, **fields: Any) -> Any:
    """A wanted end in which the order of ``customer`` has other ``fields``."""

    def want(end: Any) -> None:
        next(order for order in end["orders"] if order["customer"] == customer).update(fields)

    return want


def and_order(customer: str, address: str, sku: str, quantity: int) -> Any:
    """A wanted end with one more order."""

    def want(end: Any) -> None:
        end["products"][sku]["stock"] -= quantity
        new = {"customer": customer, "address": address, "items": {sku: quantity}}
        end["orders"].append(new | {"status": "open", "refunded": [], "note": ""})

    return want


def cancelled(customer: str) -> Any:
    """A wanted end in which the order of ``customer`` is cancelled."""

    def want(end: Any) -> None:
        order = next(order for order in end["orders"] if order["customer"] == customer)
        order["status"] = "cancelled"
        for sku, quantity in order["items"].items():
            end["products"][sku]["stock"] += quantity

    return want


def new_customer(pick: Pick, state: Shop) -> str:
    """Somebody without an order."""
    taken = {order.customer for order in state.orders}
    return pick.new([name for name in PEOPLE if name not in taken])


@SET.pattern("single")
def move_house(pick: Pick, state: Shop) -> Job:
    """{Send|Redirect} order {number} to {address}{ instead|}.
    Order {number} has the wrong address. {It should be|Correct it to} {address}.
    {customer} {moved|is moving}: order {number} {now goes|has to go} to {address}.
    > Order {number} {now goes|will be sent} to {address}.
    """
    order, new = pick.any(state.orders), address(pick)
    steps = [call("change_address", number=order.number, address=new)]
    slots = {"number": order.number, "address": new, "customer": order.customer}
    return Job(slots, steps, change(order.customer, address=new))


@SET.pattern("single")
def how_much(pick: Pick, state: Shop) -> Job:
    """{What does the {name} cost|How much is the {name}|What is the price of {sku}, the {name}}?
    {Price of|I need the price of} the {name}, please.
    {A customer|{person}} {asks|wants to know} {what we charge for|the price of} the {name}.
    > The {name} ({sku}) costs {price} euros.
    """
    product = pick.any(sorted(state.products.values(), key=lambda p: p.sku))

    def plan() -> Plan:
        found = yield call("find_products", words=product.name)
        (mine,) = [item for item in found if item["name"] == product.name]
        return {"price": euros(mine["cents"])}

    slots = {"name": product.name, "sku": product.sku, "person": pick.new(PEOPLE)}
    return Job(slots, plan, found=(str(product.cents),), answer=(euros(product.cents),))


@SET.pattern("single")
def shipped(pick: Pick, state: Shop) -> Job:
    """Order {number} {has left|is on its way}{; mark it|. Put that down}.
    {The parcel|The box} {for|of} order {number} {was collected|went out} {today|this morning}{; note it|. Note that}.
    {Mark|Set} order {number} {as|to} shipped.
    > Order {number} is {marked as |}shipped.
    """
    order = pick.any(state.orders)
    steps = [call("ship_order", number=order.number)]
    return Job({"number": order.number}, steps, change(order.customer, status="shipped"))


@SET.pattern("single")
def order_more(pick: Pick, state: Shop) -> Job:
    """{customer} {orders|wants} {n} of {sku}{, to be sent|; send them} to {address}.
    {Place|Take} an order: {n} × {sku} for {customer}, {address}.
    New order. {customer}, {address}: {n} pieces of {sku}.
    > {Ordered|Order placed}: {n} of {sku} for {customer}.
    """
    sku, customer, n, new = (
        pick.any(sorted(state.products)),
        new_customer(pick, state),
        pick.number(1, 9),
        address(pick),
    )
    steps = [call("place_order", customer=customer, address=new, sku=sku, quantity=n)]
    slots = {"customer": customer, "address": new, "sku": sku, "n": n}
    return Job(slots, steps, and_order(customer, new, sku, n))


@SET.pattern("ordered")
def redirect_and_ship(pick: Pick, state: Shop) -> Job:
    """{First s|S}end order {number} to {address}, then mark it as shipped.
    Order {number} {goes to|is for} {address}; {after changing that|then} it {can be marked|is} shipped.
    > Order {number} goes to {address} and is {marked as |}shipped.
    """
    order, new = pick.any(state.orders), address(pick)
    steps = [call("change_address", number=order.number, address=new), call("ship_order", number=order.number)]
    return Job({"number": order.number, "address": new}, steps, change(order.customer, address=new, status="shipped"))


@SET.pattern("parallel")
def cancel_two(pick: Pick, state: Shop) -> Job:
    """{Cancel|Call off} the orders {a} and {b}.
    {a} and {b} {are both cancelled|won't be paid}{; cancel them|: please cancel both}.
    > {Both orders|Orders {a} and {b}} are cancelled.
    """
    one, two = pick.some(state.orders, 2)

    def want(end: Any) -> None:
        cancelled(one.customer)(end)
        cancelled(two.customer)(end)

    steps = [[call("cancel_order", number=order.number) for order in (one, two)]]
    return Job({"a": one.number, "b": two.number}, steps, want)


@SET.pattern("parallel")
def stock_of_two(pick: Pick, state: Shop) -> Job:
    """How many {pieces |}of {a} and of {b} {are left|do we have}?
    {Check|Look up} the stock of {a} and {b}.
    > {r0} of {a}, {r1} of {b}.
    """
    a, b = pick.some(sorted(state.products), 2)

    def plan() -> Plan:
        one, two = yield [call("get_product", sku=a), call("get_product", sku=b)]
        return {"r0": one["stock"], "r1": two["stock"]}

    stock = tuple(str(state.products[sku].stock) for sku in (a, b))
    return Job({"a": a, "b": b}, plan, found=stock, answer=stock)


@SET.pattern("dependent")
def cancel_of(pick: Pick, state: Shop) -> Job:
    """{Cancel|Call off} {customer}'s order.
    {customer} {wrote to us and|rang and} {cancels|no longer wants} the order{; take care of it|}.
    {The order of|What} {customer} {should be|ordered is to be} cancelled.
    ~ {customer} has one order, {number}, and it is {status}.
    > {customer}'s order {number} is cancelled.
    """
    order = pick.any(state.orders)

    def plan() -> Plan:
        (found,) = yield call("list_orders", customer=order.customer)
        yield think(number=found["number"], status=found["status"])
        yield call("cancel_order", number=found["number"])
        return {"number": found["number"]}

    return Job({"customer": order.customer}, plan, cancelled(order.customer))


@SET.pattern("dependent")
def order_by_name(pick: Pick, state: Shop) -> Job:
    """{customer} {orders|wants} {n} {of the|times the} {name}{, to be sent|; send them} to {address}.
    {Place|Take} an order for {customer}, {address}: {n} × {name}.
    ~ The article number of the {name} is {sku}, and {stock} are in stock.
    > {Ordered|Order placed}: {n} × {name} for {customer}.
    """
    product = pick.any(sorted(state.products.values(), key=lambda p: p.sku))
    customer, n, new = new_customer(pick, state), pick.number(1, 9), address(pick)

    def plan() -> Plan:
        found = yield call("find_products", words=product.name)
        (mine,) = [item for item in found if item["name"] == product.name]
        yield think(sku=mine["sku"], stock=mine["stock"])
        yield call("place_order", customer=customer, address=new, sku=mine["sku"], quantity=n)
        return None

    slots = {"customer": customer, "address": new, "name": product.name, "n": n}
    return Job(slots, plan, and_order(customer, new, product.sku, n))


@SET.pattern("dependent")
def more_of_it(pick: Pick, state: Shop) -> Job:
    """{customer} {wants|needs} {n} more of {sku} {in|with} the order {already placed|that is open}.
    {Add|Put} {n} more of {sku} to {customer}'s order.
    ~ Order {number} has {old} of {sku}, so {n} more make {new}.
    > Order {number} has {new} of {sku} now.
    """
    order = pick.any(state.orders)
    sku, n = pick.any(sorted(order.items)), pick.number(1, 8)

    def plan() -> Plan:
        (found,) = yield call("list_orders", customer=order.customer)
        old = found["items"][sku]
        yield think(number=found["number"], old=old, new=old + n)
        yield call("change_quantity", number=found["number"], sku=sku, quantity=old + n)
        return {"number": found["number"], "new": old + n}

    def want(end: Any) -> None:
        next(o for o in end["orders"] if o["customer"] == order.customer)["items"][sku] += n
        end["products"][sku]["stock"] -= n

    return Job({"customer": order.customer, "sku": sku, "n": n}, plan, want)


@SET.pattern("ask")
def where_to(pick: Pick, state: Shop) -> Job:
    """{customer} {orders|wants} {n} of {sku}.
    {Place|Take} an order for {customer}: {n} × {sku}.
    ? {Where should it go|What is the address|Which address shall I enter}?
    < {To {address}|{address}}{.|, please.}
    > {Ordered|Order placed}: {n} of {sku} for {customer}, {address}.
    """
    sku, customer, n, new = (
        pick.any(sorted(state.products)),
        new_customer(pick, state),
        pick.number(1, 9),
        address(pick),
    )
    steps = [ask(), call("place_order", customer=customer, address=new, sku=sku, quantity=n)]
    slots = {"customer": customer, "address": new, "sku": sku, "n": n}
    return Job(slots, steps, and_order(customer, new, sku, n))


@SET.pattern("ask")
def which_order(pick: Pick, state: Shop) -> Job:
    """{Cancel|Call off} the order{, please|}.
    {The order|That order} {should be|has to be} cancelled.
    ? {Which one|Which order is it}? {I need the number or the customer|Give me its number, please}.
    < {Number {number}|It's {number}|{number}}{.|, sorry.}
    > Order {number} is cancelled.
    """
    order = pick.any(state.orders)
    return Job({"number": order.number}, [ask(), call("cancel_order", number=order.number)], cancelled(order.customer))


@SET.pattern("recover")
def as_many_as_there_are(pick: Pick, state: Shop) -> Job:
    """{customer} {orders|wants} {n} of {sku}, or {all we have|as many as there are}, to {address}.
    {n} × {sku} for {customer}, {address}; {if the stock is too small|should there be fewer}, take all.
    ~ Only {stock} are in stock, so {stock} it is.
    > There were only {stock} of {sku}, which {are ordered|I ordered} for {customer}.
    """
    sku, customer, new = pick.any(sorted(state.products)), new_customer(pick, state), address(pick)
    stock = state.products[sku].stock
    n = stock + pick.number(3, 40)

    def plan() -> Plan:
        got = yield may_fail("place_order", customer=customer, address=new, sku=sku, quantity=n)
        assert isinstance(got, Refusal) and f"only {stock} " in got.message
        yield think(stock=stock)
        yield call("place_order", customer=customer, address=new, sku=sku, quantity=stock)
        return {"stock": stock}

    slots = {"customer": customer, "address": new, "sku": sku, "n": n}
    return Job(slots, plan, and_order(customer, new, sku, stock))


@SET.pattern("refuse")
def too_late(pick: Pick, state: Shop) -> Job:
    """{Cancel|Call off} order {number}.
    Order {number} {is|was} a mistake{; cancel it|. Please cancel it}.
    ~ Order {number} is shipped, and only open orders can be cancelled.
    > {Too late|I can't}: order {number} {is shipped already|has left}{, so it can't be cancelled|}.
    """
    order = pick.any(state.orders)
    order.status = "shipped"

    def plan() -> Plan:
        got = yield may_fail("cancel_order", number=order.number)
        assert isinstance(got, Refusal) and got.kind == "closed"
        yield think()
        return None

    return Job({"number": order.number}, plan)


@SET.pattern("dependent", "patterns")
def money_back(pick: Pick, state: Shop) -> Job:
    """{customer} is unhappy with the {sku} from the parcel. {Give the money back|Reimburse it}.
    The {sku} arrived broken at {customer}'s. They get their money back.
    > {customer} gets {sum} euros back for {sku} of order {number}.
    """
    order = pick.any(state.orders)
    order.status = "shipped"
    sku = pick.any(sorted(order.items))
    value = euros(state.products[sku].cents * order.items[sku])

    def plan() -> Plan:
        (found,) = yield call("list_orders", customer=order.customer)
        cents = yield call("refund", number=found["number"], sku=sku)
        return {"sum": euros(cents), "number": found["number"]}

    return Job({"customer": order.customer, "sku": sku}, plan, change(order.customer, refunded=[sku]), answer=(value,))


@SET.pattern("ordered", "patterns")
def swap_orders(pick: Pick, state: Shop) -> Job:
    """Scratch order {number}; in its place {customer} at {address} gets {n} of {sku}.
    Out goes order {number}, in comes one over {n} of {sku} for {customer} ({address}).
    > Order {number} is cancelled, and {customer} gets {n} of {sku}.
    """
    order, customer, new = pick.any(state.orders), new_customer(pick, state), address(pick)
    sku, n = pick.any(sorted(state.products)), pick.number(1, 9)

    def want(end: Any) -> None:
        cancelled(order.customer)(end)
        and_order(customer, new, sku, n)(end)

    steps = [
        call("cancel_order", number=order.number),
        call("place_order", customer=customer, address=new, sku=sku, quantity=n),
    ]
    return Job({"number": order.number, "customer": customer, "address": new, "n": n, "sku": sku}, steps, want)


@SET.pattern("single", "patterns")
def whose_is_it(pick: Pick, state: Shop) -> Job:
    """There's a parcel labelled {number} here without a name. Whose is it?
    Who is behind number {number}?
    > Order {number} is {customer}'s.
    """
    order = pick.any(state.orders)

    def plan() -> Plan:
        found = yield call("get_order", number=order.number)
        return {"customer": found["customer"]}

    return Job({"number": order.number}, plan, found=(order.customer,), answer=(order.customer,))


@SET.pattern("single", "tools")
def reprice(pick: Pick, state: Shop) -> Job:
    """From today {sku} costs {price} euros.
    {price} euros is the new price of {sku}.
    > {sku} costs {price} euros now.
    """
    sku, cents = pick.any(sorted(state.products)), pick.number(295, 9995, 10)

    def want(end: Any) -> None:
        end["products"][sku]["cents"] = cents

    return Job({"sku": sku, "price": euros(cents)}, [call("set_price", sku=sku, cents=cents)], want)


@SET.pattern("single", "tools")
def card(pick: Pick, state: Shop) -> Job:
    """Into parcel {number} goes a card with the words “{text}”.
    Order {number} is a present; the card should say “{text}”.
    > Order {number} comes with that card.
    """
    order, text = pick.any(state.orders), pick.new(REMARKS)
    steps = [call("add_gift_note", number=order.number, text=text)]
    return Job({"number": order.number, "text": text}, steps, change(order.customer, note=text))


@SET.pattern("parallel", "tools")
def delivery(pick: Pick, state: Shop) -> Job:
    """A delivery came: {n} of {a}, {m} of {b}.
    On the pallet are {n} × {a} and {m} × {b}; shelve them.
    > We have {r0} of {a} and {r1} of {b} now.
    """
    (a, b), n, m = pick.some(sorted(state.products), 2), pick.number(5, 60), pick.number(5, 60)

    def want(end: Any) -> None:
        end["products"][a]["stock"] += n
        end["products"][b]["stock"] += m

    steps = [[call("restock", sku=a, quantity=n), call("restock", sku=b, quantity=m)]]
    return Job({"a": a, "b": b, "n": n, "m": m}, steps, want)
