"""Pictures of products as admins keep them."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from accounts.api.permissions import ProductEditors
from catalog.actions import add_images, arrange_images, remove_image
from catalog.actions.images import Place
from catalog.images import render
from catalog.models import Product, ProductImage
from catalog.queries import product_record
from catalog.rules.pictures import Picture
from milkdelivery.core.api import JSONParser
from milkdelivery.core.api.bodies import Body
from milkdelivery.core.api.throttles import Changes
from milkdelivery.core.web import actor_of

HIGHEST_POSITION = 1000


class SourceSerializer(serializers.Serializer[Any]):
    """A file of a picture. Its address never shows anything else."""

    width = serializers.IntegerField(help_text="Pixels.")
    url = serializers.CharField(help_text="Under this site's own address.")


class PictureSerializer(serializers.Serializer[Any]):
    """A picture as a screen shows it: WebP in several widths."""

    alt = serializers.CharField(help_text="What it shows, in words.")
    width = serializers.IntegerField(help_text="Pixels of the largest.")
    height = serializers.IntegerField()
    sources = SourceSerializer(many=True)

    def to_representation(self, instance: Picture) -> dict[str, Any]:
        sources = [{"width": width, "url": instance.address(width)} for width in instance.widths]
        return {"alt": instance.alt, "width": instance.width, "height": instance.height, "sources": sources}


class ImageSerializer(PictureSerializer):
    """A picture of a product: WebP in several widths."""

    id = serializers.IntegerField()
    position = serializers.IntegerField(help_text="The first one stands for the product.")

    def to_representation(self, instance: Any) -> dict[str, Any]:
        image: ProductImage = instance
        return {"id": image.pk, "position": image.position, **super().to_representation(image.picture)}


class ImageUpload(Body):
    file = serializers.FileField(allow_empty_file=True, help_text="JPEG, PNG or WebP, at most 10 MB.")
    alt = serializers.CharField(max_length=160, help_text="What it shows, in words.")


class ImageChange(Body):
    alt = serializers.CharField(required=False, max_length=160)
    position = serializers.IntegerField(required=False, min_value=1, max_value=HIGHEST_POSITION)


class Images(APIView):
    """The pictures of a product, in order."""

    permission_classes = [ProductEditors]
    parser_classes = [MultiPartParser]

    def get_throttles(self) -> list[BaseThrottle]:
        return [Changes()] if self.request.method == "POST" else []

    @extend_schema(operation_id="products_images_list", responses=ImageSerializer(many=True), filters=False)
    def get(self, request: Request, pk: int) -> Response:
        """All of them."""
        return Response(ImageSerializer(_images_of(product_record(pk)), many=True).data)

    @extend_schema(
        operation_id="products_images_create",
        request={"multipart/form-data": ImageUpload},
        responses={201: ImageSerializer},
    )
    def post(self, request: Request, pk: int) -> Response:
        """Another picture, behind those that are there. What the camera wrote beside it is left behind."""
        product = product_record(pk)
        body = ImageUpload(data=request.data)
        body.is_valid(raise_exception=True)
        upload = body.validated_data["file"]
        made = render(upload, size=upload.size)
        (image,) = add_images(product.pk, rendered=[made], alt=body.validated_data["alt"], by=actor_of(request))
        return Response(ImageSerializer(image).data, status=status.HTTP_201_CREATED)


class OneImage(APIView):
    """A picture of a product."""

    permission_classes = [ProductEditors]
    parser_classes = [JSONParser]

    def get_throttles(self) -> list[BaseThrottle]:
        return [Changes()]

    @extend_schema(
        operation_id="products_images_partial_update", request=ImageChange, responses=ImageSerializer(many=True)
    )
    def patch(self, request: Request, pk: int, image_pk: int) -> Response:
        """Other words or another place; all pictures in their order."""
        product, image = _image(pk, image_pk)
        body = ImageChange(data=request.data)
        body.is_valid(raise_exception=True)
        values = body.validated_data
        order = [each for each in _images_of(product) if each.pk != image.pk]
        order.insert(min(values.get("position", image.position) - 1, len(order)), image)
        words = {image.pk: values.get("alt", image.alt)}
        places = {each.pk: Place(place, words.get(each.pk, each.alt)) for place, each in enumerate(order, start=1)}
        return Response(
            ImageSerializer(arrange_images(product.pk, places=places, by=actor_of(request)), many=True).data
        )

    @extend_schema(
        operation_id="products_images_destroy", responses={204: OpenApiResponse(description="It is shown no more.")}
    )
    def delete(self, request: Request, pk: int, image_pk: int) -> Response:
        """Take it off the product."""
        product, image = _image(pk, image_pk)
        remove_image(product.pk, image.pk, by=actor_of(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


def _images_of(product: Product) -> list[ProductImage]:
    return list(product.images.all())


def _image(pk: int, image_pk: int) -> tuple[Product, ProductImage]:
    product = product_record(pk)
    found = next((image for image in _images_of(product) if image.pk == image_pk), None)
    if found is None:
        raise NotFound(_("This product has no such picture."))
    return product, found
