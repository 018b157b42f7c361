"""Everything that we keep of the person who asks."""

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.api.oneself import caller
from accounts.signin.fresh import ensure_fresh, session_of
from accounts.throttles import Copies
from milkdelivery.core.personal import as_json, everything_about

FRESH = OpenApiResponse(
    description="`reauthentication_required`: the sign-in is older than five minutes. Type the password once more "
    "(`auth/app/v1/auth/reauthenticate`) or sign in again by code, then repeat."
)


class Export(APIView):
    """A copy of everything that is kept of oneself."""

    throttle_classes = [Copies]

    @extend_schema(
        operation_id="users_me_export",
        responses={
            200: OpenApiResponse(
                OpenApiTypes.OBJECT,
                description="One object with a section for each kind of record; `format` says which form they have. "
                "Sections and fields are added, never renamed; what is empty is left out.",
            ),
            403: FRESH,
        },
    )
    def get(self, request: Request) -> HttpResponse:
        """Profile, addresses, devices, orders, payments, wallet, invoices, deliveries, messages and what staff noted.

        Needs a sign-in, or a password typed once more, within the last five minutes.
        """
        ensure_fresh(session_of(request), caller(request))
        answer = HttpResponse(as_json(everything_about(caller(request).pk)), content_type="application/json")
        answer["Cache-Control"] = "no-store"
        return answer
