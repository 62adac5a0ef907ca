-- Reading commands: JSON in, typed rows out, and what is wrong with each. Nothing here raises for one bad
-- command, because its neighbours in the same call are other people's.

create or replace function public.credits_json_uuid(p jsonb, p_field text) returns uuid
language sql stable parallel safe
as $$ select case when pg_input_is_valid(p ->> p_field, 'uuid') then (p ->> p_field)::uuid end $$;

create or replace function public.credits_json_time(p jsonb, p_field text) returns timestamptz
language sql stable parallel safe
as $$ select case when pg_input_is_valid(p ->> p_field, 'timestamptz') then (p ->> p_field)::timestamptz end $$;

-- A whole number of at most 16 digits, which is more than any amount may have; null for everything else.
create or replace function public.credits_json_int(p jsonb, p_field text) returns bigint
language sql immutable parallel safe
as $$
    select case when jsonb_typeof(p -> p_field) = 'number' and p ->> p_field ~ '^-?[0-9]{1,16}$'
        then (p ->> p_field)::bigint end
$$;

-- What each kind may say beside "kind", "wallet", "key" and "actor"; null for an unknown kind.
create or replace function public.credits_fields(p_kind text) returns text[]
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
        when 'terms' then '{kind,wallet,key,actor,amount,anchor,until,kept,note}'
        when 'adjust' then '{kind,wallet,key,actor,amount,note}'
        when 'expire' then '{kind,wallet,key,actor,lot,note}'
        when 'freeze' then '{kind,wallet,key,actor,lot,note}'
        when 'unfreeze' then '{kind,wallet,key,actor,lot,note}'
        when 'claw' then '{kind,wallet,key,actor,lot,amount,note}'
        when 'reopen' then '{kind,wallet,key,actor,lot,expires_at,note}'
    end
$$;

-- Whether the amount is a whole number from the least to 2^53.
create or replace function public.credits_json_amount(p jsonb, p_least bigint) returns boolean
language sql immutable parallel safe
as $$ select coalesce(public.credits_json_int(p, 'amount') between p_least and 9007199254740992, false) $$;

-- What is wrong with the holds of a reserve.
create or replace function public.credits_holds_problem(p_holds jsonb) returns text
language plpgsql immutable parallel safe set search_path = ''
as $$
declare
    v_hold jsonb;
    v_sum bigint := 0;
    v_ids text[] := '{}';
begin
    if jsonb_typeof(p_holds) is distinct from 'array' or jsonb_array_length(p_holds) not between 1 and 1000 then
        return 'A reserve names from 1 to 1000 holds in an array.';
    end if;
    for i in 0 .. jsonb_array_length(p_holds) - 1 loop
        v_hold := p_holds -> i;
        if public.credits_json_uuid(v_hold, 'id') is null or not public.credits_json_amount(v_hold, 1)
            or v_hold - '{id,amount}'::text[] <> '{}' then
            return 'A hold is {"id": a UUID, "amount": 1 to 2^53 micro-credits}.';
        elsif lower(v_hold ->> 'id') = any(v_ids) then
            return 'A reserve names each hold once.';
        end if;
        v_ids := v_ids || lower(v_hold ->> 'id');
        v_sum := v_sum + (v_hold ->> 'amount')::bigint;
    end loop;
    return case when v_sum > 9007199254740992 then 'The holds together are more than 2^53 micro-credits.' end;
end
$$;

-- What is wrong with a grant's own fields.
create or replace function public.credits_grant_problem(p jsonb, p_kind text) returns text
language sql stable parallel safe
as $$
    select case
        when coalesce(length(p ->> 'ref') not between 1 and 200, p_kind not in ('monthly_reset', 'terms'))
            or p ? 'ref' and jsonb_typeof(p -> 'ref') <> 'string'
            then format('A %s names what it is for in "ref", 1 to 200 characters, so that it happens once.', p_kind)
        when p_kind = 'grant' and coalesce(p ->> 'source' not in ('included', 'promotional', 'purchased'), true)
            then 'The source of a grant is included, promotional or purchased.'
        when p_kind = 'grant' and p ->> 'source' = 'included' and public.credits_json_time(p, 'expires_at') is null
            then 'What a period includes runs out.'
        when p ? 'priority' and coalesce(public.credits_json_int(p, 'priority') not between 0 and 100, true)
            then 'The priority is a whole number from 0, burnt first, to 100.'
        when exists (
            select from unnest('{effective_at,expires_at,anchor,until,kept}'::text[]) as f
            where p ? f and p -> f <> 'null'
              and not (public.credits_json_time(p, f) between '1970-01-01' and '9999-01-01') is true
        ) then 'A time is an ISO 8601 timestamp.'
    end
$$;

