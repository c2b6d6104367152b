-- In whose name the second person acted, if with a lent role: what is done in somebody's name counts as theirs.
ALTER TABLE payout_settlement ADD COLUMN approver_for_id UUID CONSTRAINT payout_settlement_approver_for_fkey REFERENCES staff (id)
    CONSTRAINT payout_settlement_acting_check CHECK (approver_for_id IS NULL OR approver_for_id <> author_id);
ALTER TABLE payee ADD COLUMN account_confirmed_for UUID CONSTRAINT payee_confirmed_for_fkey REFERENCES staff (id)
    CONSTRAINT payee_acting_check CHECK (account_confirmed_for IS NULL
        OR (account_confirmed_by IS NOT NULL AND account_confirmed_for <> account_changed_by));
ALTER TABLE payout ADD COLUMN confirmer_for_id UUID CONSTRAINT payout_confirmer_for_fkey REFERENCES staff (id)
    CONSTRAINT payout_acting_check CHECK (confirmer_for_id IS NULL OR payer_id IS NULL OR confirmer_for_id <> payer_id);

-- A line of the bank names a payment by the bank's number.
CREATE INDEX payout_reference_idx ON payout (bank_reference) WHERE bank_reference IS NOT NULL;

-- Why a paper is no second one for the same payment, where another of the campaign pays the same person as much for the same purpose.
ALTER TABLE disbursement ADD COLUMN repeat_reason TEXT;

-- What a posted voucher charged to a budget line: a share of management or fundraising cost that the plan lets the campaign carry (facts:
-- charity 6.2, entries 14, 15). Negative where it is taken back. The line's used holds it too; a voucher posted before this table has no row.
CREATE TABLE voucher_charge (
    voucher_id UUID NOT NULL,
    campaign_id UUID NOT NULL,
    line_code TEXT NOT NULL,
    amount_fen BIGINT NOT NULL,
    CONSTRAINT voucher_charge_pkey PRIMARY KEY (voucher_id, campaign_id, line_code),
    CONSTRAINT voucher_charge_voucher_fkey FOREIGN KEY (voucher_id) REFERENCES manual_voucher (id),
    CONSTRAINT voucher_charge_line_fkey FOREIGN KEY (campaign_id, line_code) REFERENCES budget_line (campaign_id, code),
    CONSTRAINT voucher_charge_amount_check CHECK (amount_fen <> 0)
) /*strict*/;

CREATE INDEX voucher_charge_line_idx ON voucher_charge (campaign_id, line_code);
