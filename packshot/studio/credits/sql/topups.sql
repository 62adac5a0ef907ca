-- Automatic top-ups: what is to be charged is decided here, one at a time for an organization, under a lease; the charge
-- itself is the caller's. Locks are taken in one order: the wallet, the rule, the try.

set check_function_bodies = off;  -- bodies in SQL speak of app.now(), which comes with billing

-- How long after the n-th decline in a row the next one is tried; null: not at all.
create or replace function public.credits_topup_pause(p_failures integer) returns interval
language sql immutable parallel safe
as $$ select (array['15 minutes', '2 hours', '12 hours']::interval[])[p_failures] $$;

-- Take one charge to make: {"organization", "id": the key to charge under, "pack", "token"}. Without an "id" a wish was
-- looked at and nothing is to be charged now; null: there is nothing to look at. First come those whose taker has not
-- answered within the lease, or whose payment was pending: the same key again, so the charge stays one.
create or replace function public.credits_topup_claim_at_v1(p_lease_s integer, p_now timestamptz) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
    v_lease constant timestamptz := p_now + make_interval(secs => p_lease_s);
    v_midnight constant timestamptz := date_trunc('day', p_now at time zone 'UTC') at time zone 'UTC';
    v_organization uuid;
    r public.credits_topuprule;
    t public.credits_topuptry;
begin
    select x.* into t from public.credits_topuptry as x
    where x.lease_until <= p_now
    order by x.lease_until limit 1
    for update skip locked;
    if t.id is not null then
        update public.credits_topuptry as x set token = x.token + 1, lease_until = v_lease
        where x.organization_id = t.organization_id and x.id = t.id;
        return public.credits_topup_order(t.organization_id, t.id);
    end if;

    select x.organization_id into v_organization from public.credits_topuprule as x
    where x.enabled and x.wanted and x.stopped_at is null and x.next_try_at <= p_now and not exists (
        select from public.credits_topuptry as y
        where y.organization_id = x.organization_id and y.state in ('charging', 'pending')
    )
    order by x.next_try_at limit 1;
    if v_organization is null then
        return null;
    end if;
    -- Under the wallet's lock: no crossing goes unseen between the look at the balance and what is decided on it. Who
    -- has waited for it looks again at what made them come.
    perform from public.credits_wallet as w where w.id = v_organization for no key update;
    select x.* into r from public.credits_topuprule as x where x.organization_id = v_organization for update;
    if not (r.enabled and r.wanted and r.stopped_at is null and r.next_try_at <= p_now) or exists (
        select from public.credits_topuptry as x
        where x.organization_id = v_organization and x.state in ('charging', 'pending')
    ) then
        null;
    elsif (public.credits_balance_at_v1(v_organization, p_now) ->> 'available')::bigint >= r.below then
        update public.credits_topuprule as x set wanted = false where x.organization_id = v_organization;
    elsif not public.billing_brings_v1(v_organization, 'auto_topup') then
        -- The rule rests while the plan does not bring it; it is looked at again in an hour.
        update public.credits_topuprule as x set next_try_at = p_now + interval '1 hour'
        where x.organization_id = v_organization;
    elsif public.credits_topup_on_its_way(v_organization) then
        update public.credits_topuprule as x set next_try_at = p_now + interval '1 minute'
        where x.organization_id = v_organization;
    elsif r.daily_cap <= (
        select count(*) from public.credits_topuptry as x
        where x.organization_id = v_organization and x.state = 'paid' and x.created_at >= v_midnight
    ) then
        update public.credits_topuprule as x set next_try_at = v_midnight + interval '1 day'
        where x.organization_id = v_organization;
    else
        insert into public.credits_topuptry (organization_id, id, pack, state, token, lease_until, created_at)
        values (v_organization, app.uuid7(), r.pack, 'charging', 1, v_lease, p_now)
        returning * into t;
        return public.credits_topup_order(v_organization, t.id);
    end if;
    return jsonb_build_object('organization', v_organization, 'id', null);
end
$$;

create or replace function public.credits_topup_claim_v1(p_lease_s integer) returns jsonb
language sql volatile security definer set search_path = ''
as $$ select public.credits_topup_claim_at_v1(p_lease_s, app.now()) $$;

-- What a worker is given of a try.
create or replace function public.credits_topup_order(p_organization uuid, p_id uuid) returns jsonb
language sql stable
as $$
    select jsonb_build_object('organization', t.organization_id, 'id', t.id, 'pack', t.pack, 'token', t.token)
    from public.credits_topuptry as t
    where t.organization_id = p_organization and t.id = p_id
$$;

-- Whether the last pack was paid and its credits have not come yet: until then no other is bought, however low the
-- balance is.
create or replace function public.credits_topup_on_its_way(p_organization uuid) returns boolean
language sql stable
as $$
    select t.state = 'paid' and not exists (
        select from public.credits_lot as l
        where l.organization_id = p_organization and l.source = 'purchased' and l.effective_at >= t.created_at
    )
    from public.credits_topuptry as t
    where t.organization_id = p_organization
    order by t.id desc limit 1
$$;

