"""Where we don't come yet: tell me when you do."""

from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.permissions import Anybody
from accounts.forms.fields import LONGEST_CONTACT
from accounts.throttles import PerContact
from milkdelivery.core.api.bodies import Body
from milkdelivery.core.api.places import LONGEST_PINCODE
from milkdelivery.core.queries import region_book
from milkdelivery.core.web import actor_of
from vendors.actions import join_waitlist
from vendors.forms import WaitlistForm
from vendors.throttles import Waitlist


class WaitlistSerializer(Body):
    pincode = serializers.CharField(max_length=LONGEST_PINCODE)
    contact = serializers.CharField(max_length=LONGEST_CONTACT, help_text="An e-mail address or a phone number.")


class WaitingSerializer(serializers.Serializer[Any]):
    message = serializers.CharField(help_text="For people, in their language.")


class JoinWaitlist(APIView):
    """Those who wait for us to come to a pincode."""

    permission_classes = [Anybody]
    throttle_classes = [Waitlist, PerContact]

    @extend_schema(operation_id="waitlist_create", request=WaitlistSerializer, responses={202: WaitingSerializer})
    def post(self, request: Request) -> Response:
        """One message when we come, and nothing else. The answer is the same for somebody who waits already."""
        body = WaitlistSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        form = WaitlistForm(body.validated_data, book=region_book())
        if not form.is_valid():
            raise serializers.ValidationError(
                {name: [str(text) for text in told] for name, told in form.errors.items()}
            )
        asked = form.cleaned_data
        join_waitlist(asked["pincode"], asked["contact"], language=get_language() or "en", by=actor_of(request))
        return Response({"message": _("We tell you as soon as we come to %(code)s.") % {"code": asked["pincode"]}}, 202)
