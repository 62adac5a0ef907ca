-- What an operator does on the command line, through the owner's login, which no page can become.

-- Give an organization credits that never expire; the answer is the ledger's. The same key gives them once.
create or replace function public.credits_operator_grant_v1(p_organization uuid, p_key text, p_amount bigint, p_reason text)
returns jsonb
language plpgsql volatile set search_path = ''
as $$
declare
    v_answer jsonb;
    v_known boolean;
begin
    perform from public.credits_wallet as w where w.id = p_organization for no key update;
    v_known := exists (
        select from public.credits_command as c
        where c.organization_id = p_organization and c.wallet_id = p_organization and c.key = p_key
    );
    v_answer := public.credits_apply_v1(jsonb_build_array(jsonb_build_object(
        'kind', 'grant', 'wallet', p_organization, 'key', p_key, 'actor', null, 'amount', p_amount,
        'source', 'promotional', 'ref', p_key, 'note', jsonb_build_object('reason', p_reason)
    ))) -> 0;
    if (v_answer ->> 'ok')::boolean and not v_known then
        perform public.audit_record_v1(
            p_organization, null, 'credits.granted', v_answer ->> 'lot',
            jsonb_build_object('amount', p_amount, 'reason', p_reason)
        );
    end if;
    return v_answer;
end
$$;

revoke execute on function public.credits_operator_grant_v1(uuid, text, bigint, text) from public;
