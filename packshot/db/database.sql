-- What a fresh database needs before the first migration; run by the superuser inside that database.
revoke all on schema public from public;
grant all on schema public to packshot_owner;
grant usage on schema public to packshot_web, packshot_worker, packshot_staff, packshot_member;
create schema if not exists app authorization packshot_owner;
grant usage on schema app to packshot_web, packshot_worker, packshot_staff, packshot_member;
create schema if not exists pgq authorization packshot_owner;

-- A function is nobody's until it is granted.
alter default privileges for role packshot_owner revoke execute on functions from public;
