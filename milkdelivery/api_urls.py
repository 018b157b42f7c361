"""The mobile API: everything under /api/v1/."""

from __future__ import annotations

from django.urls import include, path

from analytics.api.events import Clicks, Events
from analytics.api.reports import DailyReportCsv, DailyReportJson, DailyReportPdf, DailyReports
from cart.api import items, promo
from cart.api.precheck import Precheck
from catalog.api import categories, images, prices, products, related
from deliveries.api import (
    Delivered,
    Deliveries,
    Failed,
    MyRoutes,
    OneDelivery,
    PickedUp,
    RouteClose,
    RouteStart,
    Sync,
    Undo,
)
from inventory.api import Movements, Shelves, StockCheck, Supplies, SupplyCameIn, VendorShelves
from milkdelivery.core.api.document import Docs, schema
from milkdelivery.core.api.serviceability import Serviceability
from notifications import api as notifications
from orders.api import claims
from orders.api import views as orders
from orders.api.again import Reorder, Usual
from orders.api.rating import OrderRating
from payments.api import views as payments
from payments.api.invoices import CreditNoteFile, InvoiceFile
from payments.api.wallet import TopUps, Wallet, WalletEntries
from vendors.api import dairies, own, waitlist

urlpatterns = [
    path("", include("accounts.api_urls")),
    path("schema/", schema, name="api-schema"),
    path("docs/", Docs.as_view(), name="api-docs"),
    path("categories/", products.Categories.as_view(), name="api-categories"),
    path("categories/<slug:slug>/", categories.OneCategory.as_view(), name="api-category"),
    path("products/", products.Products.as_view(), name="api-products"),
    path("products/<int:pk>/", products.OneProduct.as_view(), name="api-product"),
    path("products/<int:pk>/alternatives/", related.Alternatives.as_view(), name="api-product-alternatives"),
    path("products/<int:pk>/images/", images.Images.as_view(), name="api-product-images"),
    path("products/<int:pk>/images/<int:image_pk>/", images.OneImage.as_view(), name="api-product-image"),
    path("products/<int:pk>/variants/<int:variant_pk>/", categories.OnePack.as_view(), name="api-product-variant"),
    path("recommendations/", related.Recommendations.as_view(), name="api-recommendations"),
    path("prices/", prices.Prices.as_view(), name="api-prices"),
    path("prices/<int:pk>/", prices.OnePrice.as_view(), name="api-price"),
    path("serviceability/", Serviceability.as_view(), name="api-serviceability"),
    path("vendors/", dairies.VendorList.as_view(), name="api-vendors"),
    path("vendors/<int:pk>/", dairies.OneVendor.as_view(), name="api-vendor"),
    path("vendors/<int:pk>/activate/", dairies.Activate.as_view(), name="api-vendor-activate"),
    path("vendors/<int:pk>/areas/", dairies.Areas.as_view(), name="api-vendor-areas"),
    path("vendors/<int:pk>/offers/", dairies.Offers.as_view(), name="api-vendor-offers"),
    path("vendors/<int:pk>/offers/<int:variant_id>/", dairies.OneOffer.as_view(), name="api-vendor-offer"),
    path("vendors/<int:pk>/capacity/", dairies.Capacity.as_view(), name="api-vendor-capacity"),
    path("vendors/<int:pk>/capacity/<str:day>/", dairies.OneDay.as_view(), name="api-vendor-day"),
    path("vendors/me/assignments/", own.OwnAssignments.as_view(), name="api-my-assignments"),
    path("vendors/me/assignments/accept/", own.AcceptDay.as_view(), name="api-my-accept-day"),
    path("vendors/me/assignments/reject/", own.RejectDay.as_view(), name="api-my-reject-day"),
    path("vendors/me/assignments/<int:pk>/accept/", own.AcceptLine.as_view(), name="api-my-accept"),
    path("vendors/me/assignments/<int:pk>/reject/", own.RejectLine.as_view(), name="api-my-reject"),
    path("vendors/me/assignments/<int:pk>/short/", own.ShortLine.as_view(), name="api-my-short"),
    path("vendors/me/orders/<str:number>/accept/", own.AcceptOrder.as_view(), name="api-my-accept-order"),
    path("vendors/me/orders/<str:number>/reject/", own.RejectOrder.as_view(), name="api-my-reject-order"),
    path("waitlist/", waitlist.JoinWaitlist.as_view(), name="api-waitlist"),
    path("vendors/me/capacity/", own.OwnDays.as_view(), name="api-my-capacity"),
    path("vendors/<int:pk>/inventory/", VendorShelves.as_view(), name="api-vendor-inventory"),
    path("inventory/", Shelves.as_view(), name="api-inventory"),
    path("inventory/movements/", Movements.as_view(), name="api-stock-movements"),
    path("inventory/supplies/", Supplies.as_view(), name="api-supplies"),
    path("inventory/supplies/receive/", SupplyCameIn.as_view(), name="api-supply-receive"),
    path("inventory/check/", StockCheck.as_view(), name="api-stock-check"),
    path("cart/", items.WholeCart.as_view(), name="api-cart"),
    path("cart/promo/", promo.Promo.as_view(), name="api-cart-promo"),
    path("cart/items/", items.Items.as_view(), name="api-cart-items"),
    path("cart/items/<int:pk>/", items.OneItem.as_view(), name="api-cart-item"),
    path("orders/", orders.Orders.as_view(), name="api-orders"),
    path("orders/precheck/", Precheck.as_view(), name="api-orders-precheck"),
    path("orders/usual/", Usual.as_view(), name="api-orders-usual"),
    path("orders/<str:number>/", orders.OneOrder.as_view(), name="api-order"),
    path("orders/<str:number>/track/", orders.Track.as_view(), name="api-order-track"),
    path("orders/<str:number>/rating/", OrderRating.as_view(), name="api-order-rating"),
    path("orders/<str:number>/cancel/", orders.Cancel.as_view(), name="api-order-cancel"),
    path("orders/<str:number>/hold/", orders.Hold.as_view(), name="api-order-hold"),
    path("orders/<str:number>/approve/", orders.Approve.as_view(), name="api-order-approve"),
    path("orders/<str:number>/reject/", orders.Reject.as_view(), name="api-order-reject"),
    path("orders/<str:number>/reorder/", Reorder.as_view(), name="api-order-reorder"),
    path("orders/<str:number>/claims/", claims.OrderClaims.as_view(), name="api-order-claims"),
    path("claims/", claims.Claims.as_view(), name="api-claims"),
    path("claims/<int:pk>/approve/", claims.ApproveClaim.as_view(), name="api-claim-approve"),
    path("claims/<int:pk>/settle/", claims.SettleClaim.as_view(), name="api-claim-settle"),
    path("claims/<int:pk>/reject/", claims.RejectClaim.as_view(), name="api-claim-reject"),
    path("orders/<str:number>/pack/", orders.Pack.as_view(), name="api-order-pack"),
    path("orders/<str:number>/invoice.pdf", InvoiceFile.as_view(), name="api-order-invoice"),
    path("orders/<str:number>/credit-notes/<int:pk>.pdf", CreditNoteFile.as_view(), name="api-order-credit-note"),
    path("payments/", payments.Payments.as_view(), name="api-payments"),
    path("payments/<int:pk>/verify/", payments.Verify.as_view(), name="api-payment-verify"),
    path("payments/<int:pk>/refund/", payments.Refunds.as_view(), name="api-payment-refund"),
    path("payments/webhooks/<slug:gateway>/", payments.Webhooks.as_view(), name="api-webhook"),
    path("users/me/payment-methods/", payments.SavedMethods.as_view(), name="api-payment-methods"),
    path("users/me/payment-methods/<int:pk>/", payments.OneSavedMethod.as_view(), name="api-payment-method"),
    path("track/<str:token>/", orders.PublicTrack.as_view(), name="api-track"),
    path("wallet/", Wallet.as_view(), name="api-wallet"),
    path("wallet/topups/", TopUps.as_view(), name="api-wallet-topups"),
    path("wallet/entries/", WalletEntries.as_view(), name="api-wallet-entries"),
    path("deliveries/", Deliveries.as_view(), name="api-deliveries"),
    path("deliveries/<int:pk>/", OneDelivery.as_view(), name="api-delivery"),
    path("deliveries/<int:pk>/picked-up/", PickedUp.as_view(), name="api-delivery-picked-up"),
    path("deliveries/<int:pk>/failed/", Failed.as_view(), name="api-delivery-failed"),
    path("routes/mine/", MyRoutes.as_view(), name="api-routes-mine"),
    path("routes/<int:pk>/start/", RouteStart.as_view(), name="api-route-start"),
    path("routes/<int:pk>/close/", RouteClose.as_view(), name="api-route-close"),
    path("deliveries/<int:pk>/undo/", Undo.as_view(), name="api-delivery-undo"),
    path("driver/sync/", Sync.as_view(), name="api-driver-sync"),
    path("deliveries/<int:pk>/delivered/", Delivered.as_view(), name="api-delivery-delivered"),
    path("events/", Events.as_view(), name="api-events"),
    path("events/clicks/", Clicks.as_view(), name="api-clicks"),
    path("reports/daily/", DailyReports.as_view(), name="api-reports-daily"),
    path("reports/daily.csv", DailyReportCsv.as_view(), name="api-reports-daily-csv"),
    path("reports/daily.json", DailyReportJson.as_view(), name="api-reports-daily-json"),
    path("reports/daily.pdf", DailyReportPdf.as_view(), name="api-reports-daily-pdf"),
    path("notifications/", notifications.Told.as_view(), name="api-notifications"),
    path("notifications/read-all/", notifications.ReadAll.as_view(), name="api-notifications-read-all"),
    path("notifications/<int:pk>/read/", notifications.Read.as_view(), name="api-notification-read"),
    path("push-subscriptions/", notifications.PushSubscriptions.as_view(), name="api-push-subscriptions"),
    path("push-subscriptions/<int:pk>/", notifications.OnePushSubscription.as_view(), name="api-push-subscription"),
]
