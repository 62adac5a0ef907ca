-- Orders: what a person asks to pay for. Owners and admins only; the organization is the claim's.

-- The organization whose money the acting person may spend, or an error.
create or replace function public.billing_require_payer_v1() returns uuid
language plpgsql stable security definer set search_path = ''
as $$
declare
    v_organization uuid := app.require_organization();
begin
    if app.role() not in ('owner', 'admin') then
        raise exception 'Only owners and admins look after plans and payments.' using errcode = 'PX403';
    end if;
    return v_organization;
end
$$;

-- One organization's money is decided one thing after the other.
create or replace function public.billing_lock_v1(p_organization uuid) returns void
language sql volatile security definer set search_path = ''
as $$ select pg_advisory_xact_lock(hashtextextended('billing:' || p_organization, 0)) $$;

-- Raises where a second plan would be paid for: one runs, or the bank has not answered yet for one.
create or replace function public.billing_need_no_plan_v1(p_organization uuid) returns void
language plpgsql stable security definer set search_path = ''
as $$
begin
    if exists (
        select from public.billing_record as r
        where r.organization_id = p_organization and r.kind = 'subscription'
            and r.state ->> 'status' in ('trialing', 'active', 'past_due', 'unpaid', 'paused')
    ) then
        raise exception 'There is a plan already: change it instead.' using errcode = 'PX409';
    end if;
    if exists (
        select from public.billing_record as r
        join public.billing_record as i on i.organization_id = r.organization_id and i.kind = 'invoice'
            and i.state ->> 'subscription' = r.ref and i.state ->> 'status' = 'open'
        join public.billing_record as p on p.organization_id = r.organization_id and p.kind = 'payment'
            and p.state ->> 'invoice' = i.ref and p.state ->> 'status' in ('pending', 'action_needed')
        where r.organization_id = p_organization and r.kind = 'subscription' and r.state ->> 'status' = 'incomplete'
    ) then
        raise exception 'The payment for a plan is on its way: wait until the bank has answered.' using errcode = 'PX409';
    end if;
end
$$;

-- An order for this price, frozen. The same id again is the same order; a page that is open for the same thing is
-- given instead of a second one. A second subscription beside one that runs is refused.
create or replace function public.billing_open_order_v1(
    p_id uuid, p_kind text, p_price text, p_quantity integer, p_provider text, p_back text, p_life_s integer
) returns setof public.billing_order
language plpgsql volatile security definer set search_path = ''
as $$
declare
    v_organization uuid := public.billing_require_payer_v1();
    v_price public.billing_price;
    v_found uuid;
begin
    perform public.billing_lock_v1(v_organization);
    select p.* into v_price from public.billing_price as p where p.key = p_price and p.sold;
    if v_price.key is null or (v_price.kind = 'plan') <> (p_kind in ('subscription', 'change')) then
        raise exception 'This is not sold any more.' using errcode = 'PX404';
    end if;
    if p_quantity not between 1 and (v_price.terms ->> 'most')::integer then
        raise exception 'From 1 to % can be bought at once.', v_price.terms ->> 'most' using errcode = 'PX422';
    end if;
    if p_kind = 'subscription' then
        perform public.billing_need_no_plan_v1(v_organization);
    end if;
    select o.id into v_found
    from public.billing_order as o
    where o.organization_id = v_organization and (
        o.id = p_id or (
            o.kind = p_kind and p_kind in ('subscription', 'pack') and o.price = p_price and o.quantity = p_quantity
            and o.provider = p_provider and o.status = 'open' and o.url is not null
            and o.expires_at > app.now() + interval '5 minutes'
        )
    )
    order by o.id = p_id desc, o.created_at desc
    limit 1;
    if v_found is null then
        v_found := p_id;
        insert into public.billing_order (
            organization_id, id, kind, price, quantity, credits, provider, status, back, created_by, created_at, expires_at
        )
        values (
            v_organization, p_id, p_kind, p_price, p_quantity,
            case when v_price.kind = 'pack' then (v_price.terms ->> 'credits')::bigint * p_quantity else 0 end,
            p_provider, 'open', p_back, app.user_id(), app.now(), app.now() + make_interval(secs => p_life_s)
        );
        perform public.audit_record_v1(
            v_organization, app.user_id(), 'billing.ordered', p_price,
            jsonb_build_object('order', p_id, 'kind', p_kind, 'quantity', p_quantity));
    else
        update public.billing_order as o set back = p_back
        where o.organization_id = v_organization and o.id = v_found and o.status = 'open';
    end if;
    return query select o.* from public.billing_order as o where o.organization_id = v_organization and o.id = v_found;
end
$$;

-- A charge without the person: the caller has decided that it is due. The same id again is the same order.
create or replace function public.billing_open_topup_v1(p_organization uuid, p_id uuid, p_price text, p_provider text)
returns setof public.billing_order
language plpgsql volatile security definer set search_path = ''
as $$
begin
    perform public.billing_lock_v1(p_organization);
    insert into public.billing_order (
        organization_id, id, kind, price, quantity, credits, provider, status, back, created_at, expires_at
    )
    select p_organization, p_id, 'topup', p.key, 1, (p.terms ->> 'credits')::bigint, p_provider, 'open', '/', app.now(),
        app.now() + interval '1 day'
    from public.billing_price as p
    where p.key = p_price and p.kind = 'pack' and p.sold
    on conflict do nothing;
    return query select o.* from public.billing_order as o where o.organization_id = p_organization and o.id = p_id;
end
$$;

-- The page that the provider has for an order, and who the organization is there. Says which other pages for a plan are
-- open: they are closed before anybody learns the address of this one.
create or replace function public.billing_order_page_v1(p_order uuid, p_ref text, p_customer text) returns text[]
language plpgsql volatile security definer set search_path = ''
as $$
declare
    v_order public.billing_order;
