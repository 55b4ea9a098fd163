"""Patterns of tasks kept for evaluation: new ones over the tools of training, and those that held-out tools solve."""

from __future__ import annotations

from typing import Any

from sxl_data.toolsets.pick import Pick
from sxl_data.toolsets.plan import Plan, call
from sxl_data.toolsets.sets.shop.tasks import and_order, cancelled, change, euros, new_customer
from sxl_data.toolsets.sets.shop.world import SET, Shop, address
from sxl_data.toolsets.toolset import Job
from sxl_data.toolsets.values import REMARKS


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
