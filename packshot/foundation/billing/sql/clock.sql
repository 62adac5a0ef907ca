-- The time that money and credits go by: the database's own, moved by what somebody has advanced the mock's clock.
-- Without the mock nothing ever stands in app.clock.

create table if not exists app.clock (
    one boolean primary key default true check (one),
    ahead interval not null
);

create or replace function app.ahead() returns interval
language sql stable parallel safe security definer set search_path = ''
as $$ select coalesce((select c.ahead from app.clock as c), interval '0') $$;

-- Now. Like clock_timestamp() it goes on within a transaction.
create or replace function app.now() returns timestamptz
language sql volatile parallel safe set search_path = ''
as $$ select clock_timestamp() + app.ahead() $$;

grant execute on function app.ahead(), app.now()
to packshot_member, packshot_web, packshot_worker, packshot_staff;

-- Go on by so much, never back. The caller has seen that the mock is switched on.
create or replace function public.billing_advance_clock_v1(p_by interval) returns timestamptz
language plpgsql volatile security definer set search_path = ''
as $$
begin
    if p_by < interval '0' then
        raise exception 'Time goes forward only.' using errcode = 'PX422';
    end if;
    insert into app.clock as c (ahead) values (p_by)
    on conflict (one) do update set ahead = c.ahead + excluded.ahead;
    return app.now();
end
$$;

revoke execute on function public.billing_advance_clock_v1(interval) from public;
grant execute on function public.billing_advance_clock_v1(interval) to packshot_web, packshot_worker;
