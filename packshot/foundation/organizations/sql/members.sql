-- The members' own commands: roles, removing, leaving, handing ownership over, renaming.

-- Hold the organization, and what a person is in it, which is returned.
create or replace function public.organizations_hold_member_v1(p_user uuid, p_role text) returns text
language plpgsql volatile security definer set search_path = ''
as $$
declare
    v_organization uuid := app.hold_organization(p_role);
    v_role text;
begin
    select m.role into v_role from public.organizations_membership as m
    where m.organization_id = v_organization and m.user_id = p_user;
    if v_role is null then
        raise exception 'There is no such person here.' using errcode = 'PX404';
    elsif v_role = 'owner' and app.role() <> 'owner' then
        raise exception 'Only owners can change what an owner is.' using errcode = 'PX403';
    end if;
    return v_role;
end
$$;

-- Somebody else is an owner, or an error. The caller holds the organization.
create or replace function public.organizations_require_other_owner_v1(p_organization uuid, p_user uuid) returns void
language plpgsql stable security definer set search_path = ''
as $$
begin
    if not exists (
        select from public.organizations_membership as m
        where m.organization_id = p_organization and m.role = 'owner' and m.user_id <> p_user
    ) then
        raise exception 'A workspace has at least one owner. Make somebody else an owner first.'
            using errcode = 'PX409';
    end if;
end
$$;

-- Give a member another role; the one before is returned. Only owners make owners, and no owner is ever the last to go.
create or replace function public.organizations_role_v1(p_user uuid, p_role text) returns text
language plpgsql security definer set search_path = ''
as $$
declare
    v_organization uuid := app.require_organization();
    v_before text := public.organizations_hold_member_v1(p_user, 'admin');
begin
    if p_role is null or p_role not in ('owner', 'admin', 'member') then
        raise exception 'There is no such role.' using errcode = 'PX422';
    elsif p_role = v_before then
        return v_before;
    elsif p_role = 'owner' then
        perform app.require_role('owner');
    elsif v_before = 'owner' then
        perform public.organizations_require_other_owner_v1(v_organization, p_user);
    end if;
    update public.organizations_membership as m set role = p_role
    where m.organization_id = v_organization and m.user_id = p_user;
    perform public.audit_record_v1(
        v_organization, app.user_id(), 'member.role', app.address_of(p_user),
        jsonb_build_object('user', p_user, 'from', v_before, 'to', p_role));
    perform app.notify(v_organization, 'member', p_user);
    return v_before;
end
$$;

-- Hand ownership over: the other person becomes an owner, the acting one an admin, in one step.
create or replace function public.organizations_transfer_v1(p_user uuid) returns void
language plpgsql security definer set search_path = ''
as $$
declare
    v_organization uuid := app.require_organization();
    v_before text := public.organizations_hold_member_v1(p_user, 'owner');
begin
    if p_user = app.user_id() then
        raise exception 'You are an owner already. Choose somebody else.' using errcode = 'PX422';
    end if;
    update public.organizations_membership as m
    set role = case when m.user_id = p_user then 'owner' else 'admin' end
    where m.organization_id = v_organization and m.user_id in (p_user, app.user_id());
    perform public.audit_record_v1(
        v_organization, app.user_id(), 'organization.transferred', app.address_of(p_user),
        jsonb_build_object('user', p_user, 'from', v_before));
    perform public.letters_post_v1(
        v_organization, 'transferred:' || app.uuid7(), 'organizations.transferred',
        jsonb_build_object('from', app.address_of(app.user_id()), 'to', app.address_of(p_user), 'to_id', p_user),
        array[app.user_id(), p_user]);
    perform app.notify(v_organization, 'member', p_user);
end
$$;

-- End a membership: somebody else's, or with the own id leave. What it was is returned.
create or replace function public.organizations_remove_v1(p_user uuid) returns text
language plpgsql security definer set search_path = ''
as $$
declare
    v_organization uuid := app.require_organization();
    v_leaves boolean := p_user = app.user_id();
    v_before text := public.organizations_hold_member_v1(p_user, case when v_leaves then 'member' else 'admin' end);
begin
    if v_before = 'owner' then
        perform public.organizations_require_other_owner_v1(v_organization, p_user);
    end if;
    -- Before the membership goes, which the claims of this transaction are checked against.
    perform public.audit_record_v1(
        v_organization, app.user_id(), case when v_leaves then 'member.left' else 'member.removed' end,
        app.address_of(p_user), jsonb_build_object('user', p_user, 'role', v_before));
    if not v_leaves then
        perform public.letters_post_v1(
            v_organization, 'removed:' || app.uuid7(), 'organizations.removed', '{}', array[p_user]);
    end if;
    perform app.notify(v_organization, 'member', p_user);
    delete from public.organizations_membership as m
    where m.organization_id = v_organization and m.user_id = p_user;
    return v_before;
end
$$;

-- Give the organization another name; the one before is returned.
create or replace function public.organizations_rename_v1(p_name text) returns text
language plpgsql security definer set search_path = ''
as $$
declare
    v_organization uuid := app.hold_organization('admin');
    v_name text := btrim(regexp_replace(coalesce(p_name, ''), '[[:cntrl:][:space:]]+', ' ', 'g'));
    v_before text;
begin
    if length(v_name) not between 1 and 80 then
        raise exception 'A name has 1 to 80 characters.' using errcode = 'PX422';
    elsif v_name ~* '(://|www\.)' then
        -- It stands in mails to strangers.
        raise exception 'A name holds no web address.' using errcode = 'PX422';
    end if;
    select o.name into v_before from public.organizations_organization as o where o.id = v_organization;
    if v_before <> v_name then
        update public.organizations_organization as o set name = v_name where o.id = v_organization;
        perform public.audit_record_v1(
            v_organization, app.user_id(), 'organization.renamed', v_name,
            jsonb_build_object('from', v_before, 'to', v_name));
    end if;
    return v_before;
end
$$;

-- The members of the acting organization with when they came, as its members page lists them.
create or replace function public.organizations_roster_v1()
returns table (user_id uuid, name text, email text, role text, joined_at timestamptz)
language sql stable security definer set search_path = ''
as $$
    select m.user_id, u.name::text, u.email::text, m.role::text, m.created_at
    from public.organizations_membership as m
    join public.accounts_user as u on u.id = m.user_id
    where m.organization_id = app.organization_id()
    order by array_position(array['owner', 'admin', 'member'], m.role::text), m.created_at, m.user_id
$$;

revoke execute on function
    public.organizations_hold_member_v1(uuid, text),
    public.organizations_require_other_owner_v1(uuid, uuid),
    public.organizations_role_v1(uuid, text),
    public.organizations_transfer_v1(uuid),
    public.organizations_remove_v1(uuid),
    public.organizations_rename_v1(text),
    public.organizations_roster_v1()
from public;
grant execute on function
    public.organizations_role_v1(uuid, text),
    public.organizations_transfer_v1(uuid),
    public.organizations_remove_v1(uuid),
    public.organizations_rename_v1(text),
    public.organizations_roster_v1()
to packshot_member;
