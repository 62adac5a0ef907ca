-- Reading on in the log: what the statement keeps is folded from it, some entries at a time.

-- Read an organization's log on by at most so many entries; how many are left. Two that come at once wait for each
-- other at the cursor, and the second goes on where the first has stopped.
create or replace function public.statement_fold_v1(p_organization uuid, p_most integer) returns bigint
language plpgsql volatile security definer
set search_path = ''
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
declare
    v_none constant uuid := '00000000-0000-0000-0000-000000000000';
    v_from bigint;
    v_end bigint;
    v_last bigint;                              -- what this call reads up to
begin
    insert into public.statement_cursor (organization_id, seq) values (p_organization, 0) on conflict do nothing;
    select c.seq into v_from from public.statement_cursor as c where c.organization_id = p_organization for update;
    select w.seq into v_end from public.credits_wallet as w
    where w.organization_id = p_organization and w.id = p_organization;
    if v_end is null or v_end <= v_from then
        return 0;
    end if;
    v_last := least(v_end, v_from + p_most);
    with taken as materialized (
        select
            e.seq, e.kind, e.amount, (e.at at time zone 'UTC')::date as day, coalesce(h.member_id, e.actor) as member_id,
            e.hold_id, j.id as job_id, b.id as batch_id, b.board_id, b.model, b.operation
        from public.credits_entry as e
        left join public.credits_hold as h on h.id = e.hold_id and h.organization_id = e.organization_id
        left join public.generation_job as j on j.organization_id = e.organization_id and j.id = e.hold_id
        left join public.generation_batch as b on b.organization_id = j.organization_id and b.id = j.batch_id
        where e.organization_id = p_organization and e.wallet_id = p_organization
            and e.seq > v_from and e.seq <= v_last
    ),
    lines as (
        insert into public.statement_line (
            organization_id, seq, kind, member_id, job_id, batch_id, board_id, model, operation
        )
        select p_organization, t.seq, t.kind, t.member_id, t.job_id, t.batch_id, t.board_id, t.model, t.operation
        from taken as t
    ),
    dates as (
        insert into public.statement_date (organization_id, day, first_seq)
        select p_organization, t.day, min(t.seq) from taken as t group by t.day
        on conflict do nothing
    )
    insert into public.statement_day as d (organization_id, day, member_id, board_id, model, operation, spent)
    select
        p_organization, t.day, coalesce(t.member_id, v_none), coalesce(t.board_id, v_none), coalesce(t.model, ''),
        coalesce(t.operation, ''), sum(-t.amount)
    from taken as t
    where t.kind in ('debit', 'refund') and t.hold_id is not null
    group by 1, 2, 3, 4, 5, 6
    on conflict (organization_id, day, member_id, board_id, model, operation)
    do update set spent = d.spent + excluded.spent;
    update public.statement_cursor as c set seq = v_last where c.organization_id = p_organization;
    return v_end - v_last;
end
$$;

-- The same for the acting organization, before a page is shown; how many entries are left for the worker.
create or replace function public.statement_catch_up_v1() returns bigint
language sql volatile security definer set search_path = ''
as $$ select public.statement_fold_v1(app.require_organization(), 5000) $$;

-- Read on, whichever organization is behind, one step each; how many were behind. A page that is opened after long is
-- then as quick as any other; nothing depends on it.
create or replace function public.statement_tend_v1(p_organizations integer, p_most integer) returns integer
language plpgsql volatile security definer set search_path = ''
as $$
declare
    v_organization uuid;
    v_count integer := 0;
begin
    for v_organization in
        select w.organization_id
        from public.credits_wallet as w
        left join public.statement_cursor as c on c.organization_id = w.organization_id
        where w.seq > coalesce(c.seq, 0)
        order by w.organization_id
        limit p_organizations
    loop
        perform public.statement_fold_v1(v_organization, p_most);
        v_count := v_count + 1;
    end loop;
    return v_count;
end
$$;

revoke execute on function
    public.statement_fold_v1(uuid, integer), public.statement_catch_up_v1(), public.statement_tend_v1(integer, integer)
from public;
grant execute on function public.statement_catch_up_v1() to packshot_member;
grant execute on function public.statement_tend_v1(integer, integer) to packshot_worker;
