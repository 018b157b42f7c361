"""The field that we add to every sign-up, on pages and in the API. Imports nothing of allauth, which imports this."""

from django import forms
from django.http import HttpRequest

from accounts.forms.fields import NameField
from accounts.models import User


class NamedSignup(forms.Form):
    name = NameField()

    def signup(self, request: HttpRequest, user: User) -> None:
        """Nothing more: the person is registered whole, see accounts.forms.entry."""
