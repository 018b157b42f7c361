"""A household's own pages: overview, profile, addresses, preferences, sign-in and devices."""

from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.generic import View

from accounts import actions, queries
from accounts.forms.profile import AddressForm, PreferencesForm, ProfileForm
from accounts.models import Address, User
from accounts.rules.messages import Group
from accounts.signin.adapter import DEVICE_IN_SESSION
from milkdelivery.core.errors import NotFound
from milkdelivery.core.web import actor_of
from milkdelivery.shopping import shopping_of
from notifications.words import GROUP_NAMES, GROUP_NOTES

INVALID = 422


@method_decorator(never_cache, name="dispatch")
class OwnPage(LoginRequiredMixin, View):
    """A page of the person who is signed in."""

    section = ""
    folder = "accounts"
    """Of its templates."""

    @property
    def person(self) -> User:
        return cast(User, self.request.user)

    def page(self, template: str, *, status: int = 200, **context: Any) -> HttpResponse:
        return render(
            self.request, f"{self.folder}/{template}.html", {"section": self.section, **context}, status=status
        )

    def onward(self, default: str) -> HttpResponse:
        """Back to where the person was sent from, such as checkout; else `default`."""
        target = self.request.POST.get("next", "")
        if url_has_allowed_host_and_scheme(target, {self.request.get_host()}, require_https=self.request.is_secure()):
            return redirect(target)
        return redirect(default)

    @property
    def next(self) -> str:
        return self.request.POST.get("next") or self.request.GET.get("next", "")


class Overview(OwnPage):
    section = "overview"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page("overview", address=queries.addresses_of(self.person.pk).first())


class Profile(OwnPage):
    section = "profile"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._page(ProfileForm(initial={"name": self.person.name}))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = ProfileForm(request.POST)
        if not form.is_valid():
            return self._page(form, status=INVALID)
        actions.update_profile(self.person.pk, name=form.cleaned_data["name"], by=actor_of(request))
        messages.success(request, _("Saved."))
        return self.onward("profile")

    def _page(self, form: ProfileForm, *, status: int = 200) -> HttpResponse:
        return self.page(
            "profile", status=status, form=form, next=self.next, pending_email=queries.pending_email(self.person)
        )


class Addresses(OwnPage):
    section = "addresses"

    def get(self, request: HttpRequest) -> HttpResponse:
        own = [(address, queries.is_served(address.pincode)) for address in queries.addresses_of(self.person.pk)]
        return self.page("addresses", addresses=own)


class AddressPage(OwnPage):
    """A new address, or a change of one."""

    section = "addresses"

    def get(self, request: HttpRequest, pk: int | None = None) -> HttpResponse:
        initial = {} if pk else self._first_words(request)
        return self._page(self._form(pk, initial=initial), pk)

    def post(self, request: HttpRequest, pk: int | None = None) -> HttpResponse:
        form = self._form(pk, data=request.POST)
        if not form.is_valid():
            return self._page(form, pk, status=INVALID)
        if name := form.cleaned_data.get("name"):
            actions.update_profile(self.person.pk, name=name, by=actor_of(request))
        try:
            address = actions.save_address(form.save(commit=False), by=actor_of(request))
        except NotFound as gone:
            raise Http404(str(gone)) from gone
        self._tell(address)
        return self.onward("addresses")

    def _first_words(self, request: HttpRequest) -> dict[str, str]:
        """Where the person has said they are: most new doors are there."""
        shopping = shopping_of(request)
        code = request.GET.get("pincode", "")[:12] or shopping.code or ""
        region = shopping.book.region_of(code)
        return {"pincode": code, "city": region.name if region else ""}

    def _form(self, pk: int | None, **kwargs: Any) -> AddressForm:
        asks_name = not self.person.name.strip()
        return AddressForm(instance=self._address(pk), asks_name=asks_name, **kwargs)

    def _address(self, pk: int | None) -> Address:
        return _own_address(self.person, pk) if pk else Address(user=self.person)

    def _page(self, form: AddressForm, pk: int | None, *, status: int = 200) -> HttpResponse:
        return self.page("address_form", status=status, form=form, is_new=pk is None, next=self.next)

    def _tell(self, address: Address) -> None:
        if queries.is_served(address.pincode):
            messages.success(self.request, _("Address saved."))
        else:
            text = _("Address saved. We don't deliver to %(pincode)s yet: we will tell you when we do.")
            messages.warning(self.request, text % {"pincode": address.pincode})


class AddressDelete(OwnPage):
    """Asks once, then forgets."""

    section = "addresses"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.page("address_delete", address=_own_address(self.person, pk))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        try:
            actions.delete_address(pk, user_id=self.person.pk, by=actor_of(request))
        except NotFound as gone:
            raise Http404(str(gone)) from gone
        messages.success(request, _("Address deleted."))
        return redirect("addresses")


class AddressDefault(OwnPage):
    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        try:
            actions.make_default(pk, user_id=self.person.pk, by=actor_of(request))
        except NotFound as gone:
            raise Http404(str(gone)) from gone
        return redirect("addresses")


class PreferencesPage(OwnPage):
    section = "preferences"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._page(PreferencesForm(instance=queries.preferences_of(self.person), person=self.person))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = PreferencesForm(request.POST, instance=queries.preferences_of(self.person), person=self.person)
        if not form.is_valid():
            return self._page(form, status=INVALID)
        kept = actions.save_preferences(self.person.pk, by=actor_of(request), **form.cleaned_data)
        messages.success(request, _("Saved."))
        response = redirect("preferences")
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            kept.language,
            max_age=settings.LANGUAGE_COOKIE_AGE,
            secure=settings.LANGUAGE_COOKIE_SECURE,
            httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
            samesite="Lax",
        )
        return response

    def _page(self, form: PreferencesForm, *, status: int = 200) -> HttpResponse:
        security = {"security_name": GROUP_NAMES[Group.SECURITY], "security_note": GROUP_NOTES[Group.SECURITY]}
        return self.page("preferences", status=status, form=form, **security)


class Security(OwnPage):
    section = "security"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page(
            "security",
            devices=queries.devices_of(self.person.pk),
            this_device=request.session.get(DEVICE_IN_SESSION),
            pending_email=queries.pending_email(self.person),
        )


class DeviceRevoke(OwnPage):
    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        try:
            actions.revoke_device(pk, user_id=self.person.pk, by=actor_of(request))
        except NotFound as gone:
            raise Http404(str(gone)) from gone
        if pk == request.session.get(DEVICE_IN_SESSION):
            request.session.flush()
            return redirect("account_login")
        messages.success(request, _("That device has been signed out."))
        return redirect("account_security")


class NudgeDismiss(OwnPage):
    """ "Not now" on the reminder to complete the profile."""

    def post(self, request: HttpRequest) -> HttpResponse:
        actions.dismiss_profile_nudge(self.person.pk, by=actor_of(request))
        return self.onward("account")


def _own_address(person: User, pk: int) -> Address:
    try:
        return queries.address_of(person.pk, pk)
    except NotFound as unknown:
        raise Http404(str(unknown)) from unknown
