"""Promotions in the back office, with their codes and every use."""

from __future__ import annotations

import csv
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextInputWidget

from catalog import actions
from catalog.actions.promotions import LONGEST_PREFIX, MOST_CODES
from catalog.admin.promotion_form import PromotionForm
from catalog.admin.switching import SwitchAdmin, Words
from catalog.admin.telling import tell_households
from catalog.models import PromoCode, PromoRedemption, Promotion
from catalog.rules.promotions import terms_in_words
from milkdelivery.backoffice.asking import MEANT
from milkdelivery.backoffice.base import HistoryAdmin, ReadOnlyAdmin
from milkdelivery.backoffice.columns import when
from milkdelivery.backoffice.filters import choices, days, flag, instants, related
from milkdelivery.backoffice.frame import list_url
from milkdelivery.backoffice.pages import Question, ask
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.web import actor_of


class GenerateForm(forms.Form):
    count = forms.IntegerField(
        label=gettext_lazy("How many"),
        min_value=1,
        max_value=MOST_CODES,
        widget=UnfoldAdminIntegerFieldWidget(attrs={"inputmode": "numeric"}),
    )
    starts_with = forms.CharField(
        label=gettext_lazy("Starts with"),
        required=False,
        max_length=LONGEST_PREFIX,
        help_text=gettext_lazy("Such as DIWALI; ten random letters follow"),
        widget=UnfoldAdminTextInputWidget(attrs={"autocapitalize": "characters"}),
    )
    total_limit = forms.IntegerField(
        label=gettext_lazy("Orders per code"),
        required=False,
        min_value=1,
        max_value=1_000_000,
        initial=1,
        help_text=gettext_lazy("Empty: no limit"),
        widget=UnfoldAdminIntegerFieldWidget(attrs={"inputmode": "numeric"}),
    )


STATES = {
    "ON": gettext_lazy("Running"),
    "OFF": gettext_lazy("Off"),
    "OVER": gettext_lazy("Over"),
    "COMING": gettext_lazy("Coming"),
    "USED_UP": gettext_lazy("Used up"),
    "NEEDS_CODE": gettext_lazy("Needs a code"),
}


