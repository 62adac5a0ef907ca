-- The projector's reads and writes. Pages and workers call them; no member does.

-- Whose object this is: by the order it was made for, the customer, or an object of ours that it names.
-- p_names: [[kind, ref], ...]. Null: nobody's that we know.
create or replace function public.billing_whose_v1(p_provider text, p_order uuid, p_customer text, p_names jsonb)
returns uuid
language plpgsql stable security definer set search_path = ''
as $$
begin
    return coalesce(
        (
            select r.organization_id
            from jsonb_array_elements(p_names) as n
            join public.billing_record as r on r.provider = p_provider and r.kind = n ->> 0 and r.ref = n ->> 1
            limit 1
        ),
        (select c.organization_id from public.billing_customer as c where c.provider = p_provider and c.ref = p_customer),
        (select o.organization_id from public.billing_order as o where o.id = p_order and o.provider = p_provider)
    );
end
$$;

-- Keep what was seen of an object, unless something later was; under the organization's lock. True: it is kept.
create or replace function public.billing_keep_v1(
    p_organization uuid, p_provider text, p_kind text, p_ref text, p_as_of timestamptz, p_state jsonb
) returns boolean
language plpgsql volatile security definer set search_path = ''
as $$
declare
    v_kept integer;
begin
    insert into public.billing_record as r (organization_id, provider, kind, ref, as_of, state)
    values (p_organization, p_provider, p_kind, p_ref, p_as_of, p_state)
    on conflict (organization_id, provider, kind, ref) do update
    set as_of = excluded.as_of, state = excluded.state
    where r.as_of <= excluded.as_of;
    get diagnostics v_kept = row_count;
    if p_state ->> 'customer' is not null then
        insert into public.billing_customer (organization_id, provider, ref)
        values (p_organization, p_provider, p_state ->> 'customer')
        on conflict do nothing;
    end if;
    return v_kept > 0;
end
$$;

-- Everything that is known of an organization's money, for the projector; the lock is taken first.
create or replace function public.billing_known_v1(p_organization uuid) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
begin
    perform public.billing_lock_v1(p_organization);
    return jsonb_build_object(
        'now', app.now(),
        'records', coalesce((
            select jsonb_agg(jsonb_build_object('kind', r.kind, 'state', r.state) order by r.kind, r.ref)
            from public.billing_record as r where r.organization_id = p_organization
        ), '[]'),
        'orders', coalesce((
            select jsonb_agg(jsonb_build_object(
                'id', o.id, 'kind', o.kind, 'price', o.price, 'credits', o.credits, 'status', o.status
            )) from public.billing_order as o where o.organization_id = p_organization
        ), '[]'),
        'prices', coalesce((
            select jsonb_object_agg(p.key, p.terms || jsonb_build_object(
                'item', p.item, 'interval', p."interval", 'unit', p.unit, 'currency', p.currency
            ))
            from public.billing_price as p
        ), '{}'),
        'facts', coalesce((
            select jsonb_agg(jsonb_build_object('key', f.key, 'body', f.body) order by f.number)
            from public.billing_fact as f where f.organization_id = p_organization
        ), '[]'),
        'letters', coalesce((
            select jsonb_agg(distinct l.key) from public.letters_letter as l
            where l.organization_id = p_organization and l.kind like 'billing.%'
        ), '[]'),
        'free', (select f.terms from public.billing_plan as f where f.key = 'free')
    );
end
$$;

-- Write down that a fact is published; raises where it was. In one transaction with what follows from it.
create or replace function public.billing_tell_v1(p_organization uuid, p_key text, p_body jsonb) returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
    insert into public.billing_fact (organization_id, key, number, body, at)
    values (
        p_organization, p_key,
        (select count(*) from public.billing_fact as f where f.organization_id = p_organization), p_body, app.now()
    );
    perform app.notify(p_organization, 'billing', p_organization);
end
$$;

create or replace function public.billing_order_ended_v1(p_organization uuid, p_order uuid, p_status text) returns void
language sql volatile security definer set search_path = ''
as $$
    update public.billing_order as o set status = p_status
    where o.organization_id = p_organization and o.id = p_order and o.status <> 'paid'
$$;

-- Plans and prices as this release has them. A price that was sold before stays as it was; one with other terms under
-- the same key is refused, because somebody may have bought it.
create or replace function public.billing_publish_v1(p_plans jsonb, p_prices jsonb) returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
    v_price jsonb;
begin
    perform pg_advisory_xact_lock(hashtextextended('billing:plans', 0));
    insert into public.billing_plan as b (key, rank, terms)
    select p ->> 'key', (p ->> 'rank')::integer, p -> 'terms' from jsonb_array_elements(p_plans) as p
    on conflict (key) do update set rank = excluded.rank, terms = excluded.terms;
    update public.billing_price as b set sold = false
    where b.sold and not exists (select from jsonb_array_elements(p_prices) as p where p ->> 'key' = b.key);
    for v_price in select p from jsonb_array_elements(p_prices) as p loop
        insert into public.billing_price as b (key, item, kind, "interval", unit, currency, terms, sold)
        values (
            v_price ->> 'key', v_price ->> 'item', v_price ->> 'kind', v_price ->> 'interval',
            (v_price ->> 'unit')::bigint, v_price ->> 'currency', v_price -> 'terms', true
        )
        on conflict (key) do update set sold = true where b.terms = excluded.terms;
        if not found then
            raise exception 'The price % was sold with other terms: raise its version.', v_price ->> 'key'
                using errcode = 'PX409';
        end if;
    end loop;
end
$$;

revoke execute on function
    public.billing_whose_v1(text, uuid, text, jsonb),
    public.billing_keep_v1(uuid, text, text, text, timestamptz, jsonb),
    public.billing_known_v1(uuid),
    public.billing_tell_v1(uuid, text, jsonb),
    public.billing_order_ended_v1(uuid, uuid, text),
    public.billing_publish_v1(jsonb, jsonb)
from public;
grant execute on function
    public.billing_whose_v1(text, uuid, text, jsonb),
    public.billing_keep_v1(uuid, text, text, text, timestamptz, jsonb),
    public.billing_known_v1(uuid),
    public.billing_tell_v1(uuid, text, jsonb),
    public.billing_order_ended_v1(uuid, uuid, text)
to packshot_web, packshot_worker;
grant execute on function public.billing_publish_v1(jsonb, jsonb) to packshot_worker;
