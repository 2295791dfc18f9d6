from django import forms


class SignupForm(forms.Form):
    """The fields of sign-up beside address and password."""

    name = forms.CharField(max_length=100)

    def signup(self, request: object, user: object) -> None:
        """Keep the name."""
