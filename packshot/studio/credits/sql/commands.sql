-- Reading commands: JSON in, typed rows out, and what is wrong with each. Nothing here raises for one bad
-- command, because its neighbours in the same call are other people's.

create type public.credits_parsed as (
    ord integer,        -- its place in the call, from 1
    kind text,
    organization uuid,  -- null where there is no such wallet
    wallet uuid,
    key text,           -- null where it cannot be remembered
    actor uuid,
    hold uuid,
    lot uuid,
    amount bigint,
    holds uuid[],       -- of a reserve
    amounts bigint[],
    body jsonb,
    hash bytea,
    problem text        -- why it is refused unread
);

create function public.credits_json_uuid(p jsonb, p_field text) returns uuid
language sql stable parallel safe
as $$ select case when pg_input_is_valid(p ->> p_field, 'uuid') then (p ->> p_field)::uuid end $$;

create function public.credits_json_time(p jsonb, p_field text) returns timestamptz
language sql stable parallel safe
as $$ select case when pg_input_is_valid(p ->> p_field, 'timestamptz') then (p ->> p_field)::timestamptz end $$;

-- A whole number of at most 16 digits, which is more than any amount may have; null for everything else.
create function public.credits_json_int(p jsonb, p_field text) returns bigint
language sql immutable parallel safe
as $$
    select case when jsonb_typeof(p -> p_field) = 'number' and p ->> p_field ~ '^-?[0-9]{1,16}$'
        then (p ->> p_field)::bigint end
$$;

-- What each kind may say beside "kind", "wallet", "key" and "actor"; null for an unknown kind.
create function public.credits_fields(p_kind text) returns text[]
language sql immutable parallel safe
as $$
    select case p_kind
        when 'reserve' then '{kind,wallet,key,actor,holds,partial,expires_in,ref}'::text[]
        when 'finalize' then '{kind,wallet,key,actor,hold,amount,policy,limit}'
        when 'release' then '{kind,wallet,key,actor,hold}'
        when 'refund' then '{kind,wallet,key,actor,hold,amount,note}'
        when 'grant' then '{kind,wallet,key,actor,amount,source,priority,effective_at,expires_at,ref,note}'
        when 'topup' then '{kind,wallet,key,actor,amount,priority,expires_at,ref,note}'
        when 'monthly_reset' then '{kind,wallet,key,actor,amount,anchor,ref,note}'
        when 'adjust' then '{kind,wallet,key,actor,amount,note}'
        when 'expire' then '{kind,wallet,key,actor,lot,note}'
        when 'freeze' then '{kind,wallet,key,actor,lot,note}'
        when 'unfreeze' then '{kind,wallet,key,actor,lot,note}'
        when 'claw' then '{kind,wallet,key,actor,lot,amount,note}'
    end
$$;

-- What is wrong with a well-formed object of a known kind, as far as it can be told without the wallet.
create function public.credits_problem(p jsonb) returns text
language plpgsql stable parallel safe set search_path = ''
as $$
declare
    v_kind text := p ->> 'kind';
    v_amount bigint := public.credits_json_int(p, 'amount');
    v_most constant bigint := 9007199254740992;
    v_hold jsonb;
    v_sum bigint := 0;
    v_limit bigint;
