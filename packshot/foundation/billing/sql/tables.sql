-- Billing's tables: what the database itself refuses, whoever asks. Money is for owners and admins to see.

alter table public.billing_price
    add constraint billing_price_kind check (kind in ('plan', 'pack') and (kind = 'pack') = ("interval" is null)),
    add constraint billing_price_interval check ("interval" in ('month', 'year')),
    add constraint billing_price_unit check (unit >= 0 and currency ~ '^[a-z]{3}$');

alter table public.billing_customer
    add constraint billing_customer_organization foreign key (organization_id)
        references public.organizations_organization (id) on delete cascade;
create unique index billing_customer_ref on public.billing_customer (provider, ref);

alter table public.billing_order
    add constraint billing_order_organization foreign key (organization_id)
        references public.organizations_organization (id) on delete cascade,
    add constraint billing_order_price foreign key (price) references public.billing_price (key),
    add constraint billing_order_kind check (kind in ('subscription', 'pack', 'topup', 'change')),
    add constraint billing_order_status check (status in ('open', 'paid', 'failed', 'closed')),
    add constraint billing_order_numbers check (quantity between 1 and 10000 and credits >= 0);
create unique index billing_order_by_id on public.billing_order (id);
create index billing_order_open on public.billing_order (organization_id, kind) where status = 'open';

alter table public.billing_record
    add constraint billing_record_organization foreign key (organization_id)
        references public.organizations_organization (id) on delete cascade,
    add constraint billing_record_kind
        check (kind in ('checkout', 'subscription', 'invoice', 'payment', 'refund', 'dispute'));
-- An object belongs to one organization, whatever a message says later.
create unique index billing_record_ref on public.billing_record (provider, kind, ref);
-- Looked through every few seconds for trials that end soon.
create index billing_record_trials on public.billing_record (organization_id)
    where kind = 'subscription' and state ->> 'status' = 'trialing';

alter table public.billing_fact
    add constraint billing_fact_organization foreign key (organization_id)
        references public.organizations_organization (id) on delete cascade;

alter table public.billing_message
    add constraint billing_message_state check (state in ('waiting', 'done', 'ignored', 'parked', 'dead'));
create unique index billing_message_event on public.billing_message (provider, event_id);
create index billing_message_due on public.billing_message (due_at) where state = 'waiting';

-- When all was last compared with the provider: once a day, by one of the workers.
create table public.billing_round (
    one boolean primary key default true check (one),
    at timestamptz not null
);
alter table public.billing_round enable row level security;

-- What a price once bought is no secret; what is sold now, the pages read of plans.toml.
grant select on public.billing_price to packshot_member;

alter table public.billing_customer enable row level security;
alter table public.billing_order enable row level security;
alter table public.billing_record enable row level security;
alter table public.billing_fact enable row level security;
alter table public.billing_message enable row level security;
create policy payer_reads on public.billing_customer for select to packshot_member
    using (organization_id = (select app.organization_id()) and (select app.role()) in ('owner', 'admin'));
create policy payer_reads on public.billing_order for select to packshot_member
    using (organization_id = (select app.organization_id()) and (select app.role()) in ('owner', 'admin'));
create policy payer_reads on public.billing_record for select to packshot_member
    using (organization_id = (select app.organization_id()) and (select app.role()) in ('owner', 'admin'));
create policy payer_reads on public.billing_fact for select to packshot_member
    using (organization_id = (select app.organization_id()) and (select app.role()) in ('owner', 'admin'));
grant select on public.billing_customer, public.billing_order, public.billing_record, public.billing_fact
to packshot_member;
