"""The demo dairy: two regions full of believable, made-up business, made by `manage.py demo`.

A face, like any command: it may call every app. Three kinds of rows come about in three ways.

Reference rows, vendors, products, hubs, staff and the goods for tomorrow go through the apps' actions. The orders of
the coming days are placed by the real checkout, workflow and all. The days that are over are played in memory and
written with COPY, because the actions would take a quarter of an hour for 200 households: people, orders with their
lines and history, carts, checkouts, payments, deliveries, stock movements and capacity, each row as the actions would
have left it. The rules are the same functions (price, choose, next_driver); only the statements differ.

Of the event log, the past has what happened to orders and people (`order.*`, `user.registered`), and nobody is told of
it: no household wants sixty days of mail. What happened to stock, payments and deliveries stands in their own tables
and would only triple the log.

All is drawn from the seed, and each household's day by itself, so that the same seed and the same instant give the same
dairy, whatever ids the database hands out. What must not be guessed is left to chance even here: tracking links, cart
tokens, the salt of the password.

A later start adds what has happened since and never changes what is there: an order that was to come stays as people
left it, even when its day has passed, and so do shelves that they have counted and days that they have planned. A demo
that runs past midnight plans the milk of the day that opens by a task of the worker.
"""
