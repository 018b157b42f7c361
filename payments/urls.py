"""Addresses of money."""

from __future__ import annotations

from django.urls import path

from payments import views
from payments.views import invoices, top_up, wallet

app_name = "payments"
urlpatterns = [
    path("account/wallet/", wallet.Wallet.as_view(), name="wallet"),
    path("account/wallet/low/", wallet.WalletMark.as_view(), name="wallet_mark"),
    path("account/wallet/top-up/", top_up.TopUp.as_view(), name="top_up"),
    path("account/wallet/top-up/<int:pk>/", top_up.TopUpState.as_view(), name="top_up_state"),
    path("account/wallet/statement.csv", wallet.WalletFile.as_view(), name="wallet_file"),
    path("orders/pay/<str:token>/", views.link, name="link"),
    path("orders/<str:number>/pay/", views.pay_page, name="pay"),
    path("orders/<str:number>/pay/back/", views.back, name="back"),
    path("orders/<str:number>/invoice.pdf", invoices.invoice_file, name="invoice"),
    path("orders/<str:number>/credit-notes/<int:pk>.pdf", invoices.credit_note_file, name="credit_note"),
    path("orders/wrong/<str:token>/invoice.pdf", invoices.invoice_by_link, name="invoice_by_link"),
    path(
        "orders/wrong/<str:token>/credit-notes/<int:pk>.pdf", invoices.credit_note_by_link, name="credit_note_by_link"
    ),
    path("account/payments/", views.history, name="history"),
    path("account/payments/payments.csv", views.history_file, name="history_file"),
    path("account/payments/methods/<int:pk>/remove/", views.remove_saved, name="remove_saved"),
    path("demo-bank/<str:secret>/", views.demo_bank, name="demo_bank"),
]
