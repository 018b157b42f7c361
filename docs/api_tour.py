#!/usr/bin/env python3
"""A tour of the mobile API: one order of milk from a guest's empty cart to the door, a household's day, and the desk's.

Start the demo dairy in another terminal (`make run`), then:

    python docs/api_tour.py [http://localhost:8000]

Needs Python only. Every step says what it does and checks what it got; the first surprise stops the tour.
"""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

SITE = "http://localhost:8000"
PINCODE = "560034"
PASSWORD = os.environ.get("TOUR_PASSWORD", "milk-at-dawn")
DAIRY, MANAGER = "vendor@example.com", "manager@example.com"
HOUSEHOLD, ADMIN = "household@example.com", "admin@example.com"
DRIVERS = ("driver@example.com",)
DOOR = {"flat": "12", "line1": "4, 80 Feet Road", "city": "Bengaluru", "pincode": PINCODE}


class Surprise(Exception):
    """The API answered something else than the tour expects."""


@dataclass
class App:
    """A phone: where the site is, and the headers that it sends with every request."""

    site: str
    headers: dict[str, str] = field(default_factory=dict)

    def call(
        self, method: str, path: str, body: Any = None, *, expect: int | tuple[int, ...] = 200, once: bool = False
    ) -> Any:
        """The answer's JSON. `once` sends an Idempotency-Key: however often it is repeated, it has one effect."""
        headers = {"Accept": "application/json", **self.headers}
        if once:
            headers["Idempotency-Key"] = str(uuid.uuid4())
        data = None
        if body is not None:
            data, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
        request = urllib.request.Request(f"{self.site}/api/v1/{path}", data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                status, text = response.status, response.read()
        except urllib.error.HTTPError as refusal:
            status, text = refusal.code, refusal.read()
        if status not in (expect if isinstance(expect, tuple) else (expect,)):
            raise Surprise(f"{method} {path} answered {status}, not {expect}: {text.decode()[:500]}")
        return json.loads(text) if text else None

    def sign_in(self, email: str) -> App:
        """Another phone, of a person who signs in: short-lived access token, rotating refresh token."""
        answer = App(self.site).call("POST", "auth/app/v1/auth/login", {"email": email, "password": PASSWORD})
        return App(self.site, {"Authorization": f"Bearer {answer['meta']['access_token']}"})


def say(text: str) -> None:
    print(f"\n{text}")


def told(text: str) -> None:
    print(f"   {text}")


def check(right: bool, what: str) -> None:
    if not right:
        raise Surprise(what)


def money(amount: dict[str, str]) -> str:
    return f"{amount['amount']} {amount['currency']}"


def tour(site: str, drivers: tuple[str, ...] = DRIVERS) -> None:
    guest = App(site)

    say(f"A guest asks whether milk comes to {PINCODE}.")
    place = guest.call("GET", f"serviceability/?pincode={PINCODE}")
    check(place["is_served"], f"we don't deliver to {PINCODE}")
    slot, day = place["next_delivery"]["slot"], place["next_delivery"]["date"]
    told(f"{place['message']} The next is {slot} on {day}; until {place['next_delivery']['cutoff_at']} it can change.")
    elsewhere = guest.call("GET", "serviceability/?pincode=999999")
    check(not elsewhere["is_served"], "the end of the world is served")
    told(elsewhere["message"])

    say("They look for milk.")
    shelf = guest.call("GET", f"products/?pincode={PINCODE}&category=milk")["results"]
    packs = [(product, pack) for product in shelf for pack in product["variants"] if pack["availability"] == "IN_STOCK"]
    check(bool(packs), "there is no milk")
    product, pack = packs[0]
    told(f"{product['name']}, {pack['name']}: {money(pack['price'])}")
    one = guest.call("GET", f"products/{product['id']}/?pincode={PINCODE}")
    check(one["slug"] == product["slug"], "the product is another")

    say("Two go into the cart. The answer holds the cart's token, which the app sends from now on.")
    cart = guest.call(
        "POST", f"cart/items/?pincode={PINCODE}", {"variant_id": pack["id"], "quantity": 2}, expect=201, once=True
    )
    guest.headers["X-Cart-Token"] = cart["token"]
    cart = guest.call("GET", f"cart/?pincode={PINCODE}")
    check(cart["count"] == 2 and cart["lines"][0]["state"] in ("OK", "LOW"), "the cart holds something else")
    told(f"{cart['count']} pieces: {money(cart['totals']['grand_total'])} with delivery")

    say("What is missing before it can be ordered? The app shows one screen after another.")
    known: dict[str, Any] = {}
    screens: dict[str, dict[str, Any]] = {
        "PERSON": {"name": "Asha Rao", "contact": f"asha-{uuid.uuid4().hex[:8]}@example.com"},
        "ADDRESS": {
            "address": {"flat": "1204", "tower": "B", "society": "Lake View", "line1": "80 Feet Road"}
            | {"city": "Bengaluru", "pincode": PINCODE, "instructions": "Leave at the door, don't ring."}
        },
        "TIME": {"slot": slot, "delivery_date": day},
        "PAYMENT": {"payment_method": "COD"},
    }
    while (step := guest.call("POST", "orders/precheck/", known)["next_step"]) is not None:
        check(step in screens, f"the check stops at {step}")
        told(f"{step}: {', '.join(screens[step])}")
        known |= screens.pop(step)

    say("They order. A second tap sends the same key, and gets the same answer.")
    known["expected_total"] = cart["totals"]["grand_total"]
    guest.headers["Idempotency-Key"] = str(uuid.uuid4())
    placed = guest.call("POST", "orders/", known, expect=201)
    again = guest.call("POST", "orders/", known, expect=201)
    del guest.headers["Idempotency-Key"]
    order = placed["order"]
    check(order["number"] == again["order"]["number"], "the second tap made another order")
    check(order["status"] == "CONFIRMED", f"the order is {order['status']}")
    check(placed["next_step"]["action"] == "PAY_ON_DELIVERY", "cash is not paid at the door")
    number = order["number"]
    told(f"Order {number}: {money(order['totals']['grand_total'])}, {placed['next_step']['action']}.")

    say("A guest has no account: the order's own token opens this order, and nothing else.")
    guest.call("GET", f"orders/{number}/", expect=401)
    guest.headers["X-Order-Token"] = placed["order_token"]
    check(guest.call("GET", f"orders/{number}/")["number"] == number, "the order is another")
    guest.call("GET", "orders/", expect=401)
    told("GET orders/ stays closed (401).")

    say("The dairy sees what it has to bring.")
    dairy = guest.sign_in(DAIRY)
    work = dairy.call("GET", f"vendors/me/assignments/?date={day}")
    orders = [each["order"] for part in work["slots"] for each in part["assignments"]]
    vendors = {line["vendor"] for line in order["lines"]}
    check(number in orders or work["vendor"]["name"] not in vendors, "the dairy does not see its order")
    told(f"{work['vendor']['name']}: {len(orders)} orders for {day}. This one is filled by {', '.join(vendors)}.")

    say("The dairy may not pack it (403): that is for the people at the hub.")
    dairy.call("POST", f"orders/{number}/pack/", expect=403, once=True)
    manager = guest.sign_in(MANAGER)

    say("They ring: the bell is broken. Until the cut-off a manager notes it on the order, or another door or slot.")
    shown = manager.call("GET", f"orders/{number}/")
    note = {"special_instructions": "The bell is broken: knock.", "edition": shown["edition"]}
    changed = manager.call("PATCH", f"orders/{number}/", note)
    check(changed["special_instructions"] == note["special_instructions"], "the note is lost")
    late = manager.call("PATCH", f"orders/{number}/", {**note, "slot": slot}, expect=409)
    told(f"Sent once more from an old page (409): {late['detail']}")
    check(manager.call("POST", f"orders/{number}/pack/", once=True)["status"] == "PACKED", "it is not packed")
    told("PACKED")

    say("The driver of the round picks it up.")
    drop = next(
        drop for drop in all_of(manager, f"deliveries/?delivery_date={day}&status=ASSIGNED") if drop["order"] == number
    )
    driver, who = driver_of(guest, drop, drivers) or (manager, "the manager, for the driver")
    picked = driver.call("POST", f"deliveries/{drop['id']}/picked-up/", expect=(200, 409), once=True)
    if picked.get("code") == "delivery_not_its_day":
        told(f"Not yet (409): {picked['detail']}")
        call_off(guest, number)
        return
    check(picked["status"] == "PICKED_UP", f"the delivery is {picked['status']}")
    told(f"By {who}.")

    if driver is not manager:
        say("The phone had no line and kept the tap as well: it sends it, and it counts once.")
        now = datetime.now(ZoneInfo("Asia/Kolkata")).isoformat()
        tap = {"key": str(uuid.uuid4()), "kind": "PICKED_UP", "delivery": drop["id"], "tapped_at": now}
        (answer,) = driver.call("POST", "driver/sync/", {"sent_at": now, "actions": [tap]})["results"]
        check(answer["result"] == "ALREADY", f"the tap is {answer['result']}")
        told(answer["result"])

    say("Whoever holds the link follows it, without signing in.")
    way = guest.call("GET", f"orders/{number}/track/")
    token = urllib.parse.urlsplit(way["tracking_url"]).path.rstrip("/").rsplit("/", 1)[-1]
    public = App(site).call("GET", f"track/{token}/")
    check(public["status"] == "OUT_FOR_DELIVERY", f"the order is {public['status']}")
    told(f"{public['driver_name'] or 'The driver'} is on the way: {public['tracking_url']}")

    say("At the door: milk against cash, exactly what is due.")
    due = picked["cash_due"]
    done = driver.call("POST", f"deliveries/{drop['id']}/delivered/", {"cash_collected": due}, once=True)
    check(done["status"] == "DELIVERED", f"the delivery is {done['status']}")
    told(f"{money(due)} collected.")

    say("The household sees it.")
    seen = guest.call("GET", f"orders/{number}/")
    check(seen["status"] == "DELIVERED", f"the order is {seen['status']}")
    check(seen["payment_status"] == "PAID", f"the payment is {seen['payment_status']}")
    for step in seen["timeline"]:
        told(f"{step['at'] or '':34}{step['label']}")
    guest.call("PUT", f"orders/{number}/cancel/", {"reason": "Too late"}, expect=409)
    told("Cancelling it now is refused (409).")


def call_off(guest: App, number: str) -> None:
    """The other way to end: before the cut-off the household may think better of it."""
    say("Then the household thinks better of it.")
    gone = guest.call("PUT", f"orders/{number}/cancel/", {"reason": "We are away"}, once=True)
    check(gone["order"]["status"] == "CANCELLED", f"the order is {gone['order']['status']}")
    told("CANCELLED. Run the tour before noon, and it goes on to the door: the evening's round is today's.")


def all_of(app: App, path: str) -> list[dict[str, Any]]:
    """The rows of all pages of a list."""
    found = []
    address: str | None = path
    while address:
        page = app.call("GET", address.partition("/api/v1/")[2] or address)
        found += page["results"]
        address = page["next"]
    return found


def driver_of(guest: App, drop: dict[str, Any], drivers: tuple[str, ...]) -> tuple[App, str] | None:
    """Whoever of the drivers that can sign in has the delivery."""
    for email in drivers:
        driver = guest.sign_in(email)
        rows = all_of(driver, f"deliveries/?delivery_date={drop['delivery_date']}")
        if any(row["id"] == drop["id"] for row in rows):
            return driver, drop["driver"]["name"]
    return None


def household(site: str) -> None:
    """A household with an account: its profile, its cart, an order that it pays by card, and its wallet."""
    guest = App(site)
    known = guest.call("GET", f"serviceability/?pincode={PINCODE}")["next_delivery"]

    say("Is there an account? A stranger is never told: the answer is the same, and a message goes there.")
    for contact in (HOUSEHOLD, f"nobody-{uuid.uuid4().hex[:8]}@example.com"):
        check(guest.call("POST", "users/check/", {"contact": contact})["next"] == "prove", "the check tells something")

    say("Somebody signs up; whoever is known signs in.")
    new = {"name": "Asha Rao", "email": f"asha-{uuid.uuid4().hex[:8]}@example.com", "password": uuid.uuid4().hex}
    guest.call("POST", "users/", new)
    home = guest.sign_in(HOUSEHOLD)
    me = home.call("GET", "users/me/")
    told(f"{me['name']}, {me['role']}")

    say("Profile, preferences, devices, addresses: one's own.")
    check(home.call("PATCH", "users/me/", {"name": me["name"]})["id"] == me["id"], "another profile")
    home.call("GET", f"users/{me['id']}/")
    wishes = home.call("GET", "users/me/preferences/")
    home.call("PATCH", "users/me/preferences/", {"slot": wishes["slot"] or "MORNING"})
    home.call("GET", "users/me/devices/")
    kept = home.call("POST", "users/me/addresses/", DOOR, expect=201)
    changed = home.call("PATCH", f"users/me/addresses/{kept['id']}/", {"flat": "13"})
    check(changed["flat"] == "13", "the address is as it was")
    home.call("DELETE", f"users/me/addresses/{kept['id']}/", expect=204)
    told(f"{len(home.call('GET', 'users/me/addresses/'))} addresses")

    say("What goes with it, what else there is; a tap is noted.")
    packs = [
        (product, pack)
        for product in guest.call("GET", f"products/?pincode={PINCODE}&category=milk")["results"]
        for pack in product["variants"]
        if pack["availability"] == "IN_STOCK"
    ]
    product, pack = packs[0]
    guest.call("GET", "categories/")
    guest.call("GET", f"products/{product['id']}/alternatives/?pincode={PINCODE}")
    guest.call("GET", f"recommendations/?pincode={PINCODE}")
    guest.call("POST", "events/clicks/", {"element": "add-to-cart", "page": "product"}, expect=204)

    say("The cart: put in, change, try a code that nobody gave out, take out.")
    cart = home.call("POST", "cart/items/", {"variant_id": pack["id"], "quantity": 1}, expect=201, once=True)
    line = next(line for line in cart["lines"] if line["variant_id"] == pack["id"])
    home.call("PATCH", f"cart/items/{line['id']}/", {"quantity": 3})
    refused = home.call("POST", "cart/promo/", {"code": "NO-SUCH-CODE"}, expect=(409, 422, 429))
    told(f"{refused['code']}: {refused['detail']}")
    home.call("DELETE", f"cart/items/{line['id']}/", expect=(200, 204))

    say("An order of things named at once, paid by card: the first card is declined, the second one pays.")
    wish = {"lines": [{"variant_id": pack["id"], "quantity": 2}], "address": DOOR, "payment_method": "CARD"}
    wish |= {"slot": known["slot"], "delivery_date": known["date"]}
    check(home.call("POST", "orders/precheck/", wish)["next_step"] is None, "something is missing")
    placed = home.call("POST", "orders/", wish, expect=201, once=True)
    number = placed["order"]["number"]
    check(placed["next_step"]["action"] == "PAY", f"the next step is {placed['next_step']['action']}")
    body = {"order": number, "payment_method": "CARD"}
    first = home.call("POST", "payments/", body | {"token": "demo_declined"}, expect=201, once=True)
    check(first["status"] == "FAILED", "a declined card paid")
    told(f"{first['failure_code']}: {first['next_step']['action']}")
    paid = home.call("POST", "payments/", body | {"token": "demo_success"}, expect=201, once=True)
    check(home.call("POST", f"payments/{paid['id']}/verify/")["status"] == "SUCCEEDED", "the card did not pay")
    told(f"{money(paid['amount'])}: order {number} is {home.call('GET', f'orders/{number}/')['status']}.")
    check(any(row["id"] == paid["id"] for row in home.call("GET", "payments/")["results"]), "no such payment")
    check(any(row["number"] == number for row in home.call("GET", "orders/")["results"]), "no such order")
    home.call("GET", f"orders/{number}/track/")

    say("Staff look at it and let it go on, and give a little back.")
    manager = guest.sign_in(MANAGER)
    held = manager.call("POST", f"orders/{number}/hold/", {"reason": "The tour asks"}, once=True)
    check(held["status"] == "ON_HOLD", "it is not held")
    manager.call("POST", f"orders/{number}/approve/", once=True)
    little = {"reason": "For the wait", "amount": {"amount": "1.00", "currency": paid["amount"]["currency"]}}
    refund = manager.call("POST", f"payments/{paid['id']}/refund/", little, expect=201, once=True)
    told(f"{money(refund['amount'])} goes back.")

    say("The same once more, only looked at; then the first is cancelled, and the rest of its money goes back.")
    again = home.call("GET", f"orders/{number}/reorder/")
    told(f"Once more: {money(again['totals']['grand_total'])}")
    gone = home.call("PUT", f"orders/{number}/cancel/", {"reason": "We are away"}, once=True)
    check(gone["order"]["status"] == "CANCELLED", "it is not cancelled")
    home.call("GET", f"orders/{number}/claims/")
    home.call("POST", f"orders/{number}/rating/", {"stars": 5}, expect=409)

    say("The wallet: its balance, money into it, its statement.")
    before = home.call("GET", "wallet/")["balance"]
    wanted = {"amount": {"amount": "500.00", "currency": before["currency"]}, "payment_method": "CARD"}
    topped = home.call("POST", "wallet/topups/", wanted | {"token": "demo_success"}, expect=201, once=True)
    check(topped["status"] == "SUCCEEDED", f"the top-up is {topped['status']}")
    rows = home.call("GET", "wallet/entries/")["results"]
    told(f"{money(before)}, then {money(home.call('GET', 'wallet/')['balance'])}; {len(rows)} rows")
    home.call("GET", "users/me/payment-methods/")
    home.call("GET", "reports/daily/?date=2026-01-31", expect=403)

    say("The bell: what they were told, and all of it read.")
    bell = home.call("GET", "notifications/")
    told(f"{len(bell['results'])} messages on the first page, {bell['unread']} not read")
    home.call("POST", "notifications/read-all/", expect=(200, 204))
    check(home.call("GET", "notifications/")["unread"] == 0, "something is not read yet")


def desk(site: str, drivers: tuple[str, ...] = DRIVERS) -> None:
    """What staff, a dairy and a driver do beside an order: goods, dairies, stock, people, rounds, reports, the log."""
    guest = App(site)
    admin, manager, dairy = guest.sign_in(ADMIN), guest.sign_in(MANAGER), guest.sign_in(DAIRY)
    mark = uuid.uuid4().hex[:6]

    say("An admin puts a product on the shelf, renames it, and takes it off again. A manager may not (403).")
    pack = {"name": "1 L", "unit": "ML", "size": 1000, "sku": f"TOUR-{mark}", "hsn_code": "0401", "shelf_life_days": 2}
    pack["price"] = {"amount": "60.00", "currency": "INR"}
    wish = {"name": f"Goat milk {mark}", "category": "milk", "variants": [pack]}
    manager.call("POST", "products/", wish, expect=403)
    product = admin.call("POST", "products/", wish, expect=201)
    admin.call("PATCH", f"products/{product['id']}/", {"name": f"Goats’ milk {mark}"})
    guest.call("GET", f"products/{product['id']}/")
    admin.call("DELETE", f"products/{product['id']}/", expect=204)
    told("Deactivated: orders and history keep pointing at it.")

    say("A dairy joins, changes how much it can bring, and leaves.")
    new = {"name": f"Tour Dairy {mark}", "region": "BLR", "email": f"tour-{mark}@example.com", "phone": "+918012345678"}
    new |= {"address": "4 Mysuru Road, Bengaluru", "pincode": PINCODE, "latitude": "12.93000", "longitude": "77.62000"}
    vendor = admin.call("POST", "vendors/", new, expect=201)
    admin.call("PATCH", f"vendors/{vendor['id']}/", {"daily_order_limit": 80})
    admin.call("GET", f"vendors/{vendor['id']}/")
    told(f"{len(guest.call('GET', f'vendors/?pincode={PINCODE}')['results'])} dairies come to {PINCODE}")
    admin.call("DELETE", f"vendors/{vendor['id']}/", expect=204)

    say("Stock: what is there, ADD, SUBTRACT, SET. Each is a row of the log, with a reason.")
    shelf = dairy.call("GET", "inventory/")["results"][0]
    where = {"vendor_id": shelf["vendor_id"], "variant_id": shelf["variant_id"], "reason": "The tour"}
    for operation, quantity in (("ADD", 5), ("SUBTRACT", 5), ("SET", shelf["on_hand"])):
        moved = {"operation": operation, "quantity": quantity}
        dairy.call("POST", "inventory/movements/", where | moved, expect=201, once=True)
    dairy.call("GET", f"vendors/{shelf['vendor_id']}/inventory/")
    found = guest.call("GET", f"inventory/check/?variant={shelf['variant_id']}")
    told(f"{shelf['on_hand']} on the shelf; the check answers {', '.join(found)}")

    say("People: an admin writes one down, renames and deactivates them.")
    person = {"name": "New Person", "email": f"person-{mark}@example.com", "password": f"{mark}-fresh-milk"}
    made = admin.call("POST", "users/", person, expect=201)
    admin.call("PUT", f"users/{made['id']}/", {"name": "Renamed Person"})
    admin.call("GET", "users/")
    admin.call("DELETE", f"users/{made['id']}/", expect=204)

    say("Dispatch: a hub's slot is planned; one round more is added, locked, and called off. Drivers may not (403).")
    (hub, *_others) = manager.call("GET", "hubs/")["results"]
    tomorrow = datetime.now(ZoneInfo("Asia/Kolkata")).date() + timedelta(days=1)
    where = {"hub": hub["id"], "date": tomorrow.isoformat(), "slot": "MORNING"}
    plan = manager.call("POST", "routes/plan/", where)
    told(f"{hub['name']}, {tomorrow}: {plan['stops']} stops on {plan['routes']} rounds, {plan['left_over']} left over")
    more = manager.call("POST", "routes/", where, expect=201, once=True)
    check(manager.call("PATCH", f"routes/{more['id']}/", {"is_locked": True})["is_locked"], "the round is not locked")
    check(manager.call("GET", f"routes/{more['id']}/")["stops"] == [], "a new round has stops")
    off = manager.call("POST", f"routes/{more['id']}/call-off/", {"reason": "Only a tour"}, once=True)
    check(off["status"] == "CALLED_OFF", f"the round is {off['status']}")
    rounds = all_of(manager, f"routes/?hub={hub['id']}&date={tomorrow}&slot=MORNING")
    told(f"{len(rounds)} rounds that morning")
    guest.sign_in(drivers[0]).call("POST", "routes/plan/", where, expect=403)

    say("Deliveries, and a driver's own rounds.")
    manager.call("GET", "deliveries/")
    rounds = guest.sign_in(drivers[0]).call("GET", "routes/mine/")
    told(f"{len(rounds['results'] if isinstance(rounds, dict) and 'results' in rounds else rounds)} rounds")

    say("The report of yesterday, and the log.")
    yesterday = (datetime.now(ZoneInfo("Asia/Kolkata")) - timedelta(days=1)).date()
    report = manager.call("GET", f"reports/daily/?date={yesterday}", expect=(200, 404))
    if "figures" in report:
        orders = report["figures"]["orders"]
        told(f"{orders['count']} orders, revenue {', '.join(map(money, orders['revenue']))}")
    else:
        told(report["detail"])
    newest = manager.call("GET", "events/?type=product.deactivated")["results"][0]
    check(newest["subject"] == f"product:{product['id']}", "the log tells something else")
    told(f"{newest['type']} {newest['subject']}, by {newest['actor']['role']}")
    dairy.call("GET", "events/", expect=403)


def main() -> int:
    site = (sys.argv[1] if len(sys.argv) > 1 else SITE).rstrip("/")
    started = time.monotonic()
    try:
        tour(site)
        household(site)
        desk(site)
    except Surprise as surprise:
        print(f"\nNot as expected: {surprise}", file=sys.stderr)
        return 1
    except urllib.error.URLError as trouble:
        print(f"\n{site} does not answer ({trouble.reason}). Is it running? make run", file=sys.stderr)
        return 1
    print(f"\nAll as expected, in {time.monotonic() - started:.1f} s.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
