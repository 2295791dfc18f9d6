from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy

from apps.accounts.services.token_limits import MAX_AMOUNT_CHARS
from apps.llm.constants import Period, QuotaUnit


class TokenLimitForm(forms.Form):
    """How much a token may use in a period of the calendar."""

    unit = forms.ChoiceField(label=gettext_lazy("Count"), choices=QuotaUnit.choices)
    amount = forms.CharField(
        label=gettext_lazy("At most"),
        max_length=MAX_AMOUNT_CHARS,
        help_text=gettext_lazy("A whole number of tokens, or dollars such as 12.50."),
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    period = forms.ChoiceField(
        label=gettext_lazy("In each"), choices=Period.choices, initial=Period.DAY
    )
    is_hard = forms.BooleanField(
        label=gettext_lazy("Refuse what goes beyond it (else you are told, and answers go on)"),
        required=False,
        initial=True,
    )
