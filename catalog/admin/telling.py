"""Telling households of a promotion: who gets it, and what it says, before anything goes out."""

from __future__ import annotations

from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.defaultfilters import linebreaksbr
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldAdminSelectWidget

from catalog.models import PromoCode, Promotion
from milkdelivery.backoffice.pages import Question, ask, record_url
from milkdelivery.core import clock
from milkdelivery.core.actors import Role
from milkdelivery.core.web import actor_of
from notifications.actions import announce_promotion
from notifications.letters import sample_of
from notifications.models import Notification
from notifications.offers import NotTellable, Reach, ensure_tellable, open_codes, reach_of
from notifications.rules import Kind


class TellForm(forms.Form):
    """Which code the letter names, where there is one to name."""

    code = forms.ModelChoiceField(
        PromoCode.objects.none(),
        label=gettext_lazy("Code that the letter names"),
        help_text=gettext_lazy("One that everybody may use"),
        widget=UnfoldAdminSelectWidget,
    )

    def __init__(self, *args: Any, codes: QuerySet[PromoCode], is_automatic: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["code"]
        if not codes:
            del self.fields["code"]
            return
        field.queryset = codes
        if is_automatic:
            field.required, field.empty_label = False, _("None: it applies by itself")
        else:
            field.empty_label = None


def tell_households(admin: ModelAdmin, request: HttpRequest, promotion: Promotion) -> HttpResponse:
    """The question with its preview, or the announcement."""
    codes = open_codes(promotion)
    usual = None if promotion.is_automatic else codes.first()
    try:
        ensure_tellable(promotion.pk, usual.pk if usual else None)
    except NotTellable as refusal:
        messages.error(request, str(refusal))
        return HttpResponseRedirect(record_url(admin, promotion))
    reach = reach_of(promotion.pk)
    if not reach.new and request.method != "POST":
        messages.info(request, _nobody(reach))
        return HttpResponseRedirect(record_url(admin, promotion))

    def perform(answer: dict[str, Any]) -> str:
        code = answer.get("code")
        announce_promotion(promotion.pk, code_id=code.pk if code else None, by=actor_of(request))
        words = ngettext("%(count)d household is told.", "%(count)d households are told.", reach.new)
        return words % {"count": reach.new}

    question = Question(
        title=_("Tell the households of %(name)s?") % {"name": promotion},
        intro=_(
            "Those who agreed to hear of offers, live where we deliver and can use it: once each, however often this "
            "is pressed. At night it waits until their quiet hours are over. Every mail has a way out."
        ),
        submit=_("Tell them"),
        form=partial(TellForm, codes=codes, is_automatic=promotion.is_automatic),
        facts=[
            (_("By mail and under the bell"), reach.by_mail),
            (_("Under the bell alone"), reach.in_app_only),
            (_("Told already"), reach.told),
            *_letter(promotion, usual),
        ],
        perform=perform,
    )
    return ask(admin, request, promotion, question)


def _nobody(reach: Reach) -> str:
    if reach.told:
        return _("Everybody who agreed to hear of offers and can use it was told already.")
    return _("Nobody who agreed to hear of offers can use it.")


def _letter(promotion: Promotion, code: PromoCode | None) -> list[tuple[str, str | SafeString]]:
    """What the mail says, in the language of whoever asks."""
    row = Notification(
        pk=0,
        role=Role.CUSTOMER,
        kind=Kind.PROMOTION,
        channel=Notification.Channel.EMAIL,
        language=get_language() or "en",
        data={"promotion_id": promotion.pk, "code_id": code.pk if code else None},
        created_at=clock.now(),
    )
    letter = sample_of(row)
    return [(_("Subject"), letter.subject), (_("Text"), linebreaksbr(letter.text))]
