-- The door of the API: whose key it is and whether they may ask now, in one call.
--
-- A bucket holds as many requests as its quota allows in a minute and fills evenly. It is kept as the moment at which
-- it will be full (`full_at`): a request moves that moment on by a minute's share, and is refused where it would come
-- to lie more than a minute ahead. Whoever is refused by one bucket takes from none.

-- Take one request from each of these buckets, all or none. Answers {"limits": [{"name", "quota", "remaining",
-- "full_in"}], "retry_after"|null}, in seconds. Everybody locks in the same order: key, organization, address.
create or replace function public.apikeys_take_v1(p_names text[], p_quotas integer[]) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
    v_now timestamptz;
    v_full timestamptz[];
    v_after timestamptz;
    v_limits jsonb := '[]';
    v_wait double precision := 0;
    i integer;
begin
    insert into public.apikeys_bucket (name, full_at)
    select n.name, clock_timestamp() from unnest(p_names) with ordinality as n (name, at) order by n.at
    on conflict do nothing;
    for i in 1 .. cardinality(p_names) loop
        v_full[i] := (select b.full_at from public.apikeys_bucket as b where b.name = p_names[i] for no key update);
    end loop;
    v_now := clock_timestamp();  -- not before: whoever waited for a lock is judged by when they got it
    for i in 1 .. cardinality(p_names) loop
        v_after := greatest(v_full[i], v_now) + interval '1 minute' / p_quotas[i];
        v_wait := greatest(v_wait, extract(epoch from v_after - v_now - interval '1 minute'));
        v_full[i] := v_after;
    end loop;
    for i in 1 .. cardinality(p_names) loop
        if v_wait <= 0 then
            update public.apikeys_bucket as b set full_at = v_full[i] where b.name = p_names[i];
        else
            v_full[i] := v_full[i] - interval '1 minute' / p_quotas[i];
        end if;
        v_limits := v_limits || jsonb_build_object(
            'name', split_part(p_names[i], '/', 1),
            'quota', p_quotas[i],
            'remaining', greatest(0, floor(
                p_quotas[i] * (1 - extract(epoch from v_full[i] - v_now) / 60) + 0.000001))::integer,
            'full_in', greatest(0, ceil(extract(epoch from v_full[i] - v_now)))::integer
        );
    end loop;
    return jsonb_build_object(
        'limits', v_limits, 'retry_after', case when v_wait > 0 then ceil(v_wait)::integer end);
end
$$;

-- Somebody asks with a key of this hash ('': with none, or what cannot be one; null: for what is open to all), from this
-- address. `p_quotas`: requests a minute by bucket, {"key", "organization", "address", "bad-key"}. Answers what
-- apikeys_take_v1 does and {"refusal": why the key is none, or null, "caller": {...} or null}.
--
-- A key that opens nothing is counted by its address alone, apart from the good ones: guessing is slow, and takes
-- nothing from others who come from there.
create or replace function public.apikeys_enter_v1(p_hash text, p_address text, p_quotas jsonb) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
    v_address inet := p_address::inet;
    -- Whoever has one address of IPv6 has as many as they like.
    v_place text := case family(v_address)
        when 6 then network(set_masklen(v_address, 64))::text else host(v_address) end;
    v_now timestamptz := clock_timestamp();
    v_key public.apikeys_key;
    v_role text;
    v_refusal text;
    v_taken jsonb;
begin
    if p_hash is null then
        return public.apikeys_take_v1(array['address/' || v_place], array[(p_quotas ->> 'address')::integer])
            || jsonb_build_object('refusal', null, 'caller', null);
    end if;
    select k.* into v_key from public.apikeys_key as k where k.hash = p_hash;
    select m.role into v_role
    from public.organizations_membership as m
    join public.accounts_user as u on u.id = m.user_id and u.is_active
    where m.organization_id = v_key.organization_id and m.user_id = v_key.made_by;
    v_refusal := case
        when v_role is null then 'invalid_key'
        when v_key.revoked_at is not null then 'revoked_key'
        when v_key.expires_at <= v_now then 'expired_key'
        when cardinality(v_key.networks) > 0 and not exists (
            select from unnest(v_key.networks) as n where v_address <<= n::cidr
        ) then 'address_not_allowed'
    end;
    if v_refusal is not null then
        return public.apikeys_take_v1(array['bad-key/' || v_place], array[(p_quotas ->> 'bad-key')::integer])
            || jsonb_build_object('refusal', v_refusal, 'caller', null);
    end if;
    v_taken := public.apikeys_take_v1(
        array['key/' || v_key.id, 'organization/' || v_key.organization_id, 'address/' || v_place],
        array[
            (p_quotas ->> 'key')::integer, (p_quotas ->> 'organization')::integer,
            (p_quotas ->> 'address')::integer
        ]
    );
    if v_key.last_used_at is null or v_key.last_used_at < v_now - interval '1 minute' then
        -- Whoever finds the row held leaves it be: another request is writing the same.
        update public.apikeys_key as k set last_used_at = v_now
        where (k.organization_id, k.id) in (
            select x.organization_id, x.id from public.apikeys_key as x
            where x.organization_id = v_key.organization_id and x.id = v_key.id
            for no key update skip locked
        );
    end if;
    return v_taken || jsonb_build_object('refusal', null, 'caller', jsonb_build_object(
        'organization', v_key.organization_id, 'user', v_key.made_by, 'role', v_role, 'id', v_key.id,
        'name', v_key.name, 'shown', v_key.shown, 'scopes', v_key.scopes, 'version', v_key.version,
        'expires_at', v_key.expires_at
    ));
end
$$;

revoke execute on function
    public.apikeys_take_v1(text[], integer[]),
    public.apikeys_enter_v1(text, text, jsonb)
from public;
grant execute on function public.apikeys_enter_v1(text, text, jsonb) to packshot_web;
