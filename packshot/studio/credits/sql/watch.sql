-- Notices of a low balance: decided where the balance changes, told once a crossing, by a letter.

set check_function_bodies = off;  -- bodies in SQL speak of app.now(), which comes with billing

-- These wallets' balances have changed: who has fallen below their mark is to be told, who is above again is armed, and
-- top-ups that are wished for are wanted. A notice looks at what is left, held credits included, for a hold is not
-- spent and may come back; a top-up at what is available, for that is what the next request needs.
create or replace function public.credits_cross(p_wallets public.credits_wallet[], p_now timestamptz) returns void
language plpgsql volatile set search_path = ''
as $$
declare
    c record;
begin
    for c in
        update public.credits_watch as x set low = not x.low
        from unnest(p_wallets) as w
        where x.organization_id = w.organization_id and x.low <> (w.available + w.held < x.below)
        returning x.organization_id, x.low, x.below, w.available + w.held as left_
    loop
        if c.low then
            perform public.letters_post_to_v1(
                c.organization_id, 'low_balance:' || app.uuid7(), 'credits.low_balance',
                jsonb_build_object('below', c.below, 'left', c.left_), array['owner', 'admin']);
        end if;
    end loop;
    update public.credits_topuprule as r set wanted = true
    from unnest(p_wallets) as w
    where r.organization_id = w.organization_id and r.enabled and not r.wanted and w.available < r.below;
end
$$;

-- Only owners and admins decide what the organization is told and what is bought for it; the organization.
create or replace function public.credits_require_manager() returns uuid
language plpgsql stable set search_path = ''
as $$
declare
    v_organization uuid := app.require_organization();
begin
    if app.role() not in ('owner', 'admin') then
        raise exception 'Only owners and admins may do this.' using errcode = 'PX403';
    end if;
    return v_organization;
end
$$;

-- Tell the owners and admins when less than this is left; null: do not. Being below already is no crossing: the pages
-- say it, and no mail is sent.
create or replace function public.credits_set_watch_v1(p_below bigint) returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
    v_organization uuid := public.credits_require_manager();
    v_left bigint;
begin
    if p_below not between 1 and 9007199254740992 then
        raise exception 'A threshold is a number of credits above 0.' using errcode = 'PX422';
    end if;
    perform from public.credits_wallet as w where w.id = v_organization for no key update;
    if p_below is null then
        delete from public.credits_watch as c where c.organization_id = v_organization;
    else
        v_left := (select (b ->> 'available')::bigint + (b ->> 'held')::bigint
            from public.credits_balance_at_v1(v_organization, app.now()) as b);
        insert into public.credits_watch (organization_id, below, low)
        values (v_organization, p_below, v_left < p_below)
        on conflict (organization_id) do update set below = excluded.below, low = excluded.low;
    end if;
    perform public.audit_record_v1(
        v_organization, app.user_id(), 'credits.watched', null, jsonb_build_object('below', p_below));
end
$$;

-- The acting organization's mark and whether it is below; null without one. Every member may know.
create or replace function public.credits_watch_v1() returns jsonb
language sql stable security definer set search_path = ''
as $$
    select jsonb_build_object(
        'below', c.below,
        'low', (b ->> 'available')::bigint + (b ->> 'held')::bigint < c.below
    )
    from public.credits_watch as c
    cross join lateral public.credits_balance_at_v1(c.organization_id, (statement_timestamp() + app.ahead())) as b
    where c.organization_id = app.require_organization()
$$;

revoke execute on function
    public.credits_cross(public.credits_wallet[], timestamptz),
    public.credits_require_manager(), public.credits_set_watch_v1(bigint), public.credits_watch_v1()
from public;
grant execute on function public.credits_set_watch_v1(bigint), public.credits_watch_v1() to packshot_member;
