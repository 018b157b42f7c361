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
from catalog.api.images import PictureSerializer
from catalog.api.records import LARGEST_ID, ProductRecord, keep_product
from catalog.models import Category, DietaryFact, Product, Variant
from catalog.queries import (
    Price,
    PriceRange,
    Search,
    Sort,
    category_shelf,
    in_order,
    price_of,
    product_record,
    products_on_sale,
    search_for,
)
from catalog.rules.packs import in_hindi
from catalog.rules.words import LONGEST_SEARCH
from inventory.queries import Availability, availability_at, may_come_at, products_left_at
from milkdelivery.core.api import CursorPagination, MoneyField, same_for_all
from milkdelivery.core.api.places import Place, PlaceQuery, place_of
from milkdelivery.core.api.throttles import Changes
from milkdelivery.core.money import Money
from milkdelivery.core.web import actor_of
from vendors.queries import products_offered_by, serving_vendors

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
        fields = ["slug", "name", "name_hi"]
        read_only_fields = fields


class PackSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(source="variant.pk", help_text="What carts and orders name: `variant_id`.")
    name = serializers.CharField(source="variant.name")
    name_hi = serializers.SerializerMethodField(help_text="The size in Hindi.")
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

    def get_name_hi(self, pack: Pack) -> str:
        return in_hindi(pack.variant.name)


class ProductSerializer(serializers.Serializer[Any]):
    """A product with the packs that can be bought there, at the prices of the next delivery."""

    id = serializers.IntegerField(source="product.pk")
    name = serializers.CharField(source="product.name")
    name_hi = serializers.CharField(source="product.name_hi")
    slug = serializers.CharField(source="product.slug")
    description = serializers.CharField(source="product.description")
    description_hi = serializers.CharField(source="product.description_hi", help_text="Empty where nobody wrote it.")
    category = CategorySerializer(source="product.category")
    dietary_facts = serializers.ListField(
        child=serializers.ChoiceField(DietaryFact.choices), source="product.dietary_facts"
    )
    picture = PictureSerializer(source="product.picture", allow_null=True, help_text="The one that stands for it.")
    variants = PackSerializer(many=True, source="packs")


class ProductQuery(PlaceQuery):
    category = serializers.SlugField(required=False, max_length=50, help_text="The slug of a category.")
    q = serializers.CharField(
        required=False,
        max_length=LONGEST_SEARCH,
        allow_blank=True,
        help_text="Words of names in English and Hindi, of categories and of descriptions; the beginning of a word is "
        "enough, and typos are mended: `understood_as` in the answer says how.",
    )
    vendor = serializers.IntegerField(required=False, min_value=1, max_value=LARGEST_ID, help_text="Supplied by it.")
    price_min = serializers.DecimalField(
        required=False, max_digits=10, decimal_places=2, min_value=0, help_text="In the market's currency."
    )
    price_max = serializers.DecimalField(required=False, max_digits=10, decimal_places=2, min_value=0)
    dietary = serializers.MultipleChoiceField(
        choices=DietaryFact.choices, required=False, help_text="Products that are all of it."
    )
    available = serializers.BooleanField(
        required=False, default=False, help_text="Only what can be had for the next delivery. Needs a `pincode`."
    )
    sort = serializers.ChoiceField(
        list(Sort), required=False, help_text="`match` for a search, else `shelf`, where nothing is said."
    )

    def validate_category(self, slug: str) -> str:
        if slug not in {category.slug for category in category_shelf()}:
            raise serializers.ValidationError(_("There is no such category."))
        return slug

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        problems = {}
        if "price_min" in attrs and "price_max" in attrs and attrs["price_min"] > attrs["price_max"]:
            problems["price_max"] = [_("This is below the lowest price.")]
        if attrs.get("available") and "pincode" not in attrs:
            problems["available"] = [_("Say for which pincode.")]
        if attrs.get("sort") == Sort.MATCH and not attrs.get("q"):
            problems["sort"] = [_("Only a search has best matches.")]
        if "vendor" in attrs and not serving_vendors().filter(pk=attrs["vendor"]).exists():
            problems["vendor"] = [_("There is no such dairy.")]
        if problems:
            raise serializers.ValidationError(problems)
        return attrs


class FoundProducts(CursorPagination):
    """Pages of products, which say how a search was understood."""

    understood_as: str | None = None

    def get_paginated_response(self, data: Any) -> Response:
        response = super().get_paginated_response(data)
        response.data["understood_as"] = self.understood_as
        return response

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        described: dict[str, Any] = super().get_paginated_response_schema(schema)
        described["properties"]["understood_as"] = {
            "type": ["string", "null"],
            "description": "What `q` was taken for, where nothing is called as it was typed.",
            "example": "paneer",
        }
        described["required"] = [*described.get("required", []), "understood_as"]
        return described


class Products(generics.ListAPIView[Product]):
    """The catalogue."""

    permission_classes = [ProductEditors]
    serializer_class = ProductSerializer
    queryset = Product.objects.none()  # for the description; what is shown depends on the place
    pagination_class = FoundProducts
    cursor_ordering: tuple[str, ...] = ("shelf_key",)
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
        """What can be bought. `pincode` or `region` say where."""
        asked = ProductQuery(data=request.query_params)
        asked.is_valid(raise_exception=True)
        place = place_of(asked.validated_data)
        search = search_for(asked.validated_data["q"]) if asked.validated_data.get("q") else None
        if search and isinstance(self.paginator, FoundProducts):
            self.paginator.understood_as = search.understood if search.is_corrected else None
        products, self.cursor_ordering = _found(asked.validated_data, place, search)
        page: Sequence[Product] = self.paginate_queryset(products) or []
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
    left = availability_at(place.code, ids, region_id=place.region.pk, on=_day(place))
    return [
        Offered(product, [Pack(variant, price, left[variant.pk]) for variant, price in sold])
        for product, sold in priced
        if sold
    ]


def _sold(product: Product, place: Place) -> list[tuple[Variant, Price]]:
    priced = ((variant, price_of(variant, place.region)) for variant in product.packs)
    return [(variant, price) for variant, price in priced if price is not None]


def _day(place: Place) -> date:
    """The delivery day that prices are shown for."""
    return next_day(place.book, place.region)


def _found(asked: Mapping[str, Any], place: Place, search: Search | None) -> tuple[QuerySet[Product], tuple[str, ...]]:
    """The products, and the fields that sort them."""
    day = _day(place)
    least, most = (
        Money.from_decimal(asked[end], place.region.currency) if end in asked else None
        for end in ("price_min", "price_max")
    )
    products = products_on_sale(
        region=place.region,
        on=day,
        category=asked.get("category"),
        search=search,
        prices=PriceRange(least, most),
        facts=sorted(asked.get("dietary", ())),
    )
    if "vendor" in asked:
        products = products.filter(pk__in=products_offered_by(asked["vendor"]))
    if asked["available"]:
        products = products.filter(pk__in=products_left_at(place.code, region_id=place.region.pk, on=day))
    sort = Sort(asked.get("sort", Sort.MATCH if search else Sort.SHELF))
    can_come = may_come_at(place.code, region_id=place.region.pk, on=day)
    return in_order(products, sort, region=place.region, on=day, search=search, can_come=can_come)
