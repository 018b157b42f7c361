"""Products as they are sold at a place."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import generics, serializers, status
from rest_framework.exceptions import NotFound
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from accounts.api.permissions import Anybody, ProductEditors
from cart.queries import next_day
from catalog.actions import deactivate_product
from catalog.api.records import LARGEST_ID, ProductRecord, keep_product
from catalog.models import Category, DietaryFact, Product, Variant
from catalog.queries import (
    Price,
    PriceRange,
    category_shelf,
    in_shelf_order,
    price_of,
    product_record,
    products_on_sale,
)
from inventory.queries import Availability, availability_at
from milkdelivery.core.api import MoneyField, same_for_all
from milkdelivery.core.api.places import Place, PlaceQuery, place_of
from milkdelivery.core.api.throttles import Changes
from milkdelivery.core.money import Money
from milkdelivery.core.web import actor_of
from vendors.queries import products_offered_by

UNCHANGED = OpenApiResponse(description="The caller has it already (If-None-Match).")
TAGGED = {"If-None-Match": "The ETag of the answer that the caller has."}


# -- reading -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack that can be bought: what it costs there, and how much is left."""

    variant: Variant
    price: Price
    availability: Availability


@dataclass(frozen=True, slots=True)
class Offered:
    """A product with its packs at one place."""

    product: Product
    packs: Sequence[Pack]


class CategorySerializer(serializers.ModelSerializer[Category]):
    class Meta:
        model = Category
        fields = ["slug", "name"]
        read_only_fields = fields


class PackSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(source="variant.pk", help_text="What carts and orders name: `variant_id`.")
    name = serializers.CharField(source="variant.name")
    unit = serializers.ChoiceField(Variant.Unit.choices, source="variant.unit")
    size = serializers.IntegerField(source="variant.size", help_text="In units.")
    sku = serializers.CharField(source="variant.sku")
    price = MoneyField(source="price.price")
    mrp = MoneyField(source="price.mrp", allow_null=True)
    deposit = MoneyField(source="price.deposit", help_text="Given back with the bottle.")
    shelf_life_days = serializers.IntegerField(source="variant.shelf_life_days")
    is_subscribable = serializers.BooleanField(source="variant.is_subscribable")
    availability = serializers.ChoiceField(["IN_STOCK", "LOW", "OUT"], source="availability.state")
    available_quantity = serializers.IntegerField(source="availability.quantity", help_text="At most 50.")


class ProductSerializer(serializers.Serializer[Any]):
    """A product with the packs that can be bought there, at the prices of the next delivery."""

    id = serializers.IntegerField(source="product.pk")
    name = serializers.CharField(source="product.name")
    name_hi = serializers.CharField(source="product.name_hi")
    slug = serializers.CharField(source="product.slug")
    description = serializers.CharField(source="product.description")
    category = CategorySerializer(source="product.category")
    dietary_facts = serializers.ListField(
        child=serializers.ChoiceField(DietaryFact.choices), source="product.dietary_facts"
    )
    variants = PackSerializer(many=True, source="packs")


class ProductQuery(PlaceQuery):
    category = serializers.SlugField(required=False, max_length=50, help_text="The slug of a category.")
    q = serializers.CharField(required=False, max_length=80, allow_blank=True, help_text="In English and Hindi names.")
    vendor = serializers.IntegerField(required=False, min_value=1, max_value=LARGEST_ID)
    price_min = serializers.DecimalField(
        required=False, max_digits=10, decimal_places=2, min_value=0, help_text="In the market's currency."
    )
    price_max = serializers.DecimalField(required=False, max_digits=10, decimal_places=2, min_value=0)


class Products(generics.ListAPIView[Product]):
    """The catalogue."""

    permission_classes = [ProductEditors]
    serializer_class = ProductSerializer
    queryset = Product.objects.none()  # for the description; what is shown depends on the place
    cursor_ordering = "shelf_key"
    headers_read = TAGGED

    def get_throttles(self) -> list[BaseThrottle]:
        return [Changes()] if self.request.method == "POST" else []

    @extend_schema(
        operation_id="products_list",
        parameters=[ProductQuery],
        responses={200: ProductSerializer(many=True), 304: UNCHANGED},
    )
    @same_for_all
    def get(self, request: Request) -> Response:
        """What can be bought, in the order of the shelf. `pincode` or `region` say where."""
        asked = ProductQuery(data=request.query_params)
        asked.is_valid(raise_exception=True)
        place = place_of(asked.validated_data)
        page: Sequence[Product] = self.paginate_queryset(_found(asked.validated_data, place)) or []
        return self.get_paginated_response(ProductSerializer(offered(page, place), many=True).data)

    @extend_schema(operation_id="products_create", request=ProductRecord, responses={201: ProductRecord})
    def post(self, request: Request) -> Response:
        """A new product with its packs."""
        product = keep_product(Product(), request, partial=False)
        return Response(ProductRecord(product).data, status=status.HTTP_201_CREATED)


