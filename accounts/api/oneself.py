"""What belongs to the person who asks."""

from typing import Any, cast

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import actions, queries
from accounts.api.serializers import (
    AddressSerializer,
    DeviceSerializer,
    ErasingSerializer,
    MeSerializer,
    PreferencesSerializer,
    ProfileSerializer,
)
from accounts.forms.profile import country_of
from accounts.models import Address, Device, User
from accounts.signin.fresh import ensure_fresh, session_of
from milkdelivery.core.web import actor_of, device_of


def caller(request: Request) -> User:
    return cast(User, request.user)


class Me(APIView):
    """Oneself."""

    @extend_schema(operation_id="users_me_retrieve", responses=ProfileSerializer)
    def get(self, request: Request) -> Response:
        return Response(ProfileSerializer(caller(request)).data)

    @extend_schema(
        operation_id="users_me_destroy",
        request=ErasingSerializer,
        responses={
            204: OpenApiResponse(description="Erased; every token is worth nothing any more."),
            403: OpenApiResponse(description="`reauthentication_required`: see the export."),
            409: OpenApiResponse(
                description="`not_erasable`: something is under way; `facts.in_the_way` says what, with a code each. "
                "`wallet_not_empty` alone can be stepped over with `gives_up_money`."
            ),
        },
    )
    def delete(self, request: Request) -> Response:
        """Close the account for good and erase who one was.

        Orders stay without a name, invoices as they were issued. Needs a sign-in, or a password typed once more, within
        the last five minutes.
        """
        ensure_fresh(session_of(request), caller(request))
        body = ErasingSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        actions.erase_person(caller(request).pk, by=actor_of(request), **body.validated_data)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(operation_id="users_me_partial_update", request=MeSerializer, responses=ProfileSerializer)
    def patch(self, request: Request) -> Response:
        body = MeSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        changes = dict(body.validated_data)
        if changes.pop("profile_nudge_shown", False):
            actions.dismiss_profile_nudge(caller(request).pk, by=actor_of(request))
        actions.update_profile(caller(request).pk, by=actor_of(request), **changes)
        return Response(ProfileSerializer(queries.person(caller(request).pk)).data)


class Addresses(generics.ListAPIView[Address]):
    """One's addresses, the default first."""

    serializer_class = AddressSerializer
    cursor_ordering = ("-is_default", "id")

    def get_queryset(self) -> QuerySet[Address]:
        return queries.addresses_of(self.request.user.pk or 0)

    @extend_schema(request=AddressSerializer, responses={201: AddressSerializer})
    def post(self, request: Request) -> Response:
        address = _save(Address(user=caller(request)), request, partial=False)
        return Response(AddressSerializer(address).data, status=status.HTTP_201_CREATED)


class OneAddress(APIView):
    """One of one's addresses. Past orders keep what was theirs when it changes or goes."""

    @extend_schema(operation_id="users_me_addresses_retrieve", responses=AddressSerializer)
    def get(self, request: Request, pk: int) -> Response:
        return Response(AddressSerializer(queries.address_of(caller(request).pk, pk)).data)

    @extend_schema(request=AddressSerializer, responses=AddressSerializer)
    def put(self, request: Request, pk: int) -> Response:
        return self._change(request, pk, partial=False)

    @extend_schema(request=AddressSerializer(partial=True), responses=AddressSerializer)
    def patch(self, request: Request, pk: int) -> Response:
        return self._change(request, pk, partial=True)

    @extend_schema(responses={204: OpenApiResponse(description="Gone.")})
    def delete(self, request: Request, pk: int) -> Response:
        actions.delete_address(pk, user_id=caller(request).pk, by=actor_of(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _change(self, request: Request, pk: int, *, partial: bool) -> Response:
        address = _save(queries.address_of(caller(request).pk, pk), request, partial=partial)
        return Response(AddressSerializer(address).data)


def _save(address: Address, request: Request, *, partial: bool) -> Address:
    body = AddressSerializer(address, data=request.data, partial=partial)
    body.is_valid(raise_exception=True)
    values = dict(body.validated_data)
    name = values.pop("name", "")
    if address.is_default:
        values.pop("is_default", None)  # another address takes its place, it does not resign
    for field, value in values.items():
        setattr(address, field, value)
    address.country = country_of(address.pincode)
    by = actor_of(request)
    if name and not caller(request).name:
        actions.update_profile(caller(request).pk, name=name, by=by)
    return actions.save_address(address, by=by)


class OwnPreferences(APIView):
    """What one chose once and should not be asked again."""

    @extend_schema(responses=PreferencesSerializer)
    def get(self, request: Request) -> Response:
        return Response(PreferencesSerializer(queries.preferences_of(caller(request))).data)

    @extend_schema(request=PreferencesSerializer, responses=PreferencesSerializer)
    def put(self, request: Request) -> Response:
        return self._change(request, partial=False)

    @extend_schema(request=PreferencesSerializer(partial=True), responses=PreferencesSerializer)
    def patch(self, request: Request) -> Response:
        return self._change(request, partial=True)

    def _change(self, request: Request, *, partial: bool) -> Response:
        body = PreferencesSerializer(queries.preferences_of(caller(request)), data=request.data, partial=partial)
        body.is_valid(raise_exception=True)
        values = dict(body.validated_data)
        if "channels" in values:
            values["channels"] = {**queries.preferences_of(caller(request)).channels, **values["channels"]}
        changed = actions.save_preferences(caller(request).pk, by=actor_of(request), **values)
        return Response(PreferencesSerializer(changed).data)


class Devices(generics.ListAPIView[Device]):
    """Where one is signed in, the device used last first."""

    serializer_class = DeviceSerializer
    cursor_ordering = ("-last_seen_at", "-id")

    def get_queryset(self) -> QuerySet[Device]:
        return queries.devices_of(self.request.user.pk or 0)

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "device_id": device_of(self.request)}


class OneDevice(APIView):
    """A device of one's own."""

    @extend_schema(responses={204: OpenApiResponse(description="Signed out; its tokens are worth nothing any more.")})
    def delete(self, request: Request, pk: int) -> Response:
        actions.revoke_device(pk, user_id=caller(request).pk, by=actor_of(request))
        return Response(status=status.HTTP_204_NO_CONTENT)
