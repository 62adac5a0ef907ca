-- The audit log: appended by a function, read by owners and admins, changed and deleted by nobody.

alter table public.audit_event
    add constraint audit_event_organization foreign key (organization_id)
        references public.organizations_organization (id),
    add constraint audit_event_action check (action ~ '^[a-z_]+\.[a-z_]+$'),
    add constraint audit_event_details check (jsonb_typeof(details) = 'object');
-- Pages walk from the newest to the oldest, as they are or of one actor or action; the key serves the first.
create index audit_event_of_actor on public.audit_event (organization_id, actor_id, id desc);
create index audit_event_of_action on public.audit_event (organization_id, action, id desc);

alter table public.audit_event enable row level security;
create policy member_reads on public.audit_event for select to packshot_member
    using (
        organization_id = (select app.organization_id())
        and (select app.role()) in ('owner', 'admin')
    );
grant select on public.audit_event to packshot_member;

create trigger append_only before update or delete on public.audit_event
    for each row execute function public.audit_refuse_rewriting();
create trigger append_only_whole before truncate on public.audit_event
    for each statement execute function public.audit_refuse_rewriting();
