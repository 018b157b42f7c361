"""The account check, sign-up, and people as staff see them."""

from typing import Any

from django.contrib.auth.hashers import make_password
from django.db.models import Q, QuerySet
from django.http import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import generics, permissions, serializers, status
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import actions, queries
from accounts.api.oneself import caller
from accounts.api.serializers import (
    ROLES,
    AccountCheckSerializer,
    NextStepSerializer,
    PersonChangeSerializer,
    PersonSerializer,
    ProfileSerializer,
    SignupSerializer,
)
from accounts.models import User
from accounts.signin import check
from accounts.signin.headless import signup_view
from accounts.throttles import PerAddress, PerContact, SignupPerAddress
from milkdelivery.core.actors import Role
from milkdelivery.core.api.questions import Question
from milkdelivery.core.web import actor_of

SESSION_HEADER = "X-Session-Token"


class IsAdmin(permissions.BasePermission):
    def has_permission(self, request: Request, view: Any) -> bool:
        return getattr(request.user, "role", Role.GUEST) == Role.ADMIN


class IsAdminOrGuest(IsAdmin):
    def has_permission(self, request: Request, view: Any) -> bool:
        return not request.user.is_authenticated or super().has_permission(request, view)


class AccountCheck(APIView):
    """Somebody typed a contact: what comes next is to prove it, whether or not there is an account."""

    permission_classes = [permissions.AllowAny]
    throttle_classes = [PerAddress, PerContact]

    @extend_schema(
        operation_id="users_check",
        request=AccountCheckSerializer,
        responses=NextStepSerializer,
        parameters=[
            OpenApiParameter(
                SESSION_HEADER,
                OpenApiTypes.STR,
                OpenApiParameter.HEADER,
                response=[200],
                description="Send it, with the code from the message, to auth/app/v1/auth/code/confirm.",
            )
        ],
    )
    def post(self, request: Request) -> Response:
        """The same answer in the same time for a known and an unknown contact. A message goes there: a sign-in code
        for one, a way to sign up for the other."""
        body = AccountCheckSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        session_token = check.begin(body.validated_data["contact"])
        return Response({"next": "prove"}, headers={SESSION_HEADER: session_token, "Cache-Control": "no-store"})


class PeopleQuery(Question):
    q = serializers.CharField(required=False, allow_blank=True, help_text="In name, e-mail address or phone number.")
    role = serializers.ChoiceField(choices=ROLES, required=False, allow_blank=True)


class People(generics.ListAPIView[User]):
    """Everybody (admins), and a new person (guests for themselves, admins for others)."""

    serializer_class = PersonSerializer
    throttle_classes = [SignupPerAddress]

    def get_permissions(self) -> list[permissions.BasePermission]:
        return [IsAdminOrGuest()] if self.request.method == "POST" else [permissions.IsAuthenticated(), IsAdmin()]

    def get_throttles(self) -> list[Any]:
        return super().get_throttles() if self.request.method == "POST" else []

    def get_queryset(self) -> QuerySet[User]:
        found = queries.people()
        asked = PeopleQuery(data=self.request.query_params)
        asked.is_valid(raise_exception=True)
        if words := asked.validated_data.get("q"):
            found = found.filter(
                Q(name__icontains=words)
                | Q(email__icontains=words)
                | Q(phone__contains=words)
                | Q(contact_email__icontains=words)
                | Q(contact_phone__contains=words)
            )
        if role := asked.validated_data.get("role"):
            found = found.filter(groups__name=role)
        return found

    @extend_schema(parameters=[PeopleQuery])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        request=SignupSerializer,
        responses={
            200: OpenApiResponse(
                OpenApiTypes.OBJECT, description="A guest signed up and in; as auth/app/v1/auth/signup answers."
            ),
            201: OpenApiResponse(PersonSerializer, description="An admin made a person."),
            400: OpenApiResponse(
                OpenApiTypes.OBJECT, description="An input is invalid. A guest is told as auth/ answers."
            ),
            401: OpenApiResponse(
                OpenApiTypes.OBJECT, description="A guest's phone number is to be proven next; as auth/ answers."
            ),
        },
    )
    def post(self, request: Request) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return _sign_up(request)
        body = SignupSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        return Response(PersonSerializer(_create(body.validated_data, request)).data, status=status.HTTP_201_CREATED)


def _sign_up(request: Request) -> HttpResponseBase:
    """As under auth/, once our parser has found nothing to refuse in the body."""
    plain = request._request  # noqa: SLF001 - what allauth needs
    if plain.body:  # kept by reading it, for both to parse
        request.data  # noqa: B018
    return signup_view(plain)


def _create(values: dict[str, Any], request: Request) -> User:
    by, contact = actor_of(request), values["contact"]
    user = actions.register_person(
        name=values["name"],
        email=contact.email,
        phone=contact.phone,
        password_hash=make_password(values.get("password")),
        via="staff",
        by=by,
    )
    role = Role(values.get("role", Role.CUSTOMER))
    return actions.grant_role(user.pk, role=role, by=by) if role != Role.CUSTOMER else user


class OnePerson(APIView):
    """Oneself, or anybody for staff. Somebody else's number does not exist."""

    @extend_schema(operation_id="users_retrieve", responses=ProfileSerializer)
    def get(self, request: Request, pk: int) -> Response:
        return Response(ProfileSerializer(self._person(request, pk)).data)

    @extend_schema(request=PersonChangeSerializer, responses=ProfileSerializer)
    def put(self, request: Request, pk: int) -> Response:
        self._person(request, pk)
        body = PersonChangeSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        by = actor_of(request)
        if role := body.validated_data.get("role"):
            actions.grant_role(pk, role=Role(role), by=by)
        actions.update_profile(pk, name=body.validated_data["name"], by=by)
        return Response(ProfileSerializer(queries.person(pk)).data)

    @extend_schema(responses={204: OpenApiResponse(description="Deactivated; orders and history stay.")})
    def delete(self, request: Request, pk: int) -> Response:
        self._person(request, pk)
        actions.deactivate_user(pk, by=actor_of(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _person(self, request: Request, pk: int) -> User:
        if pk != caller(request).pk and not caller(request).is_staff:
            raise NotFound
        return queries.person(pk)
