-- The rules' small parts: decisions that need no state.

-- The k-th period's start: always from the original anchor, so that the 31st comes back after February.
create or replace function public.credits_boundary(p_anchor timestamptz, p_period integer) returns timestamptz
language sql immutable parallel safe
as $$ select (p_anchor at time zone 'UTC' + make_interval(months => p_period)) at time zone 'UTC' $$;

-- The period that a moment lies in: the last one that has started.
create or replace function public.credits_period(p_anchor timestamptz, p_at timestamptz) returns integer
language sql immutable parallel safe
as $$
    select k - (public.credits_boundary(p_anchor, k) > p_at)::integer
    from (
        select 12 * (extract(year from p_at at time zone 'UTC') - extract(year from p_anchor at time zone 'UTC'))::integer
            + (extract(month from p_at at time zone 'UTC') - extract(month from p_anchor at time zone 'UTC'))::integer as k
    ) as months
$$;

-- Whether lot a burns before lot b: priority, what runs out first, what was bought last, age, id.
-- The same order as in `order by` of credits_load.
create or replace function public.credits_burns_before(a public.credits_lot, b public.credits_lot) returns boolean
language sql immutable parallel safe
as $$
    select (a.priority, coalesce(a.expires_at, 'infinity'), a.source = 'purchased', a.effective_at, a.id)
         < (b.priority, coalesce(b.expires_at, 'infinity'), b.source = 'purchased', b.effective_at, b.id)
$$;

-- What becomes debt of the part of a charge that no lot covers. What an expired hold had promised is owed in
-- any case; what lies above a hold only by the policy, up to a limit of the wallet's whole debt.
create or replace function public.credits_owed(
    p_uncovered bigint, p_drawn bigint, p_hold public.credits_hold, p_debt bigint, p_policy text, p_limit bigint
) returns bigint
language sql immutable parallel safe
as $$
    select promised + case
        when p_policy <> 'debt' then 0
        when p_limit is null then p_uncovered - promised
        else least(p_uncovered - promised, greatest(p_limit - p_debt - promised, 0))
    end
    from (
        select case when p_hold.state = 'expired'
            then least(p_uncovered, greatest(p_hold.amount - p_drawn, 0)) else 0 end as promised
    ) as p
$$;

-- The lot that a command (or a reset, which has no body) opens.
create or replace function public.credits_new_lot(
    p_step public.credits_step, p_wallet public.credits_wallet, p_amount bigint, p_at timestamptz
) returns public.credits_lot
language sql volatile
as $$
    select row(
        p_wallet.organization_id, app.uuid7(), p_wallet.id,
        case p_step.kind
            when 'grant' then p_step.body ->> 'source'
            when 'topup' then 'purchased'
            when 'adjust' then 'adjustment'
            when 'refund' then 'refund'
            else 'included'
        end,
        coalesce(public.credits_json_int(p_step.body, 'priority'), 50),
        coalesce(
            public.credits_json_time(p_step.body, 'effective_at'),
            case when p_step.kind in ('reset', 'monthly_reset', 'terms')
                then public.credits_boundary(p_wallet.anchor, p_wallet.period) end,
            p_at
        ),
        case when p_step.kind in ('reset', 'monthly_reset', 'terms')
            then public.credits_boundary(p_wallet.anchor, p_wallet.period + 1)
            else public.credits_json_time(p_step.body, 'expires_at') end,
        p_amount, 0, 0, 0, 0, null, false,
        coalesce(
            case when p_step.kind in ('grant', 'topup', 'monthly_reset') then p_step.body ->> 'ref' end,
            case when p_step.kind in ('reset', 'monthly_reset', 'terms') then 'allowance:' || to_char(
                public.credits_boundary(p_wallet.anchor, p_wallet.period) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS'
            ) end
        )
    )::public.credits_lot
$$;