begin
    if p - public.credits_fields(v_kind) <> '{}' then
        return format('A %s does not know these fields: %s.', v_kind, (
            select string_agg(f, ', ' order by f)
            from jsonb_object_keys(p - public.credits_fields(v_kind)) as f
        ));
    end if;
    if p ? 'actor' and p -> 'actor' <> 'null' and public.credits_json_uuid(p, 'actor') is null then
        return 'The actor must be a UUID or null.';
    end if;
    if p ? 'note' and jsonb_typeof(p -> 'note') <> 'object' then
        return 'The note must be an object.';
    end if;
    if v_kind = 'reserve' then
        if jsonb_typeof(p -> 'partial') is distinct from 'boolean' then
            return 'A reserve says whether it may be granted in part: "partial" is true or false.';
        elsif public.credits_json_int(p, 'expires_in') is null
            or public.credits_json_int(p, 'expires_in') not between 1 and 31536000 then
            return 'A reserve says in how many seconds it runs out: "expires_in", from 1 to 31536000.';
        elsif p ? 'ref' and jsonb_typeof(p -> 'ref') not in ('object', 'null') then
            return 'The ref of a reserve must be an object.';
        elsif jsonb_typeof(p -> 'holds') is distinct from 'array' then
            return 'A reserve names its holds in an array.';
        elsif jsonb_array_length(p -> 'holds') not between 1 and 1000 then
            return 'A reserve names from 1 to 1000 holds.';
        end if;
        for i in 0 .. jsonb_array_length(p -> 'holds') - 1 loop
            v_hold := p -> 'holds' -> i;
            v_amount := public.credits_json_int(v_hold, 'amount');
            if public.credits_json_uuid(v_hold, 'id') is null or v_amount is null
                or v_amount not between 1 and v_most or v_hold - '{id,amount}'::text[] <> '{}' then
                return 'A hold is {"id": a UUID, "amount": 1 to 2^53 micro-credits}.';
            end if;
            v_sum := v_sum + v_amount;
        end loop;
        if v_sum > v_most then
            return 'The holds together are more than 2^53 micro-credits.';
        end if;
        if jsonb_array_length(p -> 'holds') > 1 and (
            select count(distinct h ->> 'id') from jsonb_array_elements(p -> 'holds') as h
        ) <> jsonb_array_length(p -> 'holds') then
            return 'A reserve names each hold once.';
        end if;
        return null;
    end if;
    if v_kind in ('finalize', 'release', 'refund') then
        if public.credits_json_uuid(p, 'hold') is null then
            return format('A %s names its hold by a UUID.', v_kind);
        end if;
    elsif v_kind in ('expire', 'freeze', 'unfreeze', 'claw') and public.credits_json_uuid(p, 'lot') is null then
        return format('A %s names its lot by a UUID.', v_kind);
    end if;
    if v_kind = 'finalize' then
        v_limit := public.credits_json_int(p, 'limit');
        if v_amount is null or v_amount not between 0 and v_most then
            return 'The amount must be a whole number of micro-credits, from 0 to 2^53.';
        elsif coalesce(p ->> 'policy' not in ('cap', 'draw', 'debt'), true) then
            return 'A finalize says what happens above its hold: "policy" is cap, draw or debt.';
        elsif p ? 'limit' and (v_limit is null or v_limit not between 0 and v_most or p ->> 'policy' <> 'debt') then
            return 'A limit is a whole number of micro-credits from 0 to 2^53, and belongs to the policy debt.';
        end if;
    elsif v_kind in ('refund', 'grant', 'topup', 'claw') and (v_amount is null or v_amount not between 1 and v_most)
    then
        return 'The amount must be a whole number of micro-credits, from 1 to 2^53.';
    elsif v_kind = 'monthly_reset' and (v_amount is null or v_amount not between 0 and v_most) then
        return 'The allowance must be a whole number of micro-credits, from 0 to 2^53.';
    elsif v_kind = 'adjust' and (v_amount is null or v_amount = 0 or v_amount not between -v_most and v_most) then
        return 'The amount must be a whole number of micro-credits, up or down by at most 2^53, and not 0.';
    end if;
    if v_kind in ('grant', 'topup', 'monthly_reset') then
        if coalesce(length(p ->> 'ref') not between 1 and 200, v_kind <> 'monthly_reset')
            or p ? 'ref' and jsonb_typeof(p -> 'ref') <> 'string' then
            return format('A %s names what it is for in "ref", 1 to 200 characters, so that it happens once.', v_kind);
        elsif v_kind = 'grant' and coalesce(p ->> 'source' not in ('promotional', 'purchased'), true) then
            return 'The source of a grant is promotional or purchased.';
        elsif p ? 'priority' and (
            public.credits_json_int(p, 'priority') is null or public.credits_json_int(p, 'priority') not between 0 and 100
        ) then
            return 'The priority is a whole number from 0, burnt first, to 100.';
        end if;
        if exists (
            select from unnest('{effective_at,expires_at,anchor}'::text[]) as f
            where p ? f and p -> f <> 'null'
              and not (public.credits_json_time(p, f) between '1970-01-01' and '9999-01-01') is true
        ) then
            return 'A time is an ISO 8601 timestamp.';
        end if;
    end if;
    return null;
end
$$;

-- The commands of a call as typed rows. The wallet of a command on a hold is the hold's, be it stored or
-- reserved earlier in the same call.
create function public.credits_parse(p_commands jsonb, p_staff boolean) returns setof public.credits_parsed
language sql stable
as $$
    with read as (
        select
            c.ord::integer as ord,
            c.body,
            c.body ->> 'kind' as kind,
            public.credits_json_uuid(c.body, 'wallet') as wallet,
            case when jsonb_typeof(c.body -> 'key') = 'string' and length(c.body ->> 'key') between 1 and 200
                then c.body ->> 'key' end as key,
            public.credits_json_uuid(c.body, 'hold') as hold,
            case
                when jsonb_typeof(c.body) <> 'object' then 'A command is an object.'
                when public.credits_fields(c.body ->> 'kind') is null then 'There is no such kind of command.'
                when c.body ->> 'kind' in ('adjust', 'expire') and not p_staff then 'Only staff may do this.'
                else public.credits_problem(c.body)
            end as problem
        from jsonb_array_elements(p_commands) with ordinality as c (body, ord)
    ),
    reserved as (
        select r.ord, r.wallet, array_agg((h ->> 'id')::uuid order by n) as holds,
            array_agg((h ->> 'amount')::bigint order by n) as amounts
        from read as r
        cross join lateral jsonb_array_elements(r.body -> 'holds') with ordinality as e (h, n)
        where r.kind = 'reserve' and r.problem is null
        group by r.ord, r.wallet
    )
    select
        r.ord, r.kind, w.organization_id, t.wallet, r.key,
        public.credits_json_uuid(r.body, 'actor'), r.hold, public.credits_json_uuid(r.body, 'lot'),
        public.credits_json_int(r.body, 'amount'), e.holds, e.amounts, r.body,
        substring(sha256(convert_to(r.body::text, 'UTF8')) for 16),
        case when r.problem is null and r.key is null then 'A command carries a key of 1 to 200 characters.'
            else r.problem end
    from read as r
    left join reserved as e on e.ord = r.ord
    cross join lateral (
        select coalesce(
            r.wallet,
            (select h.wallet_id from public.credits_hold as h where h.id = r.hold limit 1),
            (select x.wallet from reserved as x where r.hold = any(x.holds) and x.ord < r.ord limit 1)
        )
    ) as t (wallet)
    left join public.credits_wallet as w on w.id = t.wallet
$$;
