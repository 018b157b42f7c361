"""The photo of what stands at a door, sent after the tap that it belongs to."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from deliveries.actions import PhotoSent
from deliveries.api.tapping import ByDrivers, fitting
from deliveries.photos import receive_photo
from milkdelivery.core.api.parsers import is_storable
from milkdelivery.core.errors import NotAllowed
from milkdelivery.core.web import actor_of

LONGEST_SENT = 255


class DoorPhotoSerializer(serializers.Serializer[Any]):
    """A photo, and which tap it belongs to."""

    key = serializers.CharField(
        max_length=LONGEST_SENT,
        help_text="Of the tap: its `key` in `driver/sync/`, or the Idempotency-Key of the call.",
    )
    photo = serializers.FileField(
        allow_empty_file=True,
        help_text="JPEG, PNG or WebP, at most 20 MB. What the camera wrote beside it is left behind.",
    )

    def validate_key(self, key: str) -> str:
        if not is_storable(key):
            raise serializers.ValidationError(_("The body holds a character that is not allowed."))
        return fitting(key)


class PhotoKeptSerializer(serializers.Serializer[Any]):
    """A photo that is kept under a tap's key, perhaps one that came before."""

    key = serializers.CharField()
    width = serializers.IntegerField(source="photo_width", help_text="In pixels, as it is kept.")
    height = serializers.IntegerField(source="photo_height")
    is_shown = serializers.SerializerMethodField()

    def get_is_shown(self, proof: Any) -> bool:
        """Whether it proves the delivery now. False while its tap is still to come, or does not stand."""
        return proof.proves_id is not None


class DoorProof(ByDrivers):
    """What proves a delivery."""

    parser_classes = [MultiPartParser]

    @extend_schema(
        operation_id="deliveries_proof",
        request={"multipart/form-data": DoorPhotoSerializer},
        responses=PhotoKeptSerializer,
    )
    def put(self, request: Request, pk: int) -> Response:
        """A driver's photo of what stands at the door, before or after its tap. Once: another one under the same key
        changes nothing. Safe to repeat.

        409 `door_photo_not_needed` where the tap was taken back or refused, `round_over` where none came and none can
        count any more: forget the photo then. 422 `bad_picture`, and `key_reused` for the key of something else.
        """
        driver = self.driver()
        if driver is None:
            raise NotAllowed(_("Only drivers tap on rounds."))
        body = DoorPhotoSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        upload = body.validated_data["photo"]
        sent = PhotoSent(pk, body.validated_data["key"], driver)
        proof = receive_photo(sent, upload, size=upload.size, by=actor_of(request))
        return Response(PhotoKeptSerializer(proof).data)
