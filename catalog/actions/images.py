"""Writes of products' pictures. The slow part, the picture itself, is done before and after in `catalog.images`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from catalog import images
from catalog.events import ProductUpdated
from catalog.images import Rendered
from catalog.models import Product, ProductImage
from catalog.rules.pictures import MOST_PICTURES
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.errors import DomainError, InvalidInput, NotFound
from milkdelivery.core.eventlog import emit
from milkdelivery.core.jobs import enqueue
from milkdelivery.core.pictures import BadPicture

LOST_AFTER = timedelta(days=1)
"""Far longer than an upload takes."""


class TooManyPictures(DomainError):
    code = "too_many_pictures"


class NoWords(InvalidInput):
    """A picture needs words for who can't see it."""

    code = "alt_missing"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a picture stands among those of its product, and its words."""

    position: int
    alt: str


def add_images(
    product_id: int, *, rendered: Sequence[Rendered], alt: str, by: Actor, field: str = "file"
) -> list[ProductImage]:
    """Add pictures to a product, behind those that it has: all of them or none.

    Stores their files, so it is called outside a transaction. Raises TooManyPictures, NoWords, and BadPicture for one
    that the product has already. Emits ProductUpdated.
    """
    if not alt.strip():
        raise NoWords(_("Say what the picture shows."), field="alt")
    for picture in rendered:
        images.store(picture)
    try:
        added = _add(product_id, rendered=rendered, alt=alt.strip(), by=by, field=field)
    except DomainError:
        for picture in rendered:
            enqueue("catalog.tasks.forget_picture", picture.stem)  # nobody asks for these files
        raise
    for picture in rendered:
        images.store(picture)  # once more: a worker may have been forgetting an equal one meanwhile
    return added


def arrange_images(
    product_id: int, *, places: Mapping[int, Place], removed: Iterable[int] = (), by: Actor
) -> list[ProductImage]:
    """Give pictures of a product (by id) their place and words, and remove some. What is left, in order.

    Equal positions keep their order. The files of what is removed are deleted by a worker. Ids of other products'
    pictures are ignored. Raises NoWords. Emits ProductUpdated.
    """
    gone = set(removed)
    with transaction.atomic():
        product = _locked(product_id)
        found = list(product.images.all())
        for image in found:
            if image.pk in gone:
                _remove(image)
        kept = [image for image in found if image.pk and image.pk not in gone]
        wanted = {image.pk: places.get(image.pk) or Place(image.position, image.alt) for image in kept}
        kept.sort(key=lambda image: (wanted[image.pk].position, image.pk))
        for position, image in enumerate(kept, start=1):
            _put(image, Place(position, wanted[image.pk].alt.strip()))
        emit(ProductUpdated(product.pk), actor=by)
    return kept


def remove_image(product_id: int, image_id: int, *, by: Actor) -> None:
    """Take a picture off a product. Safe to repeat. A worker deletes its files. Emits ProductUpdated."""
    with transaction.atomic():
        product = _locked(product_id)
        image = product.images.filter(pk=image_id).first()
        if image is None:
            return
        _remove(image)
        emit(ProductUpdated(product.pk), actor=by)


def forget_picture(stem: str) -> None:
    """Delete the files of a picture that no product has any more. Safe to repeat.

    Holds the stem, so that nobody adds an equal picture between the look and the deletion.
    """
    with transaction.atomic():
        ProductImage.objects.lock_stem(stem)
        if not ProductImage.objects.filter(stem=stem).exists():
            images.forget(stem)


def lost_pictures() -> list[str]:
    """The stems of pictures that no product has and whose files have lain there for a day: who stored them died before
    the row was written, or whoever was to delete them did."""
    old = images.old_stems(before=clock.real_now() - LOST_AFTER)
    return sorted(old.difference(ProductImage.objects.filter(stem__in=old).values_list("stem", flat=True)))


def _add(product_id: int, *, rendered: Sequence[Rendered], alt: str, by: Actor, field: str) -> list[ProductImage]:
    """The rows, in one transaction."""
    with transaction.atomic():
        product = _locked(product_id)
        kept = list(product.images.all())
        if len(kept) + len(rendered) > MOST_PICTURES:
            text = _("A product can have %(most)d pictures.") % {"most": MOST_PICTURES}
            raise TooManyPictures(text, field=field)
        known = {image.stem for image in kept}
        last = max((image.position for image in kept), default=0)
        for stem in sorted({picture.stem for picture in rendered}):  # in one order, whatever the order of the upload
            ProductImage.objects.lock_stem(stem)
        added = []
        for number, picture in enumerate(rendered, start=1):
            if picture.stem in known:
                raise BadPicture(_("The product has this picture already."), field=field, reason="known")
            known.add(picture.stem)
            added.append(
                ProductImage.objects.create(
                    product=product,
                    position=last + number,
                    alt=alt,
                    stem=picture.stem,
                    width=picture.width,
                    height=picture.height,
                )
            )
        emit(ProductUpdated(product.pk), actor=by)
    return added


def _locked(product_id: int) -> Product:
    try:
        return Product.objects.locked(product_id)
    except Product.DoesNotExist as unknown:
        raise NotFound(_("There is no such product.")) from unknown


def _remove(image: ProductImage) -> None:
    image.delete()
    enqueue("catalog.tasks.forget_picture", image.stem)


def _put(image: ProductImage, place: Place) -> None:
    if not place.alt:
        raise NoWords(_("Say what the picture shows."), field="alt")
    if (image.position, image.alt) != (place.position, place.alt):
        image.position, image.alt = place.position, place.alt
        image.save()
