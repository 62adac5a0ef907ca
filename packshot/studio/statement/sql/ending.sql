-- The end of an organization: what the page of credits was reckoned from goes; the ledger's entries stay. True once
-- nothing is left.
create or replace function public.statement_end_organization_v1(p_organization uuid) returns boolean
language plpgsql security definer set search_path = ''
as $$
begin
    delete from public.statement_line as l where l.organization_id = p_organization;
    delete from public.statement_day as d where d.organization_id = p_organization;
    delete from public.statement_date as d where d.organization_id = p_organization;
    delete from public.statement_cursor as c where c.organization_id = p_organization;
    return true;
end
$$;

revoke execute on function public.statement_end_organization_v1(uuid) from public;
grant execute on function public.statement_end_organization_v1(uuid) to packshot_worker;