-- What is wrong with a well-formed object of a known kind, as far as it can be told without the wallet. One
-- expression, so that it is evaluated within the statement that reads the commands.
create or replace function public.credits_problem(p jsonb, p_kind text) returns text
language sql stable parallel safe
as $$
    select case
        when p - public.credits_fields(p_kind) <> '{}'
            then format('A %s does not know these fields: %s.', p_kind, p - public.credits_fields(p_kind))
        when p ? 'actor' and p -> 'actor' <> 'null' and public.credits_json_uuid(p, 'actor') is null
            then 'The actor must be a UUID or null.'
        when p ? 'note' and jsonb_typeof(p -> 'note') <> 'object' then 'The note must be an object.'
        when p_kind = 'reserve' then case
            when jsonb_typeof(p -> 'partial') is distinct from 'boolean'
                then 'A reserve says whether it may be granted in part: "partial" is true or false.'
            when coalesce(public.credits_json_int(p, 'expires_in') not between 1 and 31536000, true)
                then 'A reserve says in how many seconds it runs out: "expires_in", from 1 to 31536000.'
            when p ? 'ref' and jsonb_typeof(p -> 'ref') not in ('object', 'null')
                then 'The ref of a reserve must be an object.'
            else public.credits_holds_problem(p -> 'holds')
        end
        when p_kind in ('finalize', 'release', 'refund') and public.credits_json_uuid(p, 'hold') is null
            then format('A %s names its hold by a UUID.', p_kind)
        when p_kind in ('expire', 'freeze', 'unfreeze', 'claw', 'reopen') and public.credits_json_uuid(p, 'lot') is null
            then format('A %s names its lot by a UUID.', p_kind)
        when p_kind = 'finalize' then case
            when not public.credits_json_amount(p, 0)
                then 'The amount must be a whole number of micro-credits, from 0 to 2^53.'
            when coalesce(p ->> 'policy' not in ('cap', 'draw', 'debt'), true)
                then 'A finalize says what happens above its hold: "policy" is cap, draw or debt.'
            when p ? 'limit' and (
                coalesce(public.credits_json_int(p, 'limit') not between 0 and 9007199254740992, true)
                or p ->> 'policy' <> 'debt'
            ) then 'A limit is a whole number of micro-credits from 0 to 2^53, and belongs to the policy debt.'
        end
        when p_kind in ('refund', 'grant', 'topup', 'claw') and not public.credits_json_amount(p, 1)
            then 'The amount must be a whole number of micro-credits, from 1 to 2^53.'
        when p_kind = 'reopen' and public.credits_json_time(p, 'expires_at') is null then 'What is reopened runs out.'
        when p_kind = 'terms' and public.credits_json_time(p, 'anchor') is null then 'Terms say from when months are counted.'
        when p_kind in ('monthly_reset', 'terms') and not public.credits_json_amount(p, 0)
            then 'The allowance must be a whole number of micro-credits, from 0 to 2^53.'
        when p_kind = 'adjust' and (
            not public.credits_json_amount(p, -9007199254740992) or public.credits_json_int(p, 'amount') = 0
        ) then 'The amount must be a whole number of micro-credits, up or down by at most 2^53, and not 0.'
        when p_kind in ('grant', 'topup', 'monthly_reset', 'terms') then public.credits_grant_problem(p, p_kind)
    end
$$;

-- The commands of a call as typed rows. The wallet of a command on a hold is the hold's, be it stored or
-- reserved earlier in the same call.
create or replace function public.credits_parse(p_commands jsonb, p_staff boolean) returns setof public.credits_parsed
language sql stable
as $$
    with read as materialized (
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
                else public.credits_problem(c.body, c.body ->> 'kind')
            end as problem
        from jsonb_array_elements(p_commands) with ordinality as c (body, ord)
    ),
    filled as materialized (
        select
            r.*,
            case when r.kind = 'reserve' and r.problem is null then array(
                select (h ->> 'id')::uuid from jsonb_array_elements(r.body -> 'holds') with ordinality as e (h, n)
                order by n
            ) end as holds,
            case when r.kind = 'reserve' and r.problem is null then array(
                select (h ->> 'amount')::bigint from jsonb_array_elements(r.body -> 'holds') with ordinality as e (h, n)
                order by n
            ) end as amounts
        from read as r
    )
    select
        r.ord, r.kind, w.organization_id, t.wallet, r.key,
        public.credits_json_uuid(r.body, 'actor'), r.hold, public.credits_json_uuid(r.body, 'lot'),
        public.credits_json_int(r.body, 'amount'), r.holds, r.amounts, r.body,
        substring(sha256(convert_to(r.body::text, 'UTF8')) for 16),
        case when r.problem is null and r.key is null then 'A command carries a key of 1 to 200 characters.'
            else r.problem end
    from filled as r
    cross join lateral (
        select coalesce(
            r.wallet,
            (select h.wallet_id from public.credits_hold as h where h.id = r.hold limit 1),
            (select x.wallet from filled as x where r.hold = any(x.holds) and x.ord < r.ord limit 1)
        )
    ) as t (wallet)
    left join public.credits_wallet as w on w.id = t.wallet
$$;
