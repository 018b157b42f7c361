"""Who may call what. Every view of the API names one of these; whose record it is, is for the queries to decide."""

from typing import Any, ClassVar

from rest_framework import permissions
from rest_framework.request import Request

from accounts.rules import permitted
from milkdelivery.core.actors import Role


def role_of(request: Request) -> Role:
    return getattr(request.user, "role", Role.GUEST)


class Anybody(permissions.AllowAny):
    """Guests too."""

    who: ClassVar[str] = "Anybody."


class SignedIn(permissions.IsAuthenticated):
    """Whatever the role; each sees what is theirs."""

    who: ClassVar[str] = "Whoever is signed in."


class Roles(permissions.BasePermission):
    """People with one of `roles`."""

    roles: ClassVar[frozenset[Role]]

    def has_permission(self, request: Request, view: Any) -> bool:
        return role_of(request) in self.roles


class Vendors(Roles):
    who: ClassVar[str] = "Vendors."
    roles = frozenset({Role.VENDOR})


class StockKeepers(Roles):
    who: ClassVar[str] = "Staff, and a dairy for its own."
    roles = frozenset({Role.VENDOR, Role.MANAGER, Role.ADMIN})


class DriversAndStaff(Roles):
    who: ClassVar[str] = "Drivers, and staff."
    roles = frozenset({Role.DRIVER, Role.MANAGER, Role.ADMIN})


class Permitted(permissions.BasePermission):
    """Whose role has the permission that the method needs. A method without one is open to anybody."""

    needs: ClassVar[dict[str, str]]

    def has_permission(self, request: Request, view: Any) -> bool:
        needed = self.needs.get(request.method or "")
        return needed is None or permitted(role_of(request), needed)


class ProductEditors(Permitted):
    who: ClassVar[str] = "Reading: anybody. Writing: admins."
    needs = {
        "POST": "catalog.add_product",
        "PUT": "catalog.change_product",
        "PATCH": "catalog.change_product",
        "DELETE": "catalog.delete_product",
    }


class CategoryEditors(Permitted):
    who: ClassVar[str] = "Reading: anybody. Writing: admins."
    needs = {
        "PUT": "catalog.add_category",
        "PATCH": "catalog.change_category",
        "DELETE": "catalog.delete_category",
    }


class PriceKeepers(Permitted):
    who: ClassVar[str] = "Reading: managers and admins. Writing: admins."
    needs = {
        "GET": "catalog.view_pricelistentry",
        "POST": "catalog.add_pricelistentry",
        "PATCH": "catalog.change_pricelistentry",
        "DELETE": "catalog.delete_pricelistentry",
    }


class VendorEditors(Permitted):
    who: ClassVar[str] = "Reading: anybody. Writing: admins."
    needs = {
        "POST": "vendors.add_vendor",
        "PUT": "vendors.change_vendor",
        "PATCH": "vendors.change_vendor",
        "DELETE": "vendors.delete_vendor",
    }


class VendorKeepers(Permitted):
    who: ClassVar[str] = "Reading: managers and admins. Writing: admins."
    needs = {
        "GET": "vendors.view_vendor",
        "POST": "vendors.change_vendor",
        "PUT": "vendors.change_vendor",
        "DELETE": "vendors.change_vendor",
    }


class OrderRunners(Permitted):
    who: ClassVar[str] = "Managers and admins."
    needs = dict.fromkeys(("GET", "POST", "PUT", "PATCH", "DELETE"), "orders.change_order")
