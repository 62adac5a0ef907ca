-- The logins and roles of an installation; run by a superuser (or a role with CREATEROLE), again and again.
--
--   packshot_owner   owns tables and functions, migrates, serves nothing
--   packshot_web     the pages' login: identity tables, and becoming a member
--   packshot_worker  the workers' login: the queue, and becoming a member
--   packshot_staff   the admin's own login, which web can never become
--   packshot_member  what a request is while it acts for a person: row-level security decides
--
-- NOINHERIT: a login has nothing of a role that it has not entered.
do $$
declare
    v_role text;
begin
    foreach v_role in array array['packshot_owner', 'packshot_web', 'packshot_worker', 'packshot_staff'] loop
        if not exists (select from pg_catalog.pg_roles where rolname = v_role) then
            execute format('create role %I login noinherit nosuperuser nocreatedb nocreaterole', v_role);
        end if;
    end loop;
    if not exists (select from pg_catalog.pg_roles where rolname = 'packshot_member') then
        create role packshot_member nologin nosuperuser nocreatedb nocreaterole;
    end if;
end
$$;

grant packshot_member to packshot_web with inherit false, set true;
grant packshot_member to packshot_worker with inherit false, set true;

-- An administrator who is no superuser must be able to act for the owner it has just made.
do $$
begin
    if not (select rolsuper from pg_catalog.pg_roles where rolname = current_user) then
        execute format('grant packshot_owner to %I', current_user);
    end if;
end
$$;
