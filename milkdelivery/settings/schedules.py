"""What the worker does by the clock. `manage.py sync` installs it; the queue starts each as a task of its own.

Every task looks for what is due by state and is safe to run twice, so a late or doubled start does no harm.
"""

from __future__ import annotations

from milkdelivery.settings import environment as env

SCHEDULES = {
    # name: (task, minutes between two starts)
    "Carry on stalled checkouts": ("cart.tasks.resume_stalled_checkouts", 1),
    "End payments whose time is over": ("cart.tasks.expire_payments", 1),
    "Cancel held orders at their cut-off": ("orders.tasks.cancel_lapsed_holds", 1),
    "Ask gateways": ("payments.tasks.ask_gateways", 1),
    "Process words of gateways": ("payments.tasks.process_webhooks", 1),
    "Move refunds": ("payments.tasks.move_refunds", 1),
    "Write letters of the pretend bank": ("payments.tasks.write_demo_letters", 1),
    "Keep stock": ("inventory.tasks.keep_stock", 10),
    "Put deliveries on rounds": ("deliveries.tasks.place_loose_deliveries", 10),
    "Close forgotten rounds": ("deliveries.tasks.close_forgotten_rounds", 10),
    "Tell low stock": ("inventory.tasks.tell_low_stock", 10),
    "Tell packs without a tax rate": ("catalog.tasks.tell_untaxed_packs", 10),
    "Recount the books": ("payments.tasks.keep_books", 10),
    "Make daily reports": ("analytics.tasks.make_daily_reports", 10),
    "Send notifications": ("notifications.tasks.send_queued", 1),
    "Tell dairies what to bring": ("notifications.tasks.tell_demand", 10),
    "Tell staff of trouble": ("notifications.tasks.tell_troubles", 10),
    "Clean up idempotency keys": ("milkdelivery.core.tasks.clean_idempotency_keys", 60),
    "Clean up event receipts": ("milkdelivery.core.tasks.clean_event_deliveries", 60),
    "Clean up sessions": ("milkdelivery.core.tasks.clean_sessions", 60),
    "Clean up the cache": ("milkdelivery.core.tasks.clean_cache", 60),
    "Clean up photos of claims": ("orders.tasks.clean_claim_photos", 24 * 60),
    "Clean up photos at doors": ("deliveries.tasks.clean_door_photos", 24 * 60),
    "Clean up pictures": ("catalog.tasks.clean_pictures", 24 * 60),
}
if env.ENV == "demo":
    SCHEDULES["Plan the milk of the demo"] = ("milkdelivery.demo.tasks.plan_milk", 5)
