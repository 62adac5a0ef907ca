-- Webhooks: what holds between their tables, and who may read. Rows are written by this room's functions alone.

alter table public.webhooks_endpoint
    add constraint webhooks_endpoint_organization foreign key (organization_id)
        references public.organizations_organization (id),
    -- Made by the page that asks for it, so that a form which is sent twice makes one.
    add constraint webhooks_endpoint_once unique (id),
    add constraint webhooks_endpoint_state check (state in ('enabled', 'disabled')),
    add constraint webhooks_endpoint_reason check (
        (state = 'disabled') = (reason is not null and disabled_at is not null)
        and reason in ('person', 'gone', 'failing')
    ),
    add constraint webhooks_endpoint_previous check ((previous_secret is null) = (previous_until is null));

alter table public.webhooks_delivery
    add constraint webhooks_delivery_event foreign key (organization_id, event_id)
        references public.webhooks_event (organization_id, id),
    add constraint webhooks_delivery_endpoint foreign key (organization_id, endpoint_id)
        references public.webhooks_endpoint (organization_id, id) on delete cascade,
    add constraint webhooks_delivery_state check (state in ('pending', 'delivered', 'failed')),
    add constraint webhooks_delivery_end check ((state <> 'pending') = (ended_at is not null)),
    add constraint webhooks_delivery_lease check (lease_until is null or state = 'pending');
alter table public.webhooks_attempt
    add constraint webhooks_attempt_delivery foreign key (organization_id, delivery_id)
        references public.webhooks_delivery (organization_id, id) on delete cascade;

create sequence public.webhooks_seq;

-- What an endpoint gets next, what is on its way to it, and what is earlier about the same object.
create index webhooks_delivery_due on public.webhooks_delivery (endpoint_id, next_at, seq) where state = 'pending';
create index webhooks_delivery_leased on public.webhooks_delivery (endpoint_id, lease_until)
    where state = 'pending' and lease_until is not null;
create index webhooks_delivery_in_order on public.webhooks_delivery (endpoint_id, object, seq) where state = 'pending';
-- An endpoint's page, newest first, and what of it can be sent again; what belongs to an event or has had its time.
create index webhooks_delivery_of_endpoint on public.webhooks_delivery (organization_id, endpoint_id, id desc);
create index webhooks_delivery_failed on public.webhooks_delivery (organization_id, endpoint_id, created_at)
    where state = 'failed';
create index webhooks_delivery_of_event on public.webhooks_delivery (organization_id, event_id);
create index webhooks_event_age on public.webhooks_event (created_at);
create index webhooks_attempt_of on public.webhooks_attempt (organization_id, delivery_id, id);

-- A delivery's row changes some times and is small.
alter table public.webhooks_delivery set (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);

alter table public.webhooks_endpoint enable row level security;
alter table public.webhooks_event enable row level security;
alter table public.webhooks_delivery enable row level security;
alter table public.webhooks_attempt enable row level security;
create policy member_reads on public.webhooks_endpoint for select to packshot_member
    using (organization_id = (select app.organization_id()) and (select app.role()) in ('owner', 'admin'));
create policy member_reads on public.webhooks_event for select to packshot_member
    using (organization_id = (select app.organization_id()) and (select app.role()) in ('owner', 'admin'));
create policy member_reads on public.webhooks_delivery for select to packshot_member
    using (organization_id = (select app.organization_id()) and (select app.role()) in ('owner', 'admin'));
create policy member_reads on public.webhooks_attempt for select to packshot_member
    using (organization_id = (select app.organization_id()) and (select app.role()) in ('owner', 'admin'));
-- Of an endpoint all but its secrets.
grant select (
    organization_id, id, url, description, types, previous_until, state, reason, disabled_at, failing_since, created_by,
    created_at
) on public.webhooks_endpoint to packshot_member;
grant select on public.webhooks_event, public.webhooks_delivery, public.webhooks_attempt to packshot_member;
