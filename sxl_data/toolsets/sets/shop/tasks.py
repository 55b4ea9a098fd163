"""A shop's products and orders, in memory; prices in cents.: patterns of tasks that training may see."""

from __future__ import annotations

from typing import Any

from sxl_data.toolsets.pick import Pick
from sxl_data.toolsets.plan import Plan, Refusal, ask, call, may_fail, think
from sxl_data.toolsets.sets.shop.world import SET, Shop, address
from sxl_data.toolsets.toolset import Job
from sxl_data.toolsets.values import PEOPLE


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
