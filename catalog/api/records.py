"""Products as admins keep them."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError as ModelError
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request

from catalog.actions import save_product
from catalog.models import Category, DietaryFact, Product, Variant
from catalog.queries import free_slug, product_record
from catalog.rules.names import LONGEST_SLUG, has_words, slug_of
from milkdelivery.core.api import MoneyField
from milkdelivery.core.api.bodies import Body
from milkdelivery.core.money import Money
from milkdelivery.core.web import actor_of

LARGEST_ID = 2**63 - 1
MOST_PACKS = 20


class PackRecord(Body, serializers.ModelSerializer[Variant]):
    """A pack as it is kept. `price`, `mrp` and `deposit` are those of the home market."""

    id = serializers.IntegerField(
        required=False, min_value=1, max_value=LARGEST_ID, help_text="Of the pack to change; a new one has none."
    )
    sku = serializers.CharField(max_length=40)
    price = MoneyField()
    mrp = MoneyField(required=False, allow_null=True)
    deposit = MoneyField(required=False)

    class Meta:
        model = Variant
        fields = [
            "id",
            "name",
            "unit",
            "size",
            "sku",
            "price",
            "mrp",
            "deposit",
            "hsn_code",
            "shelf_life_days",
            "is_subscribable",
            "is_active",
            "position",
        ]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        foreign = [
            name
            for name in ("price", "mrp", "deposit")
            if attrs.get(name) is not None and attrs[name].currency != settings.HOME_CURRENCY
        ]
        if foreign:
            text = _("The home market charges in %(currency)s.") % {"currency": settings.HOME_CURRENCY}
            raise serializers.ValidationError({name: [text] for name in foreign})
        return attrs


class ProductRecord(Body, serializers.ModelSerializer[Product]):
    """A product as it is kept, with all of its packs."""

    slug = serializers.SlugField(
        required=False, max_length=LONGEST_SLUG, help_text="Made from the names where none is sent."
    )
    category = serializers.SlugRelatedField(slug_field="slug", queryset=Category.objects.all())
    dietary_facts = serializers.ListField(
        child=serializers.ChoiceField(DietaryFact.choices), required=False, max_length=len(DietaryFact)
    )
    variants = PackRecord(many=True, required=False, max_length=MOST_PACKS)  # type: ignore[call-arg]

    class Meta:
        model = Product
        fields = [
            "id",
            "name",
            "name_hi",
            "slug",
            "description",
            "description_hi",
            "category",
            "dietary_facts",
            "is_active",
            "position",
            "variants",
        ]


def keep_product(product: Product, request: Request, *, partial: bool) -> Product:
    """The product with what was sent. Raises ValidationError by field, and TakenMeanwhile."""
    body = ProductRecord(product, data=request.data, partial=partial)
    body.is_valid(raise_exception=True)
    values = dict(body.validated_data)
    packs = [_pack(product, sent, place) for place, sent in enumerate(values.pop("variants", []))]
    for name, value in values.items():
        setattr(product, name, value)
    product.slug = product.slug or free_slug(slug_of(product.name, product.name_hi))
    # A name that says nothing is refused itself: nothing more is said of the address then.
    _check(product, exclude=[] if product.slug or has_words(product.name) else ["slug"])
    for place, pack in enumerate(packs):
        _check(pack, f"variants.{place}.", exclude=[] if product.pk else ["product"])
    _ensure_different(packs)
    save_product(product, by=actor_of(request), packs=packs)
    return product_record(product.pk)


def _pack(product: Product, sent: dict[str, Any], place: int) -> Variant:
    known = {variant.pk: variant for variant in product.variants.all()} if product.pk else {}
    pack = known.get(sent.pop("id")) if "id" in sent else Variant(mrp=None, deposit=Money.zero(settings.HOME_CURRENCY))
    if pack is None:
        raise serializers.ValidationError({f"variants.{place}.id": [_("This product has no such pack.")]})
    pack.product = product  # a new one is asked for its facts only
    for name, value in sent.items():
        setattr(pack, name, value)
    return pack


def _ensure_different(packs: Sequence[Variant]) -> None:
    """Two packs in one request must not clash either."""
    for name in ("id", "name", "sku"):
        values = [str(value).lower() for value in (getattr(pack, name) for pack in packs) if value is not None]
        if len(set(values)) < len(values):
            raise serializers.ValidationError({"variants": [_("Two packs have the same %(field)s.") % {"field": name}]})


def _check(record: Product | Variant, prefix: str = "", exclude: Sequence[str] = ()) -> None:
    try:
        record.full_clean(exclude=exclude)
    except ModelError as refusal:
        errors = {f"{prefix}{name}".replace("__all__", "non_field_errors"): told for name, told in _told(refusal)}
        raise serializers.ValidationError(errors) from refusal


def _told(refusal: ModelError) -> Iterable[tuple[str, list[str]]]:
    return refusal.message_dict.items()
