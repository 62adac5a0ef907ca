-- Deliveries are claimed, posted by a worker, and what was answered is recorded. Whoever changes a delivery holds its
-- endpoint first: one claims for it at a time, and what is ordered stays in order.

-- How long to wait after so many tries; null: no more. Together about three days.
create or replace function public.webhooks_wait_v1(p_attempt integer) returns interval
language sql immutable parallel safe set search_path = ''
as $$
    select (array[
        interval '5 s', interval '30 s', interval '2 min', interval '10 min', interval '30 min',
        interval '1 h', interval '2 h', interval '4 h', interval '8 h',
        interval '12 h', interval '12 h', interval '12 h', interval '12 h', interval '8 h'
    ])[p_attempt]
$$;

-- Take what is due, `p_limit` at most, under a lease. Of each endpoint four at a time are on their way, of one that
-- fails one; every endpoint gets its first before any gets its second, so that none waits for a slow neighbour. Of one
-- object the next waits until the one before has been delivered or given up.
create or replace function public.webhooks_claim_v1(p_limit integer, p_lease_s double precision)
returns table (organization_id uuid, id uuid, token bigint, event_id uuid, url text, secrets text[], body text)
language plpgsql volatile security definer
set search_path = ''
-- By index, whatever the statistics say of tables that were empty a moment ago.
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set enable_bitmapscan = off
set enable_sort = off
set jit = off
as $$
declare
    v_now timestamptz := app.now();
    v_endpoints uuid[];
begin
    -- Those for which anything waits, found by leaps over the index; another worker's are skipped.
    with recursive busy as (
        (
            select d.endpoint_id from public.webhooks_delivery as d
            where d.state = 'pending' order by d.endpoint_id limit 1
        )
        union all
        select (
            select d.endpoint_id from public.webhooks_delivery as d
            where d.state = 'pending' and d.endpoint_id > b.endpoint_id order by d.endpoint_id limit 1
        )
        from busy as b where b.endpoint_id is not null
    ),
    held as (
        select e.id from public.webhooks_endpoint as e
        where e.id in (select b.endpoint_id from busy as b) and e.state = 'enabled' and exists (
            select from public.webhooks_delivery as d
            where d.endpoint_id = e.id and d.state = 'pending' and d.next_at <= v_now
                and (d.lease_until is null or d.lease_until <= v_now)
        )
        order by random()
        limit p_limit
        for no key update of e skip locked
    )
    select array_agg(h.id) into v_endpoints from held as h;
    if v_endpoints is null then
        return;
    end if;

    -- A statement of its own, which sees what was committed by whoever held them before.
    return query
    with room as (
        select e.id, case when e.failing_since is null then 4 else 1 end - (
            select count(*) from public.webhooks_delivery as d
            where d.endpoint_id = e.id and d.state = 'pending' and d.lease_until > v_now
        ) as free
        from public.webhooks_endpoint as e where e.id = any (v_endpoints)
    ),
    picked as (
        select n.organization_id, n.id
        from room as r
        cross join lateral (
            select f.*, row_number() over (order by f.next_at, f.seq) as nth
            from (
                select d.organization_id, d.id, d.next_at, d.seq
                from public.webhooks_delivery as d
                where d.endpoint_id = r.id and d.state = 'pending' and d.next_at <= v_now
                    and (d.lease_until is null or d.lease_until <= v_now)
                    and not exists (
                        select from public.webhooks_delivery as b
                        where b.endpoint_id = d.endpoint_id and b.object = d.object and b.state = 'pending'
                            and b.seq < d.seq
                    )
                order by d.next_at, d.seq
                limit greatest(r.free, 0)
            ) as f
        ) as n
        order by n.nth, n.next_at
        limit p_limit
    ),
    taken as (
        update public.webhooks_delivery as d
        set lease_until = v_now + p_lease_s * interval '1 s', token = d.token + 1
        from picked as p
        where d.organization_id = p.organization_id and d.id = p.id
        returning d.organization_id, d.id, d.token, d.event_id, d.endpoint_id, d.seq
    )
    select
        t.organization_id, t.id, t.token, t.event_id, e.url::text,
        array[e.secret] || case when e.previous_until > v_now then array[e.previous_secret] else '{}' end, v.body::text
    from taken as t
    join public.webhooks_endpoint as e on e.organization_id = t.organization_id and e.id = t.endpoint_id
    join public.webhooks_event as v on v.organization_id = t.organization_id and v.id = t.event_id
    order by t.seq;
