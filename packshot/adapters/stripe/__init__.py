"""Stripe: Checkout, Billing, the portal and its events, of one pinned API version."""
