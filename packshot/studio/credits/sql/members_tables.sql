-- Monthly caps of members: their tables, and the counters of what was held and charged before there were any.

alter table public.credits_membercap
    add constraint credits_membercap_bounds check (cap between 0 and 9007199254740992),
    -- Who leaves the organization leaves the cap behind.
    add constraint credits_membercap_membership foreign key (organization_id, member_id)
        references public.organizations_membership (organization_id, user_id) on delete cascade;
alter table public.credits_membermonth set (
    fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000
);

-- Members are granted neither: what they may know they ask the functions for. The policies stand for the day when
-- somebody is.
alter table public.credits_membercap enable row level security;
alter table public.credits_membermonth enable row level security;
create policy member_reads on public.credits_membercap for select to packshot_member
    using (organization_id = (select app.organization_id()));
create policy member_reads on public.credits_membermonth for select to packshot_member
    using (organization_id = (select app.organization_id()));

-- Holds that were there before know by their entries who asked for them.
update public.credits_hold as h
set member_id = e.actor
from public.credits_entry as e
where e.kind = 'reserve' and e.actor is not null
    and h.id = e.hold_id and h.organization_id = e.organization_id;
insert into public.credits_membermonth (organization_id, member_id, month, used)
select h.organization_id, h.member_id, public.credits_month(h.opened_at), sum(public.credits_used(h))
from public.credits_hold as h
where h.member_id is not null
group by 1, 2, 3;