class OneProduct(APIView):
    """One product."""

    permission_classes = [ProductEditors]
    headers_read = TAGGED

    def get_throttles(self) -> list[BaseThrottle]:
        return [] if self.request.method in ("GET", "HEAD", "OPTIONS") else [Changes()]

    @extend_schema(
        operation_id="products_retrieve", parameters=[PlaceQuery], responses={200: ProductSerializer, 304: UNCHANGED}
    )
    @same_for_all
    def get(self, request: Request, pk: int) -> Response:
        """As it is sold at a place; 404 where it is not."""
        asked = PlaceQuery(data=request.query_params)
        asked.is_valid(raise_exception=True)
        place = place_of(asked.validated_data)
        found = offered(products_on_sale(region=place.region, on=_day(place)).filter(pk=pk), place)
        if not found:
            raise NotFound(_("This is not sold there."))
        return Response(ProductSerializer(found[0]).data)

    @extend_schema(operation_id="products_update", request=ProductRecord, responses=ProductRecord)
    def put(self, request: Request, pk: int) -> Response:
        """The whole record. Packs that are not sent stay as they are."""
        return Response(ProductRecord(keep_product(product_record(pk), request, partial=False)).data)

    @extend_schema(
        operation_id="products_partial_update",
        request=ProductRecord(partial=True),
        responses=ProductRecord,
    )
    def patch(self, request: Request, pk: int) -> Response:
        """Part of the record. Nothing changes for nothing sent, and the answer is the whole of it."""
        return Response(ProductRecord(keep_product(product_record(pk), request, partial=True)).data)

    @extend_schema(
        operation_id="products_destroy",
        responses={204: OpenApiResponse(description="Off sale. Orders and history go on pointing at it.")},
    )
    def delete(self, request: Request, pk: int) -> Response:
        """Take it off sale."""
        deactivate_product(product_record(pk).pk, by=actor_of(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class Categories(APIView):
    """The categories, in the order of the shelf."""

    permission_classes: list[type[BasePermission]] = [Anybody]
    headers_read = TAGGED

    @extend_schema(
        operation_id="categories_list", responses={200: CategorySerializer(many=True), 304: UNCHANGED}, filters=False
    )
    @same_for_all
    def get(self, request: Request) -> Response:
        """All of them, on one page."""
        return Response(CategorySerializer(category_shelf(), many=True).data)


def offered(products: Iterable[Product], place: Place) -> list[Offered]:
    """The products with price and availability of each pack that is sold there. Two queries, whatever the number."""
    priced = [(product, _sold(product, place)) for product in products]
    ids = [variant.pk for _product, sold in priced for variant, _price in sold]
    left = availability_at(place.code, ids, on=_day(place))
    return [
        Offered(product, [Pack(variant, price, left[variant.pk]) for variant, price in sold])
        for product, sold in priced
        if sold
    ]


def _sold(product: Product, place: Place) -> list[tuple[Variant, Price]]:
    priced = ((variant, price_of(variant, place.region)) for variant in product.variants.all())
    return [(variant, price) for variant, price in priced if price is not None]


def _day(place: Place) -> date:
    """The delivery day that prices are shown for."""
    return next_day(place.book, place.region)


def _found(asked: Mapping[str, Any], place: Place) -> QuerySet[Product]:
    least, most = (
        Money.from_decimal(asked[end], place.region.currency) if end in asked else None
        for end in ("price_min", "price_max")
    )
    products = products_on_sale(
        region=place.region,
        on=_day(place),
        category=asked.get("category"),
        search=asked.get("q"),
        prices=PriceRange(least, most) if least or most else None,
    )
    if "vendor" in asked:
        products = products.filter(pk__in=products_offered_by(asked["vendor"]))
    return in_shelf_order(products)
