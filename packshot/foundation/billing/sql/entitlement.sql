-- What an organization may do now: the one answer behind every gate. Time decides, not a job that has run.
--
--   trialing, active   the plan, while the period lasts; a renewal that we have not heard of has the plan's grace
--   past_due           the plan, for the plan's days of grace after the unpaid invoice was due
--   everything else    free: incomplete and unpaid never grant anything, paused and cancelled no more
--
-- credits: micro-credits a month. slots: products that commerce may hold. -1 in limits means without a limit.
create or replace function public.billing_entitlement_v1(p_organization uuid)
returns table (
    plan text, status text, seats integer, slots integer, credits bigint, features text[], limits jsonb,
    price text, quantity integer, until timestamptz
)
language plpgsql stable security definer set search_path = ''
as $$
declare
    v_now timestamptz := statement_timestamp() + app.ahead();
begin
    return query
    with subscriptions as (
        select
            r.state ->> 'status' as status,
            r.state ->> 'price' as price,
            (r.state ->> 'quantity')::integer as quantity,
            p.item,
            p.terms,
            least(
                case r.state ->> 'status'
                    when 'past_due' then coalesce((r.state ->> 'past_due_since')::timestamptz, (r.state ->> 'period_start')::timestamptz)
                    else (r.state ->> 'period_end')::timestamptz
                end + make_interval(days => (p.terms ->> 'grace_days')::integer),
                (r.state ->> 'cancel_at')::timestamptz,
                (r.state ->> 'ended_at')::timestamptz
            ) as until
        from public.billing_record as r
        join public.billing_price as p on p.key = r.state ->> 'price'
        where r.organization_id = p_organization and r.kind = 'subscription'
    ),
    best as (
        select s.item, s.status, s.terms, s.price, s.quantity, s.until
        from subscriptions as s
        where s.status in ('trialing', 'active', 'past_due') and s.until > v_now
        union all
        select f.key, 'free', f.terms, null, 1, null from public.billing_plan as f where f.key = 'free'
        order by 4 nulls last, 6 desc
        limit 1
    )
    select
        b.item::text,
        b.status,
        (b.terms ->> 'seats')::integer * case when (b.terms ->> 'per_seat')::boolean then b.quantity else 1 end,
        (b.terms ->> 'slots')::integer,
        (b.terms ->> 'credits')::bigint * case when (b.terms ->> 'per_seat')::boolean then b.quantity else 1 end,
        array(select jsonb_array_elements_text(b.terms -> 'features')),
        b.terms -> 'limits',
        b.price,
        b.quantity,
        b.until
    from best as b;
end
$$;

-- The same for the acting member, whatever the role: a gate is everybody's.
create or replace function public.billing_my_entitlement_v1()
returns table (
    plan text, status text, seats integer, slots integer, credits bigint, features text[], limits jsonb,
    price text, quantity integer, until timestamptz
)
language plpgsql stable security definer set search_path = ''
as $$
begin
    return query select e.* from public.billing_entitlement_v1(app.require_organization()) as e;
end
$$;

-- How many of something the plan allows (a word of `limits`); null: as many as one likes.
create or replace function public.billing_limit_v1(p_organization uuid, p_what text) returns integer
language plpgsql stable security definer set search_path = ''
as $$
begin
    return (
        select nullif((e.limits ->> p_what)::integer, -1) from public.billing_entitlement_v1(p_organization) as e
    );
end
$$;

-- Whether the plan brings a feature.
create or replace function public.billing_brings_v1(p_organization uuid, p_feature text) returns boolean
language plpgsql stable security definer set search_path = ''
as $$
begin
    return (select p_feature = any (e.features) from public.billing_entitlement_v1(p_organization) as e);
end
$$;

-- PX402 unless the plan brings the feature. What is missing stands in the error's detail, so that the page can offer it.
create or replace function public.billing_require_v1(p_organization uuid, p_feature text) returns void
language plpgsql stable security definer set search_path = ''
as $$
begin
    if not public.billing_brings_v1(p_organization, p_feature) then
        raise exception 'This belongs to a larger plan. Nothing was changed.'
            using errcode = 'PX402', detail = jsonb_build_object('feature', p_feature)::text;
    end if;
end
$$;

-- PX402 about something of which the plan allows `p_limit`, and all are there.
create or replace function public.billing_refuse_v1(p_what text, p_limit integer) returns void
language plpgsql immutable set search_path = ''
as $$
begin
    raise exception 'Your plan allows % of these, and that many are there. Nothing was changed; a larger plan brings more.', p_limit
        using errcode = 'PX402', detail = jsonb_build_object('feature', p_what, 'limit', p_limit)::text;
end
$$;

-- The same for the acting member.
create or replace function public.billing_require_mine_v1(p_feature text) returns void
language plpgsql stable security definer set search_path = ''
as $$
begin
    perform public.billing_require_v1(app.require_organization(), p_feature);
end
$$;

revoke execute on function
    public.billing_entitlement_v1(uuid),
    public.billing_my_entitlement_v1(),
    public.billing_limit_v1(uuid, text),
    public.billing_brings_v1(uuid, text),
    public.billing_require_v1(uuid, text),
    public.billing_refuse_v1(text, integer),
    public.billing_require_mine_v1(text)
from public;
grant execute on function public.billing_entitlement_v1(uuid) to packshot_web, packshot_worker;
grant execute on function public.billing_my_entitlement_v1(), public.billing_require_mine_v1(text) to packshot_member;
