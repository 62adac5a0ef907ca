-- The end of an organization: its rules go. The ledger stays, and with it what each member used in a month,
-- which `packshot ledger verify` counts again; neither has a word in it. True once nothing is left.
create or replace function public.credits_end_organization_v1(p_organization uuid) returns boolean
language plpgsql security definer set search_path = ''
as $$
begin
    delete from public.credits_watch as w where w.organization_id = p_organization;
    delete from public.credits_topuptry as t where t.organization_id = p_organization;
    delete from public.credits_topuprule as r where r.organization_id = p_organization;
    delete from public.credits_membercap as c where c.organization_id = p_organization;
    return true;
end
$$;

revoke execute on function public.credits_end_organization_v1(uuid) from public;
grant execute on function public.credits_end_organization_v1(uuid) to packshot_worker;