@admin.register(Promotion)
class PromotionAdmin(SwitchAdmin, HistoryAdmin):
    form = PromotionForm
    list_display = ("name", "terms", "region", "window", "code_count", "uses", "state")
    list_select_related = ("region",)
    list_filter = (flag("is_active"), choices("kind"), related("region"), flag("is_automatic"), days("starts_on"))
    search_fields = ("name", "codes__code")
    search_help_text = gettext_lazy("Name or code")
    autocomplete_fields = ("products", "categories")
    readonly_fields = ("state_now", "used", "is_active")
    fieldsets = (
        (None, {"fields": ("state_now", "name", "region", "is_automatic")}),
        (
            gettext_lazy("What it gives"),
            {"fields": ("kind", "percent", "max_discount", "amount", "buy_quantity", "get_quantity")},
        ),
        (gettext_lazy("When"), {"fields": ("starts_on", "ends_on")}),
        (
            gettext_lazy("For what and whom"),
            {"fields": ("products", "categories", "minimum_basket", "is_first_order_only")},
        ),
        (gettext_lazy("How often"), {"fields": (("per_user_limit", "total_limit"), ("used", "is_active"))}),
    )
    conditional_fields = {
        "percent": "kind == 'PERCENT'",
        "max_discount": "kind == 'PERCENT'",
        "amount": "kind == 'FIXED'",
        "buy_quantity": "kind == 'BUY_X_GET_Y'",
        "get_quantity": "kind == 'BUY_X_GET_Y'",
    }
    actions_detail = ("tell", "generate", "download", "codes", "deactivate", "activate")
    off = Words(
        gettext_lazy("Switch %(name)s off?"),
        gettext_lazy("Nobody can use it or its codes from now on. Orders that used it keep their discount."),
        gettext_lazy("Switch off"),
        gettext_lazy("%(name)s is off."),
    )
    on = Words(
        gettext_lazy("Switch %(name)s on?"),
        gettext_lazy("It can be used again, as far as its days and limits allow."),
        gettext_lazy("Switch on"),
        gettext_lazy("%(name)s is on."),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Promotion]:
        is_good = Q(codes__is_active=True)
        found: QuerySet[Promotion] = super().get_queryset(request)
        return found.annotate(
            codes_made=Count("codes", distinct=True), codes_good=Count("codes", filter=is_good, distinct=True)
        )

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """A new one has no state yet, and who only looks is asked nothing."""
        (title, first), (gives, terms), *others = self.fieldsets
        names = tuple(name for name in first["fields"] if obj is not None or name != "state_now")
        tick = (MEANT,) if self.may_change(request) else ()
        asked = (gives, {**terms, "fields": (*terms["fields"], *tick)})
        return [(title, {**first, "fields": names}), asked, *others]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        """Its amounts are in the region's currency, so it stays in its region."""
        return (*self.readonly_fields, "region") if obj else self.readonly_fields

    @display(description=gettext_lazy("what it gives"))
    def terms(self, promotion: Promotion) -> str:
        return terms_in_words(promotion)

    @display(description=gettext_lazy("days"), ordering="starts_on")
    def window(self, promotion: Promotion) -> str:
        first = date_format(promotion.starts_on, "j M Y")
        if promotion.ends_on is None:
            return _("from %(first)s") % {"first": first}
        return f"{first} – {date_format(promotion.ends_on, 'j M Y')}"

    @display(description=gettext_lazy("codes"), ordering="codes_made")
    def code_count(self, promotion: Any) -> str:
        if promotion.is_automatic and not promotion.codes_made:
            return _("by itself")
        url = list_url(PromoCode, promotion__id__exact=promotion.pk)
        return format_html('<a class="bo-link" href="{}">{}</a>', url, promotion.codes_made)

    @display(description=gettext_lazy("used"), ordering="used")
    def uses(self, promotion: Promotion) -> str:
        return used_of(promotion)

    @display(
        description=gettext_lazy("state"),
        label={
            "ON": "success",
            "OFF": "danger",
            "OVER": "default",
            "COMING": "info",
            "USED_UP": "warning",
            "NEEDS_CODE": "warning",
        },
    )
    def state(self, promotion: Any) -> tuple[str, str]:
        state = _state(promotion)
        return state, str(STATES[state])

    @display(description=gettext_lazy("state"))
    def state_now(self, promotion: Any) -> str:
        """On its own page, which shows no labels."""
        return self.state(promotion)[1]

    def save_model(self, request: HttpRequest, obj: Promotion, form: Any, change: bool) -> None:
        if form.changed_data or not change:
            scope = {name: form.cleaned_data.get(name) for name in ("products", "categories")}
            actions.save_promotion(obj, by=actor_of(request), **scope)
            if obj.ends_on is not None and obj.ends_on < clock.today(obj.region):
                text = _("Nobody can use it any more: its last day was %(day)s.")
                messages.warning(request, text % {"day": date_format(obj.ends_on)})
            elif obj.is_active and not obj.is_automatic and not obj.codes.filter(is_active=True).exists():
                text = _("Nobody can use it yet: it needs a code. “Make codes” makes some, or add one of your own.")
                messages.warning(request, text)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """The action has saved the scope together with the terms."""

    def switch(self, record: Promotion, *, on: bool, by: Actor) -> object:
        return actions.switch_promotion(record.pk, on=on, by=by)

    @action(description=gettext_lazy("Tell the households"), permissions=["operate"], url_path="tell", icon="campaign")
    def tell(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return tell_households(self, request, self.record(request, object_id))

    @action(description=gettext_lazy("Make codes"), permissions=["operate"], url_path="generate", icon="casino")
    def generate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        promotion = self.record(request, object_id)

        def perform(answer: dict[str, Any]) -> str:
            made = actions.generate_codes(
                promotion.pk,
                count=answer["count"],
                prefix=answer["starts_with"],
                total_limit=answer["total_limit"],
                by=actor_of(request),
            )
            words = ngettext(
                "%(count)d code is made: download it here.", "%(count)d codes are made: download them here.", len(made)
            )
            return words % {"count": len(made)}

        question = Question(
            title=_("Make codes for %(name)s") % {"name": promotion},
            intro=_("Nobody can guess them. A code of your own choice is added among the promo codes."),
            submit=_("Make codes"),
            form=GenerateForm,
            perform=perform,
        )
        return ask(self, request, promotion, question)

    @action(description=gettext_lazy("Download codes"), permissions=["operate"], url_path="download", icon="download")
    def download(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """All of them as CSV, the latest first. A code starts with a letter or digit: no cell becomes a formula."""
        promotion = self.record(request, object_id)
        answer = HttpResponse(content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="promo-codes-{promotion.pk}.csv"'
        answer["Cache-Control"] = "private, no-store"
        rows = csv.writer(answer)
        rows.writerow(["code", "orders_at_most", "used", "active"])
        for code in promotion.codes.order_by("-pk").iterator():
            limit = "" if code.total_limit is None else code.total_limit
            rows.writerow([code.code, limit, code.used, "yes" if code.is_active else "no"])
        return answer

    @action(description=gettext_lazy("Codes"), permissions=["view"], url_path="codes", icon="confirmation_number")
    def codes(self, request: HttpRequest, object_id: str) -> HttpResponse:
        promotion = self.record(request, object_id)
        return HttpResponse(status=302, headers={"Location": list_url(PromoCode, promotion__id__exact=promotion.pk)})


@admin.register(PromoCode)
class PromoCodeAdmin(SwitchAdmin):
    held_by = "promotion"
    list_display = ("code", "promotion", "uses", when("created_at", gettext_lazy("made")), "is_active")
    list_select_related = ("promotion",)
    list_filter = (flag("is_active"), instants("created_at"))
    search_fields = ("code", "promotion__name")
    autocomplete_fields = ("promotion",)
    fields = ("promotion", "code", "total_limit", "used", "is_active")
    readonly_fields = ("used", "is_active")
    actions_detail = ("deactivate", "activate")
    off = Words(
        gettext_lazy("Switch the code %(name)s off?"),
        gettext_lazy("Nobody can use it from now on. Orders that used it keep their discount."),
        gettext_lazy("Switch off"),
        gettext_lazy("%(name)s is off."),
    )
    on = Words(
        gettext_lazy("Switch the code %(name)s on?"),
        gettext_lazy("It can be used again, as far as its promotion allows."),
        gettext_lazy("Switch on"),
        gettext_lazy("%(name)s is on."),
    )

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        return lookup == "promotion__id__exact" or super().lookup_allowed(lookup, value, request)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        """A code that was told stays what it is."""
        return (*self.readonly_fields, "promotion", "code") if obj else self.readonly_fields

    @display(description=gettext_lazy("used"), ordering="used")
    def uses(self, code: PromoCode) -> str:
        return used_of(code)

    def write(self, obj: PromoCode, *, by: Actor) -> object:
        return actions.save_code(obj, by=by)

    def switch(self, record: PromoCode, *, on: bool, by: Actor) -> object:
        record.is_active = on
        return actions.save_code(record, by=by)


@admin.register(PromoRedemption)
class PromoRedemptionAdmin(ReadOnlyAdmin):
    """Every use: orders make and give them back."""

    list_display = (
        "reference",
        "promotion",
        "code",
        "user",
        "amount",
        when("redeemed_at", gettext_lazy("used at")),
        when("given_back_at", gettext_lazy("given back at")),
    )
    list_select_related = ("promotion", "code", "user")
    list_filter = (instants("redeemed_at"),)
    search_fields = ("=reference", "code__code", "promotion__name")
    search_help_text = gettext_lazy("Order number, code or promotion")
    fields = ("reference", "promotion", "code", "user", "amount", "redeemed_at", "given_back_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return self.fields


def used_of(record: Promotion | PromoCode) -> str:
    limit = record.total_limit
    return f"{record.used}" if limit is None else _("%(used)d of %(limit)d") % {"used": record.used, "limit": limit}


def _state(promotion: Any) -> str:
    """Of a promotion with the number of its codes that are on, `codes_good`."""
    today = clock.today(promotion.region)
    if not promotion.is_active:
        return "OFF"
    if promotion.ends_on is not None and promotion.ends_on < today:
        return "OVER"
    if promotion.total_limit is not None and promotion.used >= promotion.total_limit:
        return "USED_UP"
    if not promotion.is_automatic and not promotion.codes_good:
        return "NEEDS_CODE"
    return "COMING" if promotion.starts_on > today else "ON"