end
$$;

-- What became of a try: `p_status` was answered, or nothing, and `p_error` says why. The word for it is returned:
-- 'delivered', 'again', 'failed' (given up), 'disabled' (with its endpoint), 'stale' (not the caller's any more).
create or replace function public.webhooks_tried_v1(
    p_organization uuid, p_delivery uuid, p_token bigint, p_status integer, p_ms integer, p_excerpt text,
    p_error text, p_retry_after_s integer
) returns text
language plpgsql volatile security definer set search_path = ''
as $$
declare
    v_now timestamptz := app.now();
    v_wait interval;
    e public.webhooks_endpoint;
    d public.webhooks_delivery;
begin
    select x.* into e from public.webhooks_endpoint as x
    where x.organization_id = p_organization and x.id = (
        select y.endpoint_id from public.webhooks_delivery as y
        where y.organization_id = p_organization and y.id = p_delivery
    )
    for no key update;
    select x.* into d from public.webhooks_delivery as x
    where x.organization_id = p_organization and x.id = p_delivery and x.state = 'pending' and x.token = p_token
    for no key update;
    if d.id is null then
        return 'stale';
    end if;
    insert into public.webhooks_attempt (organization_id, id, delivery_id, at, status, ms, excerpt, error)
    values (
        p_organization, public.audit_id_v1(v_now), d.id, v_now - p_ms * interval '1 ms', p_status, p_ms, p_excerpt,
        p_error
    );
    d.attempt := d.attempt + 1;
    update public.webhooks_delivery as x set attempt = d.attempt, lease_until = null
    where x.organization_id = p_organization and x.id = d.id;

    if p_status between 200 and 299 then
        update public.webhooks_delivery as x set state = 'delivered', ended_at = v_now
        where x.organization_id = p_organization and x.id = d.id;
        update public.webhooks_endpoint as x set failing_since = null
        where x.organization_id = p_organization and x.id = e.id and x.failing_since is not null;
        return 'delivered';
    elsif p_status = 410 then
        perform public.webhooks_disable_v1(p_organization, e.id, 'gone');
        return 'disabled';
    end if;

    if e.failing_since is null then
        update public.webhooks_endpoint as x set failing_since = v_now
        where x.organization_id = p_organization and x.id = e.id;
    elsif e.failing_since <= v_now - interval '5 days' and d.attempt >= 6 then
        -- Not for one hiccup after a long silence: this delivery itself has been tried for most of an hour.
        perform public.webhooks_disable_v1(p_organization, e.id, 'failing');
        return 'disabled';
    end if;
    v_wait := public.webhooks_wait_v1(d.attempt) * (0.9 + 0.2 * random());
    if v_wait is null then
        update public.webhooks_delivery as x set state = 'failed', ended_at = v_now
        where x.organization_id = p_organization and x.id = d.id;
        return 'failed';
    end if;
    update public.webhooks_delivery as x
    set next_at = v_now + greatest(v_wait, least(coalesce(p_retry_after_s, 0), 3600) * interval '1 s')
    where x.organization_id = p_organization and x.id = d.id;
    return 'again';
end
$$;

revoke execute on function
    public.webhooks_wait_v1(integer),
    public.webhooks_claim_v1(integer, double precision),
    public.webhooks_tried_v1(uuid, uuid, bigint, integer, integer, text, text, integer)
from public;
grant execute on function
    public.webhooks_claim_v1(integer, double precision),
    public.webhooks_tried_v1(uuid, uuid, bigint, integer, integer, text, text, integer)
to packshot_worker;