-- What became of a charge: paid, declined (with the provider's code) or pending. False: somebody else has taken it up
-- since, and what they are told counts. A decline is tried again after growing pauses, then not any more, with a notice.
create or replace function public.credits_topup_record_at_v1(
    p_organization uuid, p_id uuid, p_token integer, p_outcome text, p_code text, p_now timestamptz
) returns boolean
language plpgsql volatile security definer set search_path = ''
as $$
declare
    r public.credits_topuprule;
    v_pause interval;
begin
    if p_outcome not in ('paid', 'declined', 'pending') then
        raise exception 'A charge is paid, declined or pending, not %.', p_outcome using errcode = 'PX422';
    end if;
    select x.* into r from public.credits_topuprule as x where x.organization_id = p_organization for update;
    update public.credits_topuptry as x
    set state = p_outcome, code = p_code,
        lease_until = case when p_outcome = 'pending' then p_now + interval '10 minutes' end,
        ended_at = case when p_outcome <> 'pending' then p_now end
    where x.organization_id = p_organization and x.id = p_id and x.token = p_token and x.lease_until is not null;
    if not found then
        return false;
    elsif p_outcome = 'paid' then
        update public.credits_topuprule as x set failures = 0, next_try_at = p_now
        where x.organization_id = p_organization;
    elsif p_outcome = 'declined' then
        v_pause := public.credits_topup_pause(r.failures + 1);
        update public.credits_topuprule as x
        set failures = r.failures + 1, next_try_at = p_now + coalesce(v_pause, interval '0'),
            stopped_at = case when v_pause is null then p_now end
        where x.organization_id = p_organization;
        if v_pause is null then
            perform public.letters_post_to_v1(
                p_organization, 'topup_stopped:' || p_id, 'credits.topup_stopped', jsonb_build_object('code', p_code),
                array['owner', 'admin']);
        end if;
    end if;
    if p_outcome <> 'pending' then
        perform public.audit_record_v1(
            p_organization, null, 'credits.topup_' || p_outcome, p_id::text, jsonb_build_object('code', p_code));
    end if;
    return true;
end
$$;

create or replace function public.credits_topup_record_v1(
    p_organization uuid, p_id uuid, p_token integer, p_outcome text, p_code text
) returns boolean
language sql volatile security definer set search_path = ''
as $$
    select public.credits_topup_record_at_v1(p_organization, p_id, p_token, p_outcome, p_code, app.now())
$$;

-- Set the acting organization's rule. Saving it clears a stop and what was declined before. PX402 where the plan does not
-- bring top-ups: they can only be switched off then.
create or replace function public.credits_set_topup_v1(
    p_enabled boolean, p_below bigint, p_pack text, p_daily_cap integer
) returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
    v_organization uuid := public.credits_require_manager();
    v_now constant timestamptz := app.now();
    v_available bigint;
begin
    if coalesce(p_below, 0) not between 1 and 9007199254740992 or coalesce(p_daily_cap, 0) not between 1 and 50
        or coalesce(length(p_pack), 0) not between 1 and 80 then
        raise exception 'A top-up needs a threshold above 0, a pack, and 1 to 50 packs a day.' using errcode = 'PX422';
    end if;
    if p_enabled then
        perform public.billing_require_v1(v_organization, 'auto_topup');
    end if;
    perform from public.credits_wallet as w where w.id = v_organization for no key update;
    v_available := (public.credits_balance_at_v1(v_organization, v_now) ->> 'available')::bigint;
    insert into public.credits_topuprule as r (
        organization_id, enabled, below, pack, daily_cap, wanted, failures, next_try_at
    )
    values (
        v_organization, p_enabled, p_below, p_pack, p_daily_cap, v_available < p_below, 0, v_now
    )
    on conflict (organization_id) do update
    set enabled = excluded.enabled, below = excluded.below, pack = excluded.pack, daily_cap = excluded.daily_cap,
        wanted = excluded.wanted, failures = 0, next_try_at = excluded.next_try_at,
        stopped_at = null;
    perform public.audit_record_v1(
        v_organization, app.user_id(), 'credits.topup_set', p_pack,
        jsonb_build_object('enabled', p_enabled, 'below', p_below, 'daily_cap', p_daily_cap)
    );
end
$$;

-- The acting organization's rule with its last tries, for owners and admins; null without one.
create or replace function public.credits_topup_v1() returns jsonb
language sql stable security definer set search_path = ''
as $$
    select jsonb_build_object(
        'enabled', r.enabled, 'below', r.below, 'pack', r.pack, 'daily_cap', r.daily_cap, 'failures', r.failures,
        'next_try_at', r.next_try_at, 'stopped_at', r.stopped_at,
        'tries', coalesce((
            select jsonb_agg(jsonb_build_object(
                'id', t.id, 'pack', t.pack, 'state', t.state, 'code', t.code, 'created_at', t.created_at
            ) order by t.id desc)
            from (
                select x.* from public.credits_topuptry as x
                where x.organization_id = r.organization_id order by x.id desc limit 5
            ) as t
        ), '[]')
    )
    from public.credits_topuprule as r
    where r.organization_id = public.credits_require_manager()
$$;

revoke execute on function
    public.credits_topup_claim_at_v1(integer, timestamptz), public.credits_topup_claim_v1(integer),
    public.credits_topup_order(uuid, uuid), public.credits_topup_on_its_way(uuid),
    public.credits_topup_record_at_v1(uuid, uuid, integer, text, text, timestamptz),
    public.credits_topup_record_v1(uuid, uuid, integer, text, text),
    public.credits_set_topup_v1(boolean, bigint, text, integer), public.credits_topup_v1()
from public;
grant execute on function
    public.credits_set_topup_v1(boolean, bigint, text, integer), public.credits_topup_v1()
to packshot_member;
grant execute on function
    public.credits_topup_claim_v1(integer), public.credits_topup_record_v1(uuid, uuid, integer, text, text)
to packshot_worker;
