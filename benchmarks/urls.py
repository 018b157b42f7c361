"""The product's addresses and the floors beside them."""

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.template import Context, Template
from django.urls import path

from catalog.models import Product
from milkdelivery.urls import handler400, handler403, handler404, handler500
from milkdelivery.urls import urlpatterns as product

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]


ROWS = Template("<ul>{% for product in products %}<li>{{ product.name }}</li>{% endfor %}</ul>")


def bare(request: HttpRequest) -> HttpResponse:
    """What everything is measured against: a constant, through the same server and middleware."""
    return HttpResponse("milk")


def one_select(request: HttpRequest) -> HttpResponse:
    """A floor: one row by its key."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM catalog_product ORDER BY id LIMIT 1")
        row = cursor.fetchone()
    return HttpResponse(row[0])


def twenty_rows(request: HttpRequest) -> HttpResponse:
    """A floor: twenty rows through a template that does nothing else."""
    return HttpResponse(ROWS.render(Context({"products": Product.objects.all()[:20]})))


urlpatterns = [
    path("bench/bare/", bare),
    path("bench/select/", one_select),
    path("bench/rows/", twenty_rows),
    *product,
]
