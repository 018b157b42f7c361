"""The model field and the form field for money, and the instant of a record's last change."""

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.expressions import Combinable
from django.db.models.query_utils import DeferredAttribute
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from milkdelivery.core import clock
from milkdelivery.core.money import Money, exponent


class _MoneyAttribute(DeferredAttribute):
    """Reads the stored whole number as Money in the currency that the record names."""

    field: "MoneyField"

    def __get__(self, instance: Any, cls: Any = None) -> Any:
        value = super().__get__(instance, cls)
        if isinstance(value, int) and instance is not None:
            return Money(value, getattr(instance, self.field.currency_attribute))
        return value

    def __set__(self, instance: Any, value: Any) -> None:
        instance.__dict__[self.field.attname] = value.minor if isinstance(value, Money) else value


class MoneyField(models.BigIntegerField):
    """Minor units in the database, `Money` on the instance.

    `currency` names the attribute of the record (a field or a property) that holds the ISO code.
    Lookups and `update()` take Money or minor units; `values()` and aggregates give minor units.
    """

    # What the type checker's plugin reads of a field: what may be set, and what is got.
    _pyi_private_set_type: Money | int | Combinable  # type: ignore[assignment]
    _pyi_private_get_type: Money  # type: ignore[assignment]

    descriptor_class = _MoneyAttribute
    description = _("Money")

    def __init__(self, *args: Any, currency: str = "currency", **kwargs: Any) -> None:
        self.currency_attribute = currency
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        if self.currency_attribute != "currency":
            kwargs["currency"] = self.currency_attribute
        return name, path, args, kwargs

    def get_prep_value(self, value: Any) -> Any:
        return value.minor if isinstance(value, Money) else super().get_prep_value(value)

    def to_python(self, value: Any) -> Any:
        return value if isinstance(value, Money) else super().to_python(value)

    def run_validators(self, value: Any) -> None:
        """Of the minor units, but said of the amount: nobody thinks in paise."""
        try:
            super().run_validators(value.minor if isinstance(value, Money) else value)
        except ValidationError as refusal:
            for error in refusal.error_list:
                if error.code == "min_value":
                    is_above = (error.params or {}).get("limit_value") != 0
                    error.message = (
                        _("Enter an amount above zero.") if is_above else _("An amount can't be below zero.")
                    )
            raise

    def save_form_data(self, instance: models.Model, data: Any) -> None:
        if isinstance(data, Decimal):
            data = Money.from_decimal(data, getattr(instance, self.currency_attribute))
        super().save_form_data(instance, data)

    def formfield(self, **kwargs: Any) -> Any:
        defaults: dict[str, Any] = {
            "required": not self.blank and not self.has_default(),
            "label": kwargs.pop("label", capfirst(self.verbose_name)),
            "help_text": self.help_text,
            "initial": self.get_default() if self.has_default() else None,
        }
        kwargs.pop("form_class", None)
        kwargs.pop("choices_form_class", None)
        return MoneyFormField(**{**defaults, **kwargs})


class MoneyFormField(forms.DecimalField):
    """Major units as people type them ("52.50"), cleaned to Money in `currency`.

    Without a currency (a model form) the decimal is kept, and the model field reads it in its record's currency.
    """

    def __init__(self, *, currency: str | None = None, **kwargs: Any) -> None:
        self.currency = currency
        kwargs.setdefault("max_digits", 14)
        kwargs.setdefault("decimal_places", exponent(currency) if currency else 2)
        super().__init__(**kwargs)

    def prepare_value(self, value: Any) -> Any:
        return value.to_decimal() if isinstance(value, Money) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)

    def clean(self, value: Any) -> Any:
        amount: Decimal | None = super().clean(value)
        if amount is None or self.currency is None:
            return amount
        return Money.from_decimal(amount, self.currency)


class ChangedAtField(models.DateTimeField):
    """When the record was last saved, by the clock of the business."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["editable"] = False
        kwargs.setdefault("default", clock.now)
        super().__init__(*args, **kwargs)

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        now = clock.now()
        setattr(model_instance, self.attname, now)
        return now
