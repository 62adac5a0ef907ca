-- Seats that are bought for people: whom to invite stands with the order (`guests`: {"emails", "role", "language"}) until
-- the seats are there. The person who ordered is the one who invites.

-- Whether the seats of an order are the organization's now.
create or replace function public.billing_seats_bought_v1(p_order public.billing_order) returns boolean
language sql stable security definer set search_path = ''
as $$
    select exists (
        select from public.billing_record as r
        where r.organization_id = p_order.organization_id and r.kind = 'subscription'
            and r.state ->> 'status' in ('trialing', 'active')
            and r.state ->> 'price' = p_order.price and (r.state ->> 'quantity')::integer >= p_order.quantity
    )
$$;

-- Keep whom to invite with an order of the acting person; what they ordered before and was never paid invites nobody.
create or replace function public.billing_keep_guests_v1(p_order uuid, p_guests jsonb) returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
    v_organization uuid := public.billing_require_payer_v1();
begin
    update public.billing_order as o set guests = null
    where o.organization_id = v_organization and o.created_by = app.user_id() and o.guests is not null;
    update public.billing_order as o set guests = p_guests
    where o.organization_id = v_organization and o.id = p_order and o.created_by = app.user_id()
        and o.kind = 'change' and o.status = 'open';
end
$$;

-- Whom to invite now, taken from the order: in one transaction with their invitations. Null while the seats are not
-- bought, and once it was taken.
create or replace function public.billing_take_guests_v1(p_order uuid) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
    v_organization uuid := public.billing_require_payer_v1();
    v_order public.billing_order;
begin
    select o.* into v_order from public.billing_order as o
    where o.organization_id = v_organization and o.id = p_order and o.created_by = app.user_id()
    for no key update;
    if v_order.guests is null or not public.billing_seats_bought_v1(v_order) then
        return null;
    end if;
    update public.billing_order as o set guests = null where o.organization_id = v_organization and o.id = p_order;
    return v_order.guests;
end
$$;

-- The seats were not bought, or nobody can be invited any more: forget whom it was for.
create or replace function public.billing_drop_guests_v1(p_organization uuid, p_order uuid) returns void
language sql volatile security definer set search_path = ''
as $$
    update public.billing_order as o set guests = null where o.organization_id = p_organization and o.id = p_order
$$;

-- Orders whose seats are bought and whose guests are not invited, for a worker. Those that were not paid forget theirs.
create or replace function public.billing_due_guests_v1()
returns table (organization_id uuid, id uuid, created_by uuid)
language plpgsql volatile security definer set search_path = ''
as $$
begin
    update public.billing_order as o set guests = null
    where o.guests is not null and (o.status in ('failed', 'closed') or o.expires_at < app.now());
    return query
    select o.organization_id, o.id, o.created_by
    from public.billing_order as o
    where o.guests is not null and public.billing_seats_bought_v1(o)
    order by o.created_at
    limit 100;
end
$$;

revoke execute on function
    public.billing_seats_bought_v1(public.billing_order),
    public.billing_keep_guests_v1(uuid, jsonb),
    public.billing_take_guests_v1(uuid),
    public.billing_drop_guests_v1(uuid, uuid),
    public.billing_due_guests_v1()
from public;
grant execute on function
    public.billing_keep_guests_v1(uuid, jsonb),
    public.billing_take_guests_v1(uuid)
to packshot_member;
grant execute on function public.billing_drop_guests_v1(uuid, uuid) to packshot_web, packshot_worker;
grant execute on function public.billing_due_guests_v1() to packshot_worker;
