-- Monthly caps of members on the shared wallet. The wallet is locked before a cap is read or set, by every command,
-- so the two are decided together; the engine counts on within a call, and what was counted is saved with the holds.

set check_function_bodies = off;  -- bodies in SQL speak of app.now(), which comes with billing

-- The month that a moment counts towards: calendar months of UTC, which do not move with a plan's anniversary.
create or replace function public.credits_month(p_at timestamptz) returns date
language sql immutable parallel safe
as $$ select date_trunc('month', p_at at time zone 'UTC')::date $$;

-- What a hold counts: its amount while it is open, then its charge less what was refunded.
create or replace function public.credits_used(p_hold public.credits_hold) returns bigint
language sql immutable parallel safe
as $$
    select case p_hold.state when 'open' then p_hold.amount when 'finalized' then p_hold.charged - p_hold.refunded else 0 end
$$;

-- The caps of those who reserve in these steps and what they have used this month; nulls where nobody has one.
create or replace function public.credits_caps(
    p_steps public.credits_step[],
    p_now timestamptz,
    out o_seats text[],
    out o_caps bigint[],
    out o_used bigint[]
)
language plpgsql stable set search_path = ''
as $$
begin
    -- Here and below: PL/pgSQL keeps its plans, and these run with every command.
    select
        array_agg(w.id::text || c.member_id::text),
        array_agg(c.cap),
        array_agg(coalesce(m.used, 0))
    into o_seats, o_caps, o_used
    from (select distinct x.wallet, x.actor from unnest(p_steps) as x where x.kind = 'reserve') as s
    join public.credits_wallet as w on w.id = s.wallet
    join public.credits_membercap as c on c.organization_id = w.organization_id and c.member_id = s.actor
    left join public.credits_membermonth as m
        on m.organization_id = c.organization_id and m.member_id = c.member_id
        and m.month = public.credits_month(greatest(w.touched_at, p_now));
end
$$;

-- Count these holds as they are about to be saved, in place of what was counted of them before.
create or replace function public.credits_count_members(p_holds public.credits_hold[]) returns void
language plpgsql volatile set search_path = ''
as $$
begin
    insert into public.credits_membermonth as m (organization_id, member_id, month, used)
    select
        x.organization_id, x.member_id, public.credits_month(x.opened_at),
        sum(public.credits_used(x::public.credits_hold) - coalesce(public.credits_used(h), 0))
    from unnest(p_holds) as x
    left join public.credits_hold as h on h.id = x.id and h.organization_id = x.organization_id
    where x.member_id is not null
    group by 1, 2, 3
    on conflict (organization_id, member_id, month) do update set used = m.used + excluded.used;
end
$$;

-- Set what a member of the acting organization may use in a month; null: as much as there is. Owners and admins may.
create or replace function public.credits_set_cap_v1(p_member uuid, p_cap bigint) returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
    v_organization uuid := app.require_organization();
begin
    if app.role() not in ('owner', 'admin') then
        raise exception 'Only owners and admins set caps.' using errcode = 'PX403';
    elsif p_cap not between 0 and 9007199254740992 then
        raise exception 'A cap is a number of credits, from 0 up.' using errcode = 'PX422';
    elsif not exists (
        select from public.organizations_membership as m
        where m.organization_id = v_organization and m.user_id = p_member
    ) then
        raise exception 'There is no such member.' using errcode = 'PX404';
    end if;
    perform from public.credits_wallet as w where w.id = v_organization for no key update;
    if p_cap is null then
        delete from public.credits_membercap as c where c.organization_id = v_organization and c.member_id = p_member;
    else
        insert into public.credits_membercap (organization_id, member_id, cap) values (v_organization, p_member, p_cap)
        on conflict (organization_id, member_id) do update set cap = excluded.cap;
    end if;
    perform public.audit_record_v1(
        v_organization, app.user_id(), 'credits.capped', p_member::text, jsonb_build_object('cap', p_cap));
end
$$;

-- The acting person's cap and what is used of it this month; null without a cap.
create or replace function public.credits_my_cap_v1() returns jsonb
language sql stable security definer set search_path = ''
as $$
    select jsonb_build_object('cap', c.cap, 'used', coalesce(m.used, 0))
    from public.credits_membercap as c
    left join public.credits_membermonth as m
        on m.organization_id = c.organization_id and m.member_id = c.member_id
        and m.month = public.credits_month((statement_timestamp() + app.ahead()))
    where c.organization_id = app.require_organization() and c.member_id = app.user_id()
$$;

-- Every member of the acting organization with their cap and month, for owners and admins.
create or replace function public.credits_caps_v1()
returns table (member_id uuid, cap bigint, used bigint)
language plpgsql stable security definer set search_path = ''
as $$
begin
    if coalesce(app.role(), '') not in ('owner', 'admin') then
        raise exception 'Only owners and admins see everybody''s caps.' using errcode = 'PX403';
    end if;
    return query
        select p.user_id, c.cap, coalesce(m.used, 0)
        from public.organizations_membership as p
        left join public.credits_membercap as c
            on c.organization_id = p.organization_id and c.member_id = p.user_id
        left join public.credits_membermonth as m
            on m.organization_id = p.organization_id and m.member_id = p.user_id
            and m.month = public.credits_month((statement_timestamp() + app.ahead()))
        where p.organization_id = app.organization_id();
end
$$;

revoke execute on function
    public.credits_caps(public.credits_step[], timestamptz), public.credits_count_members(public.credits_hold[]),
    public.credits_set_cap_v1(uuid, bigint), public.credits_my_cap_v1(), public.credits_caps_v1()
from public;
grant execute on function
    public.credits_set_cap_v1(uuid, bigint), public.credits_my_cap_v1(), public.credits_caps_v1()
to packshot_member;
