-- Notices of a low balance: decided where the balance changes, told once a crossing, mailed by the workers.

set check_function_bodies = off;  -- bodies in SQL speak of app.now(), which comes with billing

-- These wallets' balances have changed: who has fallen below their mark is to be told, who is above again is armed, and
-- top-ups that are wished for are wanted. A notice looks at what is left, held credits included, for a hold is not
-- spent and may come back; a top-up at what is available, for that is what the next request needs.
create or replace function public.credits_cross(p_wallets public.credits_wallet[], p_now timestamptz) returns void
language plpgsql volatile set search_path = ''
as $$
begin
    with crossed as (
        update public.credits_watch as c set low = not c.low
        from unnest(p_wallets) as w
        where c.organization_id = w.organization_id and c.low <> (w.available + w.held < c.below)
        returning c.organization_id, c.low, c.below, c.language, w.available + w.held as left_
    )
    insert into public.credits_notice (organization_id, id, kind, detail, language, created_at, due_at, tries)
    select
        c.organization_id, app.uuid7(), 'low_balance', jsonb_build_object('below', c.below, 'left', c.left_),
        c.language, p_now, p_now, 0
    from crossed as c
    where c.low;
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
create or replace function public.credits_set_watch_v1(p_below bigint, p_language text) returns void
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
        insert into public.credits_watch (organization_id, below, low, language)
        values (v_organization, p_below, v_left < p_below, p_language)
        on conflict (organization_id) do update
        set below = excluded.below, low = excluded.low, language = excluded.language;
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

-- Take the next notice that is to be mailed, or null; with the addresses of those who are owners and admins now.
-- It is marked as taken before it is sent, so a worker that dies on the way leaves a mail unsent, never sent twice.
create or replace function public.credits_notice_claim_v1() returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
    n public.credits_notice;
begin
    select x.* into n from public.credits_notice as x
    where x.due_at <= app.now()
    order by x.due_at limit 1
    for update skip locked;
    if n.id is null then
        return null;
    end if;
    update public.credits_notice as x set due_at = null, tries = x.tries + 1
    where x.organization_id = n.organization_id and x.id = n.id;
    return jsonb_build_object(
        'organization', n.organization_id, 'id', n.id, 'kind', n.kind, 'detail', n.detail, 'language', n.language,
        'name', (select o.name from public.organizations_organization as o where o.id = n.organization_id),
        'to', coalesce((
            select jsonb_agg(u.email order by m.created_at, u.id)
            from public.organizations_membership as m
            join public.accounts_user as u on u.id = m.user_id
            where m.organization_id = n.organization_id and m.role in ('owner', 'admin') and u.is_active
        ), '[]')
    );
end
$$;

-- The notice was sent; or (null seconds: never again) may be tried once more, because nothing has left this machine.
create or replace function public.credits_notice_told_v1(p_organization uuid, p_id uuid, p_sent boolean, p_after_s integer)
returns void
language sql volatile security definer set search_path = ''
as $$
    update public.credits_notice as n
    set sent_at = case when p_sent then app.now() end,
        due_at = case when not p_sent then app.now() + make_interval(secs => p_after_s) end
    where n.organization_id = p_organization and n.id = p_id and n.due_at is null and n.sent_at is null
$$;

revoke execute on function
    public.credits_cross(public.credits_wallet[], timestamptz),
    public.credits_require_manager(), public.credits_set_watch_v1(bigint, text), public.credits_watch_v1(),
    public.credits_notice_claim_v1(), public.credits_notice_told_v1(uuid, uuid, boolean, integer)
from public;
grant execute on function public.credits_set_watch_v1(bigint, text), public.credits_watch_v1() to packshot_member;
grant execute on function
    public.credits_notice_claim_v1(), public.credits_notice_told_v1(uuid, uuid, boolean, integer)
to packshot_worker;
