"""What is sent with a change: something that would go through, so that a refusal is one of the person.

By method and address as in the tables. Pages get forms, the API gets JSON and a key of its own.
"""

from __future__ import annotations

from typing import Any

DOOR = {"flat": "12", "line1": "4, 80 Feet Road", "city": "Bengaluru", "pincode": "560034"}
PURCHASE = {
    "lines": [{"variant_id": "{variant}", "quantity": 1}],
    "name": "Asha Rao",
    "contact": "asha@example.com",
    "address": DOOR,
    "slot": "MORNING",
    "delivery_date": "{day}",
    "payment_method": "COD",
}
PACK = {
    "name": "1 L",
    "unit": "ML",
    "size": 1000,
    "sku": "NEW-1000",
    "price": {"amount": "60.00", "currency": "INR"},
    "hsn_code": "0401",
    "shelf_life_days": 2,
}

DAIRY = {
    "name": "Krishna Dairy",
    "region": "BLR",
    "email": "krishna@example.com",
    "phone": "+918012345678",
    "address": "4 Mysuru Road, Bengaluru",
    "pincode": "560034",
    "latitude": "12.93000",
    "longitude": "77.62000",
}

BODIES: dict[str, dict[str, Any]] = {
    # pages
    "POST /pincode/": {"pincode": "560034"},
    "POST /cart/add/": {"variant": "{variant}", "quantity": "1"},
    "POST /cart/promo/": {"code": "{code}"},
    "POST /cart/choice/": {"variant": "{variant}", "if_short": "SUBSTITUTE"},
    "POST /cart/set/": {"variant": "{variant}", "to": "3"},
    "POST /orders/{order}/cancel/": {"why": "mistake"},
    "POST /orders/{order}/claims/": {"words": "Sour"},
    "POST /track/{tracking}/rating/": {"stars": "5"},
    "POST /account/profile/": {"name": "Somebody Else"},
    "POST /account/addresses/new/": DOOR,
    "POST /account/addresses/{address}/": DOOR,
    "POST /account/preferences/": {"slot": "MORNING", "payment_method": "COD", "language": "en"},
    "POST /account/wallet/top-up/": {"key": "once", "amount": "500", "how": "UPI", "upi": "success@demo"},
    "POST /account/wallet/low/": {"low_below": "50"},
    "POST /driver/pick-up/": {"delivery": "{packed}"},
    "POST /driver/stops/{carried}/deliver/": {"cash_collected": "76.00"},
    "POST /driver/stops/{carried}/fail/": {"reason": "REFUSED", "sure": "on"},
    "POST /api/v1/driver/sync/": {"sent_at": "2026-01-31T05:00:00Z", "actions": []},
    "POST /api/v1/deliveries/{carried}/failed/": {"reason": "REFUSED"},
    "POST /vendor/accept/": {"line": "{assigned}"},
    "POST /vendor/undo/": {"line": "{assigned}"},
    "POST /vendor/lines/{assigned}/reject/": {"available": "0", "reason": "CLOSED"},
    "POST /vendor/orders/{order}/reject/": {"reason": "CLOSED"},
    "POST /vendor/days/{day}/reject/": {"reason": "CLOSED"},
    "POST /vendor/stock/": {"variant": "{variant}", "change": "1"},
    "POST /vendor/stock/{variant}/receive/": {"quantity": "5"},
    "POST /vendor/stock/{variant}/days/": {"on_{day}": "40"},
    "POST /vendor/stock/{variant}/days/{supplied}/receive/": {"quantity": "5"},
    "POST /i18n/setlang/": {"language": "hi"},
    "POST /waitlist/": {"pincode": "560099", "contact": "somebody@example.com"},
    # the API
    "POST /api/v1/waitlist/": {"pincode": "560099", "contact": "somebody@example.com"},
    "POST /api/v1/vendors/": DAIRY,
    "PUT /api/v1/vendors/{vendor}/": DAIRY,
    "PATCH /api/v1/vendors/{vendor}/": {"daily_order_limit": 80},
    "PUT /api/v1/vendors/{vendor}/areas/": {"pincodes": ["560034"]},
    "PUT /api/v1/vendors/{vendor}/offers/{variant}/": {"cost_price": {"amount": "23.00", "currency": "INR"}},
    "PUT /api/v1/vendors/{vendor}/capacity/{day}/": {"order_limit": 20, "note": "Pongal"},
    "POST /api/v1/vendors/me/assignments/{assigned}/reject/": {"reason": "CLOSED"},
    "POST /api/v1/vendors/me/assignments/{assigned}/short/": {"available": 1},
    "POST /api/v1/vendors/me/orders/{order}/reject/": {"reason": "CLOSED"},
    "POST /api/v1/vendors/me/assignments/accept/": {"date": "{day}"},
    "POST /api/v1/vendors/me/assignments/reject/": {"date": "{day}", "reason": "CLOSED"},
    "POST /api/v1/cart/promo/": {"code": "{code}"},
    "POST /api/v1/cart/items/": {"variant_id": "{variant}", "quantity": 1},
    "PATCH /api/v1/cart/items/{line}/": {"quantity": 4},
    "POST /api/v1/wallet/topups/": {
        "amount": {"amount": "500.00", "currency": "INR"},
        "payment_method": "CARD",
    },
    "POST /api/v1/orders/{order}/reorder/": {"expected_total": {"amount": "72.00", "currency": "INR"}},
    "POST /api/v1/orders/usual/": {"expected_total": {"amount": "72.00", "currency": "INR"}},
    "POST /api/v1/orders/": PURCHASE,
    "POST /api/v1/orders/precheck/": PURCHASE,
    "POST /api/v1/inventory/movements/": {
        "vendor_id": "{vendor}",
        "variant_id": "{variant}",
        "operation": "ADD",
        "quantity": 5,
    },
    "PUT /api/v1/inventory/supplies/": {
        "vendor_id": "{vendor}",
        "variant_id": "{variant}",
        "date": "{supplied}",
        "quantity": 9,
    },
    "POST /api/v1/inventory/supplies/receive/": {
        "vendor_id": "{vendor}",
        "variant_id": "{variant}",
        "date": "{supplied}",
        "quantity": 5,
    },
    "POST /api/v1/payments/": {"order": "{order}", "payment_method": "COD"},
    "POST /api/v1/payments/{payment}/refund/": {"reason": "Sour"},
    "PATCH /api/v1/orders/{order}/": {"special_instructions": "Ring twice"},
    "PUT /api/v1/orders/{order}/cancel/": {"reason": "Changed my mind"},
    "POST /api/v1/orders/{order}/hold/": {"reason": "Asks for another door"},
    "POST /api/v1/orders/{order}/reject/": {"reason": "No such door"},
    "POST /api/v1/orders/{order}/claims/": {"lines": [{"line_id": "{assigned}", "quantity": 1, "reason": "SPOILED"}]},
    "PATCH /api/v1/deliveries/{delivery}/": {"stop": 1},
    "POST /api/v1/routes/": {"hub": "{hub}", "date": "{day}", "slot": "MORNING"},
    "POST /api/v1/routes/plan/": {"hub": "{hub}", "date": "{day}", "slot": "MORNING"},
    "POST /api/v1/routes/call-off/": {"hub": "{hub}", "date": "{day}", "slot": "MORNING", "reason": "Storm"},
    "PATCH /api/v1/routes/{route}/": {"is_locked": True},
    "PUT /api/v1/routes/{route}/stops/": {"stops": ["{door}"]},
    "POST /api/v1/routes/{route}/stops/": {"stops": [{"id": "{door}", "route": "{route}", "sequence": 1}]},
    "POST /api/v1/routes/{route}/call-off/": {"reason": "Storm"},
    "POST /api/v1/orders/{order}/rating/": {"stars": 5},
    "POST /api/v1/claims/{goods_claim}/reject/": {"reason": "It was fresh"},
    "POST /api/v1/products/": {"name": "Goat milk", "category": "milk", "variants": [PACK]},
    "PUT /api/v1/products/{product}/": {"name": "Renamed", "category": "milk"},
    "PATCH /api/v1/products/{product}/": {"name": "Renamed"},
    "PUT /api/v1/categories/{category}/": {"name": "Renamed"},
    "PATCH /api/v1/categories/{category}/": {"name": "Renamed"},
    "PATCH /api/v1/products/{product}/images/{image}/": {"alt": "A glass"},
    "POST /api/v1/prices/": {
        "variant": "{variant}",
        "region": "BLR",
        "price": {"amount": "30.00", "currency": "INR"},
        "valid_from": "{next_year}",
    },
    "PATCH /api/v1/prices/{price}/": {"valid_until": "{next_year}"},
    "POST /api/v1/users/": {"name": "New Person", "email": "new@example.com", "password": "fresh-milk-daily"},
    "POST /api/v1/events/clicks/": {"element": "add-to-cart", "page": "product"},
    "POST /api/v1/push-subscriptions/": {
        "endpoint": "https://updates.push.services.mozilla.com/wpush/v2/somebody",
        "keys": {"p256dh": "BA" + "A" * 85, "auth": "A" * 22},
    },
    "POST /api/v1/users/check/": {"contact": "somebody@example.com"},
    "PUT /api/v1/users/{user}/": {"name": "Renamed"},
    "PATCH /api/v1/users/me/": {"name": "Renamed"},
    "POST /api/v1/users/me/addresses/": DOOR,
    "PUT /api/v1/users/me/addresses/{address}/": DOOR,
    "PATCH /api/v1/users/me/addresses/{address}/": {"flat": "13"},
    "PUT /api/v1/users/me/preferences/": {"slot": "EVENING"},
    "PATCH /api/v1/users/me/preferences/": {"slot": "EVENING"},
}


def body_of(row: str, names: dict[str, Any]) -> dict[str, Any]:
    """The body of a line of the tables, with what the names stand for."""
    return {name: _filled(value, names) for name, value in BODIES.get(row, {}).items()}


def _filled(value: Any, names: dict[str, Any]) -> Any:
    if isinstance(value, dict):
        return {name: _filled(inner, names) for name, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, names) for inner in value]
    if isinstance(value, str) and value.startswith("{"):
        return names[value.strip("{}")]
    return value
