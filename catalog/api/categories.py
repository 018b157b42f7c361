"""Categories and packs as admins keep them."""

from typing import Any

from django.core.exceptions import ValidationError as ModelError
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from accounts.api.permissions import CategoryEditors, ProductEditors
from catalog.actions import save_category, switch_category, switch_variant
from catalog.models import Category
from catalog.queries import product_record
from milkdelivery.core.api.bodies import Body
from milkdelivery.core.api.throttles import Changes
from milkdelivery.core.web import actor_of

OFF_SALE = OpenApiResponse(description="Off sale. Orders and history go on pointing at it.")


class CategoryRecord(Body, serializers.ModelSerializer[Category]):
    """A category as it is kept."""

    slug = serializers.SlugField(read_only=True)
    illustration = serializers.ChoiceField(
        Category.Illustration.choices, required=False, help_text="The name of its drawing."
    )

    class Meta:
        model = Category
        fields = ["slug", "name", "name_hi", "illustration", "position", "is_active"]


class OneCategory(APIView):
    """A category, by its slug."""

    permission_classes = [CategoryEditors]

    def get_throttles(self) -> list[BaseThrottle]:
        return [] if self.request.method == "GET" else [Changes()]

    @extend_schema(operation_id="categories_retrieve", responses=CategoryRecord)
    def get(self, request: Request, slug: str) -> Response:
        """As it is kept, shown or not."""
        return Response(CategoryRecord(_category(slug)).data)

    @extend_schema(
        operation_id="categories_update", request=CategoryRecord, responses={200: CategoryRecord, 201: CategoryRecord}
    )
    def put(self, request: Request, slug: str) -> Response:
        """Change the whole of it (200), or make it where there is none (201)."""
        known = Category.objects.filter(slug=slug).first()
        kept = _kept(known or Category(slug=slug, illustration="other"), request, partial=False)
        return Response(kept, status=200 if known else 201)

    @extend_schema(
        operation_id="categories_partial_update", request=CategoryRecord(partial=True), responses=CategoryRecord
    )
    def patch(self, request: Request, slug: str) -> Response:
        """Change part of it."""
        return Response(_kept(_category(slug), request, partial=True))

    @extend_schema(operation_id="categories_destroy", responses={204: OFF_SALE})
    def delete(self, request: Request, slug: str) -> Response:
        """Hide it, and its products with it."""
        switch_category(_category(slug).pk, on=False, by=actor_of(request))
        return Response(status=204)


class OnePack(APIView):
    """A pack of a product."""

    permission_classes = [ProductEditors]

    def get_throttles(self) -> list[BaseThrottle]:
        return [Changes()]

    @extend_schema(operation_id="products_variants_destroy", responses={204: OFF_SALE})
    def delete(self, request: Request, pk: int, variant_pk: int) -> Response:
        """Take it off sale. PATCH of the product puts it back."""
        product = product_record(pk)
        if all(variant.pk != variant_pk for variant in product.variants.all()):
            raise NotFound(_("This product has no such pack."))
        switch_variant(variant_pk, on=False, by=actor_of(request))
        return Response(status=204)


def _category(slug: str) -> Category:
    found = Category.objects.filter(slug=slug).first()
    if found is None:
        raise NotFound(_("There is no such category."))
    return found


def _kept(category: Category, request: Request, *, partial: bool) -> Any:
    body = CategoryRecord(category, data=request.data, partial=partial)
    body.is_valid(raise_exception=True)
    for name, value in body.validated_data.items():
        setattr(category, name, value)
    try:
        category.full_clean()
    except ModelError as refusal:
        raise serializers.ValidationError(refusal.message_dict) from refusal
    save_category(category, by=actor_of(request))
    return CategoryRecord(category).data
