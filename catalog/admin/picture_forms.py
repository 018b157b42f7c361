"""Uploading pictures: several at once, each looked at before anything is kept."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextInputWidget

from catalog.images import Rendered, render
from milkdelivery.core.pictures import BadPicture


class SeveralFiles(forms.FileInput):
    """A choice of files that takes more than one."""

    template_name = "admin/widgets/pictures.html"
    allow_multiple_selected = True

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return files.getlist(name)


class PicturesField(forms.FileField):
    """Uploads, cleaned to what is made of them. Slow: not inside a transaction. Each bad file is named."""

    widget = SeveralFiles

    def clean(self, data: Any, initial: Any = None) -> list[Rendered]:
        uploads = list(data or [])
        if not uploads:
            raise forms.ValidationError(gettext_lazy("Choose a picture."), code="required")
        made, errors = [], []
        for upload in uploads:
            try:
                made.append(render(upload, size=upload.size))
            except BadPicture as refusal:
                errors.append(f"{upload.name}: {refusal}" if len(uploads) > 1 else str(refusal))
        if errors:
            raise forms.ValidationError(errors)
        return made


class PicturesForm(forms.Form):
    pictures = PicturesField(
        label=gettext_lazy("Pictures"),
        help_text=gettext_lazy("JPEG, PNG or WebP, at most 10 MB each, up to ten at once"),
        widget=SeveralFiles(attrs={"multiple": True, "accept": "image/jpeg,image/png,image/webp", "class": "bo-file"}),
    )
    alt = forms.CharField(
        label=gettext_lazy("What they show"),
        max_length=160,
        help_text=gettext_lazy("Read aloud to who can't see it: “A glass bottle of milk”. You can change it for each."),
        widget=UnfoldAdminTextInputWidget(),
    )
