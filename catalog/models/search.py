"""Words that people search by and no product is called."""

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from catalog.rules.words import normal


class SearchWord(models.Model):
    """Another word for what the catalogue calls something: doodh is milk, छाछ is buttermilk."""

    word = models.CharField(_("what people type"), max_length=40, unique=True, help_text=_("One word: doodh, मक्खन"))
    meaning = models.CharField(
        _("what it means"), max_length=60, help_text=_("As products or categories are named: milk, butter")
    )
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("search word")
        verbose_name_plural = _("search words")
        ordering = ["word"]

    def __str__(self) -> str:
        return f"{self.word}: {self.meaning}"

    def clean(self) -> None:
        """Both are kept as searches are compared."""
        self.word, self.meaning = normal(self.word), normal(self.meaning)
        if len(self.word.split()) != 1:
            raise ValidationError({"word": _("This has to be one word.")})
        if not self.meaning:
            raise ValidationError({"meaning": _("Name a product or a category.")})
        if self.word in self.meaning.split():
            raise ValidationError({"meaning": _("A word can't stand for itself.")})
