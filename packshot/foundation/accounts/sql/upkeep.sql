-- Forget what has ended: sessions past their time, their lines in the list of sessions, limits that are over.
-- Called by workers from time to time; returns how many sessions went.
create or replace function public.accounts_forget_v1() returns integer
language plpgsql security definer set search_path = ''
as $$
declare
    v_gone integer;
begin
    delete from public.django_session where expire_date < now();
    get diagnostics v_gone = row_count;
    -- A session's line is written just after the session: leave the young ones alone.
    delete from public.usersessions_usersession as u
    where u.created_at < now() - interval '1 day'
      and not exists (select from public.django_session as s where s.session_key = u.session_key);
    delete from public.web_cache where expires < now();
    return v_gone;
end
$$;

grant execute on function public.accounts_forget_v1() to packshot_worker;
