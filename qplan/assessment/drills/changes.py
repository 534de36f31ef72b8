"""What a disturbance changes when it begins, and changes back when it is over."""

from __future__ import annotations

import math

from qplan.assessment.drills.board import Board
from qplan.assessment.drills.disturbances import Disturbance


def change(board: Board, t: float, item: Disturbance, over: bool) -> None:
    """A disturbance begins, or is over."""
    for number in {*item.down, *item.hidden, *item.unstored, *item.systems, *item.degraded}:
        board.stores[number].advance(t)
        board.moved.add(number)
        board.touch(number)
    for number in {*item.stopped, *item.surged}:
        board.services[number].advance(t)
        board.dirty.add(number)
    _change_equipment(board, t, item, over)
    _change_links(board, t, item, over)
    _change_corridors(board, t, item, over)


def _change_equipment(board: Board, t: float, item: Disturbance, over: bool) -> None:
    for site in item.key_managers:
        board.say(t, "km.up" if over else "km.down", f"key_managers.{site}", cause=item.address)
    if item.action == "identity_down":
        board.say(t, "identity.up" if over else "identity.down", item.address)
    for number in item.systems:
        store = board.stores[number]
        store.systems_down += -1 if over else 1
        board.say(t, "interface.up" if over else "interface.down", board.link(number), rate_bps=store.potential())
    if item.distrusted and not over:
        board.router.distrusted.add(item.distrusted)
        board.dirty.update(range(len(board.services)))
        board.say(t, "site.distrusted", item.address)


def _change_links(board: Board, t: float, item: Disturbance, over: bool) -> None:
    step = -1 if over else 1
    for number in item.unstored:
        board.stores[number].unstored += step
    for number in item.hidden:
        board.stores[number].blocked += step
        if item.action == "alarm":
            board.say(t, "link.qber_cleared" if over else "link.qber_alarm", board.link(number))
    for number in item.degraded:
        store = board.stores[number]
        was_dead = not store.potential()
        degradation = (item.factor, item.added_loss_db)
        store.degrading.remove(degradation) if over else store.degrading.append(degradation)
        rate = store.potential()
        if was_dead and rate:
            store.ready_s = t + store.link.restart_s
        event = "link.recovered" if over else "link.degraded"
        board.say(t, event, board.link(number), cause=item.address, rate_bps=rate)
    for number in item.down:
        if item.action == "rekey":
            _rekey(board, t, number)
        elif item.action == "auth_exhausted":
            _spend(board, t, number)
        else:
            _outage(board, t, number, step, item.address)


def _outage(board: Board, t: float, number: int, step: int, cause: str) -> None:
    store = board.stores[number]
    store.down += step
    if step > 0 and store.down == 1:
        board.say(t, "link.down", board.link(number), cause=cause)
    elif store.down == 0:
        store.ready_s = t + store.link.restart_s
        board.say(t, "link.up", board.link(number), cause=cause)


def _spend(board: Board, t: float, number: int) -> None:
    store = board.stores[number]
    if not store.auth_spent:
        store.auth_spent = True
        store.spend_all()
        board.say(t, "auth.exhausted", board.link(number))
        _outage(board, t, number, 1, "auth_exhausted")


def _rekey(board: Board, t: float, number: int) -> None:
    store = board.stores[number]
    if store.auth_spent:
        store.auth_spent = False
        _outage(board, t, number, -1, "rekey")


def _change_corridors(board: Board, t: float, item: Disturbance, over: bool) -> None:
    for number in item.stopped:
        stopped = board.services[number].stopped
        why = f"{item.address} {'delivers no keys' if item.action == 'identity_down' else 'is down'}"
        stopped.remove(why) if over else stopped.append(why)
    for number in item.surged:
        service = board.services[number]
        service.factors.remove(item.factor) if over else service.factors.append(item.factor)
        service.demand = math.prod(service.factors, start=service.corridor.rate_bps)
        board.say(t, "demand.changed", service.address, key_rate_bps=service.demand)
