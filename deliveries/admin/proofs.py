"""What proves a delivery, as the pages of the back office show it."""

from urllib.parse import urlencode

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _

from deliveries.models import Proof
from deliveries.photos import photo_address

MAP = "https://www.openstreetmap.org/"


def shown_place(proof: Proof) -> str:
    """How far from the door the phone was, with the way to a map. Of a proof with a position."""
    place = {"mlat": proof.latitude, "mlon": proof.longitude}
    words = {"accuracy": proof.accuracy, "at": date_format(timezone.localtime(proof.located_at), "H:i:s")}
    distance = _("%(distance)s from the door") % {"distance": proof.distance} if proof.distance else _("On a map")
    return format_html(
        '<a href="{}?{}" rel="noreferrer noopener" target="_blank" class="{}">{}</a>, {}',
        MAP,
        urlencode(place),
        "bo-far" if proof.is_far else "bo-link",
        distance,
        _("give or take %(accuracy)s m, at %(at)s") % words,
    )


def shown_photo(proof: Proof) -> str:
    """Of a proof with a photo."""
    return format_html(
        '<a href="{0}"><img class="bo-photo bo-photo-small" src="{0}" width="{1}" height="{2}" alt="{3}"></a>',
        photo_address(proof),
        proof.photo_width,
        proof.photo_height,
        _("What stands at the door"),
    )


def shown_proof(proof: Proof) -> str:
    """Both, as far as they came."""
    parts = [shown_place(proof)] if proof.has_position else []
    parts += [shown_photo(proof)] if proof.has_photo else []
    return format_html_join("", "<p>{}</p>", ((part,) for part in parts))
