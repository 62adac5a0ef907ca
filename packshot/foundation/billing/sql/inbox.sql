-- The inbox of payment providers. A message is stored once for ever, answered at once, and worked off by a worker: the
-- object is fetched anew, so that neither the order nor the number of messages matters.

-- False: it was known. p_state is `waiting`, `ignored` (nothing we follow) or `parked` (not believed: another account,
-- mode or version; p_error says why).
create or replace function public.billing_receive_v1(
    p_provider text, p_event text, p_type text, p_kind text, p_ref text, p_version text, p_created timestamptz,
    p_seen jsonb, p_state text, p_error text
) returns boolean
language plpgsql volatile security definer set search_path = ''
as $$
declare
    v_new bigint;
begin
    insert into public.billing_message (
        provider, event_id, type, kind, ref, version, seen, state, error, tries, due_at, created_at, received_at
    )
    values (
        p_provider, p_event, p_type, p_kind, p_ref, p_version, p_seen, p_state, p_error, 0, clock_timestamp(),
        p_created, clock_timestamp()
    )
    on conflict (provider, event_id) do nothing
    returning id into v_new;
    return v_new is not null;
end
$$;

-- The next messages that wait, for this worker for a minute.
create or replace function public.billing_take_v1(p_limit integer)
returns table (id bigint, provider text, kind text, ref text, seen jsonb)
language plpgsql volatile security definer set search_path = ''
as $$
begin
    return query
    update public.billing_message as m set due_at = clock_timestamp() + interval '1 minute', tries = m.tries + 1
    where m.id in (
        select w.id from public.billing_message as w
        where w.state = 'waiting' and w.due_at <= clock_timestamp()
        order by w.due_at
        limit p_limit
        for update skip locked
    )
    returning m.id, m.provider::text, m.kind::text, m.ref::text, m.seen;
end
$$;

-- It is worked off; in one transaction with what followed from it.
create or replace function public.billing_handled_v1(p_id bigint, p_state text, p_error text) returns void
language sql volatile security definer set search_path = ''
as $$
    update public.billing_message as m
    set state = p_state, error = p_error, handled_at = clock_timestamp()
    where m.id = p_id
$$;

-- It could not be worked off: again later, twice as late each time; dead after about three days.
create or replace function public.billing_not_handled_v1(p_id bigint, p_error text) returns void
language sql volatile security definer set search_path = ''
as $$
    update public.billing_message as m
    set error = p_error,
        state = case when m.tries >= 20 then 'dead' else 'waiting' end,
        due_at = clock_timestamp() + least(interval '6 hours', make_interval(secs => 2 ^ least(m.tries, 14)))
    where m.id = p_id and m.state = 'waiting'
$$;

-- A dead, parked or handled message once more. Operators only.
create or replace function public.billing_replay_v1(p_id bigint) returns boolean
language plpgsql volatile security definer set search_path = ''
as $$
begin
    update public.billing_message as m
    set state = 'waiting', tries = 0, due_at = clock_timestamp(), error = null, handled_at = null
    where m.id = p_id and m.kind is not null;
    return found;
end
$$;

-- What may change without a message of ours: subscriptions that run, checkouts and payments that are under way.
create or replace function public.billing_running_v1(p_provider text) returns table (kind text, ref text)
language plpgsql stable security definer set search_path = ''
as $$
begin
    return query
    select r.kind::text, r.ref::text
    from public.billing_record as r
    where r.provider = p_provider and (
        r.kind = 'subscription' and r.state ->> 'status' not in ('cancelled', 'incomplete_expired')
        or r.kind = 'payment' and r.state ->> 'status' in ('pending', 'action_needed')
        or r.kind = 'dispute' and r.state ->> 'status' in ('inquiry', 'open')
    )
    union
    select 'checkout', o.ref::text
    from public.billing_order as o
    where o.provider = p_provider and o.status = 'open' and o.ref is not null and o.kind in ('subscription', 'pack');
end
$$;

-- Organizations whose trial ends within three days and who were not told: only time has brought that about.
create or replace function public.billing_trials_v1() returns setof uuid
language plpgsql stable security definer set search_path = ''
as $$
begin
    return query
    select r.organization_id
    from public.billing_record as r
    where r.kind = 'subscription' and r.state ->> 'status' = 'trialing' and r.state ->> 'cancel_at' is null
        and (r.state ->> 'trial_end')::timestamptz - interval '3 days' <= app.now()
        and not exists (
            select from public.letters_letter as l
            where l.organization_id = r.organization_id and l.key like 'trial_soon:%'
        );
end
$$;

-- The subscriptions of one organization that have not ended.
create or replace function public.billing_subscriptions_of_v1(p_organization uuid, p_provider text) returns table (ref text)
language plpgsql stable security definer set search_path = ''
as $$
begin
    return query
    select r.ref::text from public.billing_record as r
    where r.organization_id = p_organization and r.provider = p_provider and r.kind = 'subscription'
        and r.state ->> 'status' not in ('cancelled', 'incomplete_expired');
end
$$;

-- The newest messages in a state, for operators.
create or replace function public.billing_messages_v1(p_state text, p_limit integer)
returns table (id bigint, provider text, event_id text, type text, kind text, ref text, error text, received_at timestamptz)
language plpgsql stable security definer set search_path = ''
as $$
begin
    return query
    select m.id, m.provider::text, m.event_id::text, m.type::text, m.kind::text, m.ref::text, m.error, m.received_at
    from public.billing_message as m
    where m.state = p_state
    order by m.id desc
    limit p_limit;
end
$$;

-- Whether it is this worker's turn to compare all with the provider: true once in 20 hours.
create or replace function public.billing_begin_round_v1() returns boolean
language plpgsql volatile security definer set search_path = ''
as $$
begin
    insert into public.billing_round as r (at) values (clock_timestamp())
    on conflict (one) do update set at = excluded.at where r.at < clock_timestamp() - interval '20 hours';
    return found;
end
$$;

revoke execute on function
    public.billing_begin_round_v1(),
    public.billing_trials_v1(),
    public.billing_messages_v1(text, integer),
    public.billing_subscriptions_of_v1(uuid, text),
    public.billing_running_v1(text),
    public.billing_receive_v1(text, text, text, text, text, text, timestamptz, jsonb, text, text),
    public.billing_take_v1(integer),
    public.billing_handled_v1(bigint, text, text),
    public.billing_not_handled_v1(bigint, text),
    public.billing_replay_v1(bigint)
from public;
grant execute on function
    public.billing_begin_round_v1(), public.billing_trials_v1(), public.billing_messages_v1(text, integer)
to packshot_worker;
grant execute on function
    public.billing_subscriptions_of_v1(uuid, text),
    public.billing_running_v1(text),
    public.billing_receive_v1(text, text, text, text, text, text, timestamptz, jsonb, text, text),
    public.billing_take_v1(integer),
    public.billing_handled_v1(bigint, text, text),
    public.billing_not_handled_v1(bigint, text)
to packshot_web, packshot_worker;
grant execute on function public.billing_replay_v1(bigint) to packshot_worker, packshot_staff;
