from django.http import HttpRequest, HttpResponse


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Tell the person that the form was too old and how to go on."""
    return HttpResponse("This form is too old. Go back, reload the page and send it again.", status=403)