begin
    update public.billing_order as o set ref = p_ref where o.id = p_order and o.status = 'open'
    returning o.* into v_order;
    if v_order.id is null then
        return '{}';
    end if;
    if p_customer is not null then
        insert into public.billing_customer (organization_id, provider, ref)
        values (v_order.organization_id, v_order.provider, p_customer)
        on conflict (organization_id, provider) do nothing;
    end if;
    return array(
        select o.ref from public.billing_order as o
        where o.organization_id = v_order.organization_id and o.id <> p_order and o.status = 'open'
            and o.kind = 'subscription' and v_order.kind = 'subscription' and o.ref is not null
            and o.provider = v_order.provider
    );
end
$$;

-- From now on the person may know the page's address; raises for a plan beside another one.
create or replace function public.billing_order_opened_v1(p_order uuid, p_url text) returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
    v_order public.billing_order;
begin
    select o.* into v_order from public.billing_order as o where o.id = p_order and o.status = 'open';
    if v_order.kind = 'subscription' then
        perform public.billing_lock_v1(v_order.organization_id);
        perform public.billing_need_no_plan_v1(v_order.organization_id);
    end if;
    update public.billing_order as o set url = p_url
    where o.organization_id = v_order.organization_id and o.id = p_order and o.status = 'open';
end
$$;

-- What the acting payer needs of the organization to be one: a name, an address to write to, the customer's ref.
create or replace function public.billing_payer_v1(p_provider text)
returns table (organization uuid, name text, email text, customer text)
language plpgsql stable security definer set search_path = ''
as $$
begin
    return query
    select o.id, o.name::text, u.email::text, c.ref::text
    from public.organizations_organization as o
    join public.accounts_user as u on u.id = app.user_id()
    left join public.billing_customer as c on c.organization_id = o.id and c.provider = p_provider
    where o.id = public.billing_require_payer_v1();
end
$$;

-- The same for a charge without a person: the owner is written to.
create or replace function public.billing_payer_of_v1(p_organization uuid, p_provider text)
returns table (organization uuid, name text, email text, customer text)
language plpgsql stable security definer set search_path = ''
as $$
begin
    return query
    select o.id, o.name::text, u.email::text, c.ref::text
    from public.organizations_organization as o
    join public.organizations_membership as m on m.organization_id = o.id and m.role = 'owner'
    join public.accounts_user as u on u.id = m.user_id
    left join public.billing_customer as c on c.organization_id = o.id and c.provider = p_provider
    where o.id = p_organization
    order by m.created_at
    limit 1;
end
$$;

-- Orders that wait for their money, for the operator who writes invoices.
create or replace function public.billing_open_orders_v1(p_limit integer)
returns table (id uuid, organization uuid, kind text, price text, quantity integer, created_at timestamptz)
language plpgsql stable security definer set search_path = ''
as $$
begin
    return query
    select o.id, o.organization_id, o.kind::text, o.price::text, o.quantity, o.created_at
    from public.billing_order as o
    where o.status = 'open' and o.kind in ('subscription', 'pack')
    order by o.created_at
    limit p_limit;
end
$$;

-- An order for the operator who marks its invoice as paid; whether one of that number was, and the subscription so far.
create or replace function public.billing_order_of_v1(p_order uuid, p_provider text, p_number text)
returns table (
    organization_id uuid, id uuid, kind text, price text, quantity integer, credits bigint, provider text, ref text,
    url text, status text, back text, expires_at timestamptz, known boolean, subscription jsonb,
    sold jsonb
)
language plpgsql stable security definer set search_path = ''
as $$
begin
    return query
    select
        o.organization_id, o.id, o.kind::text, o.price::text, o.quantity, o.credits, o.provider::text, o.ref::text, o.url,
        o.status::text, o.back, o.expires_at,
        exists (
            select from public.billing_record as r
            where r.provider = p_provider and r.kind = 'invoice' and r.ref = 'manual-' || p_number
        ),
        (
            select r.state from public.billing_record as r
            where r.organization_id = o.organization_id and r.provider = p_provider and r.kind = 'subscription'
                and r.ref = 'order-' || o.id
        ),
        (select to_jsonb(p) from public.billing_price as p where p.key = o.price)
    from public.billing_order as o
    where o.id = p_order and o.provider = p_provider;
end
$$;

revoke execute on function
    public.billing_open_orders_v1(integer),
    public.billing_order_of_v1(uuid, text, text),
    public.billing_require_payer_v1(),
    public.billing_lock_v1(uuid),
    public.billing_need_no_plan_v1(uuid),
    public.billing_open_order_v1(uuid, text, text, integer, text, text, integer),
    public.billing_open_topup_v1(uuid, uuid, text, text),
    public.billing_order_page_v1(uuid, text, text),
    public.billing_order_opened_v1(uuid, text),
    public.billing_payer_v1(text),
    public.billing_payer_of_v1(uuid, text)
from public;
grant execute on function
    public.billing_require_payer_v1(),
    public.billing_open_order_v1(uuid, text, text, integer, text, text, integer),
    public.billing_payer_v1(text)
to packshot_member;
grant execute on function public.billing_open_orders_v1(integer), public.billing_order_of_v1(uuid, text, text)
to packshot_worker;
grant execute on function
    public.billing_lock_v1(uuid),
    public.billing_open_topup_v1(uuid, uuid, text, text),
    public.billing_order_page_v1(uuid, text, text),
    public.billing_order_opened_v1(uuid, text),
    public.billing_payer_of_v1(uuid, text)
to packshot_web, packshot_worker;
