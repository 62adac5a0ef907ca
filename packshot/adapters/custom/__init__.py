"""Any other provider: a bridge behind a documented contract (docs/payments.md), or invoices by hand."""
