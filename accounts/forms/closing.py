"""What somebody says who closes their account."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class CloseForm(forms.Form):
    """`wallet` is what is in the way in words, where money is left that can be given up."""

    gives_up_money = forms.BooleanField(required=False)
    is_sure = forms.BooleanField(
        label=_("Erase what you know about me. I know that this can’t be undone."),
        error_messages={"required": _("Tick this if you want it.")},
    )

    def __init__(self, *args: Any, wallet: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if wallet:
            self.fields["gives_up_money"] = forms.BooleanField(
                label=_("I give up what is left in my wallet: %(amount)s.") % {"amount": wallet},
                error_messages={"required": _("There is money in your wallet. Have it paid out first, or give it up.")},
            )
        else:
            del self.fields["gives_up_money"]
